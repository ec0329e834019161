#include "judge.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <stdexcept>
#include <vector>

#include "coordinator/recover.h"
#include "domain/digest.h"
#include "journal/contents.h"
#include "journal/file_reader.h"
#include "journal/store.h"
#include "recorded_daemon.h"

namespace muster::power_loss {

void Acknowledged::learn(const Acknowledgement& learned) {
  sequence_ = std::max(sequence_, learned.sequence);
  if (learned.partition < 0) return;
  std::int64_t& offset = offsets_[learned.partition];
  offset = std::max(offset, learned.offset);
}

Judge::Judge(const std::string& directory) {
  auto reader = journal::FileReader::open(directory);
  const auto header = reader ? reader->header() : std::unexpected(reader.error());
  if (!header) throw std::runtime_error(header.error().message);
  journal_id_ = header->journal_id;
  const std::string wrong = read(directory, {});
  if (!wrong.empty()) throw std::runtime_error("without any power loss: " + wrong);
}

std::string Judge::compare(Sequence sequence, std::string_view bytes) {
  const std::uint64_t hash = domain::EntityHash().add(bytes).value();
  if (records_.emplace(sequence, hash).first->second == hash) return {};
  return fmt::format("event {} is not the one that was written", sequence);
}

std::string Judge::compare_digest(Sequence sequence, std::uint64_t digest) {
  if (digests_.emplace(sequence, digest).first->second == digest) return {};
  return fmt::format("the state at sequence {} is another one", sequence);
}

std::string Judge::read(const std::string& directory, const Acknowledged& acknowledged) {
  if (!std::filesystem::exists(directory + "/" + std::string(journal::kDataFile))) {
    return acknowledged.sequence() == 0 ? "" : "the journal is gone";
  }
  auto reader = journal::FileReader::open(directory);
  if (!reader) return reader.error().message;
  const auto header = reader->header();
  if (!header) return header.error().message;
  if (header->journal_id != journal_id_) return "it is another journal";
  if (const auto sound = reader->check_structure(); !sound) return sound.error().message;
  const auto snapshots = reader->snapshots();
  if (!snapshots) return snapshots.error().message;
  with_snapshots_ += snapshots->empty() ? 0 : 1;
  trimmed_ += header->first_sequence > 1 ? 1 : 0;

  std::string wrong;
  const auto read = reader->read(header->first_sequence, std::numeric_limits<Sequence>::max(),
                                 [&](Sequence sequence, std::string_view bytes) {
                                   wrong = compare(sequence, bytes);
                                   return wrong.empty();
                                 });
  if (!read) return read.error().message;
  if (!wrong.empty()) return wrong;
  const auto state = coordinator::recover(
      *reader, *header,
      {.progress = {}, .folded = [&](const domain::State& then, const domain::Event&) {
         if (wrong.empty()) wrong = compare_digest(then.sequence, then.digest);
       }});
  if (!state) return state.error().message;
  if (!wrong.empty()) return wrong;
  if (state->sequence < acknowledged.sequence()) {
    return fmt::format("it ends at sequence {}, acknowledged was {}", state->sequence,
                       acknowledged.sequence());
  }
  for (const auto& [partition, offset] : acknowledged.offsets()) {
    const domain::Topic* const topic = state->topic(kTopic);
    const domain::Group* const group = state->group(kGroup);
    const auto* const found = topic == nullptr || group == nullptr
                                  ? nullptr
                                  : group->partition({.topic = topic->id, .partition = partition});
    if (found != nullptr && found->committed >= offset) continue;
    return fmt::format("partition {}: the acknowledged offset {} is lost", partition, offset);
  }
  return {};
}

std::string Judge::write_on(const std::string& directory) {
  auto store = journal::Store::open(directory, {.map_bytes = std::uint64_t{1} << 30,
                                                .room = {.reserve_bytes = 1 << 16,
                                                         .full_below_bytes = 1 << 17,
                                                         .clear_above_bytes = 1 << 18}});
  if (!store) return store.error().message;
  const std::uint64_t boot = store->header().boot;
  const journal::EncodedEvents events{"one more", std::string(9'000, 'm')};
  const Sequence next = store->header().last_sequence + 1;
  if (const auto appended = store->append(next, events); !appended) return appended.error().message;
  auto reader = store->reader();
  if (!reader) return reader.error().message;
  const auto header = reader->header();
  if (!header) return header.error().message;
  if (header->last_sequence != next + 1 || header->boot != boot) return "it can't be written on";
  if (const auto sound = reader->check_structure(); !sound) return sound.error().message;
  return {};
}

}  // namespace muster::power_loss
