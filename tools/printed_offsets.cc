#include "tools/printed_offsets.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "domain/assert.h"

namespace muster::tools {
namespace {

constexpr std::size_t kBatchMax = 1'000;  // what every server takes in one request
constexpr std::string_view kBlanks = " \t\r";

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

}  // namespace

std::optional<std::int64_t> parse_offset_line(std::string_view line) {
  const std::string_view digits = trimmed(line);
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (digits.empty() || !std::ranges::all_of(digits, is_digit)) return std::nullopt;
  std::int64_t offset = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), offset);
  if (error != std::errc()) return std::nullopt;
  return offset;
}

std::optional<PartitionOffset> parse_partition_offset_line(std::string_view line) {
  const std::string_view text = trimmed(line);
  const std::size_t blank = text.find_last_of(kBlanks);
  if (blank == std::string_view::npos) return std::nullopt;
  const auto place = parse_partition(trimmed(text.substr(0, blank)));
  const auto offset = parse_offset_line(text.substr(blank));
  if (!place || !offset) return std::nullopt;
  return PartitionOffset{.place = *place, .offset = *offset};
}

void PrintedOffsets::granted(const Partition& partition) {
  const PartitionArgument place{.topic = partition.topic, .partition = partition.index};
  ended(place);
  held_[place] = {.fence = partition.fence, .committed = partition.committed, .printed = {}};
}

void PrintedOffsets::ended(const PartitionArgument& place) {
  const auto found = held_.find(place);
  if (found == held_.end()) return;
  settle(found->second);
  held_.erase(found);
}

void PrintedOffsets::settle(Progress& progress) {
  if (!progress.printed) return;
  progress.printed.reset();
  --uncommitted_;
}

PrintedOffsets::Noted PrintedOffsets::note(const PartitionArgument& place, FencingToken fence,
                                           std::int64_t offset) {
  const auto found = held_.find(place);
  if (found == held_.end() || found->second.fence != fence) return Noted::kNotHeld;
  Progress& progress = found->second;
  const std::optional<std::int64_t> before =
      progress.printed ? progress.printed : progress.committed;
  if (before && offset < *before) return Noted::kLower;
  if (before && offset == *before) return Noted::kSame;
  if (!progress.printed) ++uncommitted_;
  progress.printed = offset;
  return Noted::kNewer;
}

std::optional<std::int64_t> PrintedOffsets::newest(const PartitionArgument& place,
                                                   FencingToken fence) const {
  const auto found = held_.find(place);
  if (found == held_.end() || found->second.fence != fence) return std::nullopt;
  return found->second.printed ? found->second.printed : found->second.committed;
}

std::optional<std::int64_t> PrintedOffsets::uncommitted(const PartitionArgument& place) const {
  const auto found = held_.find(place);
  return found == held_.end() ? std::nullopt : found->second.printed;
}

std::vector<OffsetCommit> PrintedOffsets::take_batch() {
  if (!under_way_.empty() || uncommitted_ == 0) return {};
  const std::size_t size_max = one_by_one_ > 0 ? 1 : kBatchMax;
  for (const auto& [place, progress] : held_) {
    if (under_way_.size() == size_max) break;
    if (!progress.printed) continue;
    under_way_.push_back(
        {.topic = place.topic, .partition = place.partition, .offset = *progress.printed});
    under_way_fences_.push_back(progress.fence);
  }
  if (one_by_one_ > 0) --one_by_one_;
  return under_way_;
}

std::optional<OffsetCommit> PrintedOffsets::answered(const std::expected<void, Error>& outcome) {
  MUSTER_ASSERT(!under_way_.empty());
  const std::vector<OffsetCommit> batch = std::exchange(under_way_, {});
  const std::vector<FencingToken> fences = std::exchange(under_way_fences_, {});
  const bool refused = !outcome && !outcome.error().retriable;
  const bool dropped = refused && batch.size() == 1;
  if (refused && batch.size() > 1) one_by_one_ = batch.size();
  for (std::size_t i = 0; i < batch.size() && (outcome || dropped); ++i) {
    const auto found = held_.find({.topic = batch[i].topic, .partition = batch[i].partition});
    if (found == held_.end() || found->second.fence != fences[i]) continue;
    if (outcome) found->second.committed = batch[i].offset;
    if (found->second.printed == batch[i].offset) settle(found->second);
  }
  return dropped ? std::optional(batch.front()) : std::nullopt;
}

}  // namespace muster::tools
