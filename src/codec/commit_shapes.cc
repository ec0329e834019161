#include "codec/commit_shapes.h"

#include <event_generated.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <variant>

namespace muster::codec {
namespace {

constexpr std::size_t kMostOffsets = 64;  // with more, the offsets are most of the work anyway

const domain::OffsetsCommitted& commit_of(const domain::Event& event) {
  return *std::get_if<domain::OffsetsCommitted>(&event.body);
}

}  // namespace

bool CommitShape::has_shape(const domain::Event& event) {
  const auto* commit = std::get_if<domain::OffsetsCommitted>(&event.body);
  // A time of 0 is a default, and has no place in the bytes.
  return commit != nullptr && event.time_ms != 0 && commit->offsets.size() <= kMostOffsets &&
         std::ranges::all_of(commit->offsets, is_plain);
}

std::size_t CommitShape::place_of(const void* part) const {
  return part == nullptr ? 0
                         : static_cast<std::size_t>(static_cast<const char*>(part) - bytes_.data());
}

CommitShape::CommitShape(const domain::Event& event, std::string_view bytes)
    : bytes_(bytes),
      kind_(event.cause.kind),
      who_bytes_(event.cause.who.size()),
      from_bytes_(event.cause.from.size()),
      group_bytes_(commit_of(event).group.size()),
      offsets_(commit_of(event).offsets.size()),
      runs_(runs_in(commit_of(event).offsets)) {
  const auto& root = *event::GetEvent(bytes_.data());
  const auto& commit = *root.body_as_OffsetsCommitted();
  const auto text = [](const flatbuffers::String* string) {
    return string == nullptr ? nullptr : string->c_str();
  };
  time_ = place_of(
      reinterpret_cast<const flatbuffers::Table&>(root).GetAddressOf(event::Event::VT_TIME_MS));
  who_ = place_of(text(root.cause()->who()));
  from_ = place_of(text(root.cause()->from()));
  group_ = place_of(text(commit.group()));
  if (runs_.count == 0) {
    plain_ = place_of(commit.plain()->Data());
  } else {
    run_list_ = place_of(commit.runs()->Data());
    run_partitions_ = runs_.short_partitions ? place_of(commit.short_partitions()->Data())
                                             : place_of(commit.run_partitions()->Data());
    run_offsets_ = place_of(commit.run_offsets()->Data());
  }
}

bool CommitShape::fits(const domain::Event& event, Runs runs) const {
  const domain::OffsetsCommitted& commit = commit_of(event);
  return !bytes_.empty() && event.cause.kind == kind_ && event.cause.who.size() == who_bytes_ &&
         event.cause.from.size() == from_bytes_ && commit.group.size() == group_bytes_ &&
         commit.offsets.size() == offsets_ && runs == runs_;
}

std::string_view CommitShape::encode(const domain::Event& event) {
  const domain::OffsetsCommitted& commit = commit_of(event);
  char* const to = bytes_.data();
  flatbuffers::WriteScalar(to + time_, event.time_ms);
  std::memcpy(to + who_, event.cause.who.data(), who_bytes_);
  std::memcpy(to + from_, event.cause.from.data(), from_bytes_);
  std::memcpy(to + group_, commit.group.data(), group_bytes_);
  if (runs_.count == 0) {
    put_plain(to + plain_, commit.offsets);
    return bytes_;
  }
  put_runs(to + run_list_, to + run_offsets_, commit.offsets);
  if (runs_.short_partitions) {
    put_partitions<std::uint16_t>(to + run_partitions_, commit.offsets);
  } else {
    put_partitions<std::int32_t>(to + run_partitions_, commit.offsets);
  }
  return bytes_;
}

CommitShape* CommitShapes::find(const domain::Event& event) {
  const Runs runs = runs_in(commit_of(event).offsets);
  const auto found = std::ranges::find_if(
      shapes_, [&](const CommitShape& shape) { return shape.fits(event, runs); });
  return found == shapes_.end() ? nullptr : &*found;
}

void CommitShapes::remember(const domain::Event& event, std::string_view bytes) {
  shapes_[next_] = CommitShape(event, bytes);
  next_ = (next_ + 1) % shapes_.size();
}

}  // namespace muster::codec
