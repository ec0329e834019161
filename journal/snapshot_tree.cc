#include "journal/snapshot_tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "journal/snapshot_format.h"
#include "journal/tree_cursor.h"

namespace muster::journal {
namespace {

std::expected<bool, Error> seek(TreeCursor& cursor, SnapshotKey key) {
  const SnapshotKeyBytes bytes = snapshot_key(key);
  return cursor.seek({bytes.data(), bytes.size()});
}

Error bad_snapshot(std::uint64_t sequence, Error error) {
  error.first_bad_sequence = sequence;
  return error;
}

/// The value at `key`, checked, or nothing when there is no such key.
std::expected<std::optional<std::string>, Error> find_value(const PageFile& file,
                                                            const Contents& contents,
                                                            SnapshotKey key) {
  TreeCursor cursor(file, contents.snapshots);
  const auto found = seek(cursor, key);
  if (!found) return std::unexpected(bad_snapshot(key.sequence, found.error()));
  const SnapshotKeyBytes bytes = snapshot_key(key);
  if (!*found || cursor.key() != std::string_view(bytes.data(), bytes.size())) return std::nullopt;
  std::string value;
  if (auto copied = cursor.value(value); !copied) {
    return std::unexpected(bad_snapshot(key.sequence, copied.error()));
  }
  const auto checked = checked_chunk(contents.header.journal_id, key, value);
  if (!checked || cursor.value_is_tree()) {
    const std::string part = key.chunk == kDescriptionChunk ? std::string("its description")
                                                            : fmt::format("chunk {}", key.chunk);
    return std::unexpected(bad_snapshot(
        key.sequence,
        file.corrupt(fmt::format("the checksum of the snapshot at sequence {}, {}, does not match",
                                 key.sequence, part))));
  }
  return std::string(*checked);
}

/// The sequence of the first snapshot from `from` on, whole or not; nothing when there is none.
std::expected<std::optional<std::uint64_t>, Error> first_from(const PageFile& file,
                                                              const Contents& contents,
                                                              std::uint64_t from) {
  TreeCursor cursor(file, contents.snapshots);
  const auto more = seek(cursor, {.sequence = from, .chunk = 0});
  if (!more) return std::unexpected(bad_snapshot(from, more.error()));
  if (!*more) return std::nullopt;
  const auto key = snapshot_key_of(cursor.key());
  if (!key || key->sequence < from || key->sequence == ~std::uint64_t{0}) {
    return std::unexpected(bad_snapshot(from, file.corrupt("a key of its snapshots")));
  }
  return key->sequence;
}

/// A snapshot is made behind all others, and dropped when history has left it behind: one without a
/// description in between was whole once.
std::expected<void, Error> check_order(const PageFile& file, const Header& header,
                                       const SnapshotList& list) {
  for (const std::uint64_t sequence : list.unfinished) {
    if (list.whole.empty() || sequence > list.whole.back().sequence) break;
    if (sequence + 1 < header.first_sequence) continue;
    return std::unexpected(bad_snapshot(
        sequence, file.corrupt(fmt::format("the snapshot at sequence {} has lost its description",
                                           sequence))));
  }
  return {};
}

/// No state can be made of a journal that was trimmed beyond its newest snapshot.
std::expected<void, Error> check_reach(const PageFile& file, const Header& header,
                                       const std::vector<Snapshot>& snapshots) {
  const std::uint64_t newest = snapshots.empty() ? 0 : snapshots.back().sequence;
  if (newest > header.last_sequence) {
    return std::unexpected(bad_snapshot(
        newest, file.corrupt(fmt::format("it has a snapshot at sequence {}, but ends with {}",
                                         newest, header.last_sequence))));
  }
  if (newest + 1 >= header.first_sequence) return {};
  return std::unexpected(bad_snapshot(
      header.first_sequence - 1,
      file.corrupt(fmt::format("it begins with sequence {}, and has no snapshot of what was before",
                               header.first_sequence))));
}

}  // namespace

std::expected<std::optional<Snapshot>, Error> find_snapshot(const PageFile& file,
                                                            const Contents& contents,
                                                            std::uint64_t sequence) {
  auto bytes = find_value(file, contents, {.sequence = sequence, .chunk = kDescriptionChunk});
  if (!bytes) return std::unexpected(bytes.error());
  if (!*bytes) return std::nullopt;
  auto snapshot = decode_description(sequence, **bytes);
  if (!snapshot) {
    return std::unexpected(bad_snapshot(
        sequence,
        file.corrupt(fmt::format("the description of the snapshot at sequence {}", sequence))));
  }
  return snapshot;
}

std::expected<SnapshotList, Error> list_snapshots(const PageFile& file, const Contents& contents) {
  SnapshotList list;
  for (std::uint64_t from = 0;;) {
    const auto sequence = first_from(file, contents, from);
    if (!sequence) return std::unexpected(sequence.error());
    if (!*sequence) break;
    const auto snapshot = find_snapshot(file, contents, **sequence);
    if (!snapshot) return std::unexpected(snapshot.error());
    if (*snapshot) {
      list.whole.push_back(**snapshot);
    } else {
      list.unfinished.push_back(**sequence);
    }
    from = **sequence + 1;
  }
  if (auto ordered = check_order(file, contents.header, list); !ordered) {
    return std::unexpected(ordered.error());
  }
  if (auto reaches = check_reach(file, contents.header, list.whole); !reaches) {
    return std::unexpected(reaches.error());
  }
  return list;
}

std::vector<Snapshot> sound_snapshots(const PageFile& file, const Contents& contents) {
  std::vector<Snapshot> sound;
  for (auto sequence = first_from(file, contents, 0); sequence && *sequence;
       sequence = first_from(file, contents, **sequence + 1)) {
    const auto snapshot = find_snapshot(file, contents, **sequence);
    if (snapshot && *snapshot) sound.push_back(**snapshot);
  }
  return sound;
}

std::expected<void, Error> read_snapshot_chunk(const PageFile& file, const Contents& contents,
                                               std::uint64_t sequence, std::uint32_t chunk,
                                               std::string& bytes) {
  auto value = find_value(file, contents, {.sequence = sequence, .chunk = chunk});
  if (!value) return std::unexpected(value.error());
  if (!*value) {
    return std::unexpected(bad_snapshot(
        sequence, file.corrupt(fmt::format("chunk {} of the snapshot at sequence {} is missing",
                                           chunk, sequence))));
  }
  bytes = std::move(**value);
  return {};
}

}  // namespace muster::journal
