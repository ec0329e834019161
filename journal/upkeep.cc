#include "journal/upkeep.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string_view>

#include "journal/environment.h"
#include "journal/record.h"
#include "journal/snapshot_format.h"

namespace muster::journal {
namespace {

// Its pages are only listed as free: as cheap as a few records.
constexpr std::size_t kDroppedChunkRecords = 16;

struct CloseCursor {
  void operator()(MDB_cursor* cursor) const { mdb_cursor_close(cursor); }
};
using Cursor = std::unique_ptr<MDB_cursor, CloseCursor>;

std::expected<Cursor, Error> open_cursor(MDB_txn* transaction, MDB_dbi tree) {
  MDB_cursor* cursor = nullptr;
  const int code = mdb_cursor_open(transaction, tree, &cursor);
  if (code != MDB_SUCCESS) return std::unexpected(lmdb_error(code, "tend the journal"));
  return Cursor(cursor);
}

std::string_view text(const MDB_val& value) {
  return {static_cast<const char*>(value.mv_data), value.mv_size};
}

Error wrong(std::string message) {
  return Error{.fault = Fault::kWrongSequence, .message = std::move(message)};
}

}  // namespace

std::expected<std::size_t, Error> UpkeepTransaction::run(const std::deque<Upkeep>& work) {
  std::size_t done = 0;
  while (done < work.size() && !has_done_enough()) {
    const auto ended = std::visit([this](const auto& piece) { return run(piece); }, work[done]);
    if (!ended) return std::unexpected(ended.error());
    if (!*ended) break;
    ++done;
  }
  return done;
}

std::expected<void, Error> UpkeepTransaction::put(std::uint64_t sequence, std::uint32_t chunk,
                                                  std::string_view bytes) {
  const SnapshotKey place{.sequence = sequence, .chunk = chunk};
  SnapshotKeyBytes key = snapshot_key(place);
  std::string value = chunk_value(header_.journal_id, place, bytes);
  MDB_val key_value{.mv_size = key.size(), .mv_data = key.data()};
  MDB_val chunk_bytes{.mv_size = value.size(), .mv_data = value.data()};
  const int code = mdb_put(transaction_, snapshots_, &key_value, &chunk_bytes, 0);
  if (code != MDB_SUCCESS) {
    return std::unexpected(lmdb_error(code, "write a snapshot to the journal"));
  }
  done_bytes_ += value.size();
  return {};
}

std::expected<bool, Error> UpkeepTransaction::run(const PutChunk& piece) {
  if (piece.bytes.size() > kMaxSnapshotChunkBytes || piece.chunk == kDescriptionChunk) {
    return std::unexpected(wrong(
        fmt::format("cannot write chunk {} of a snapshot, of {} bytes: at most {} are allowed",
                    piece.chunk, piece.bytes.size(), kMaxSnapshotChunkBytes)));
  }
  if (auto written = put(piece.sequence, piece.chunk, piece.bytes); !written) {
    return std::unexpected(written.error());
  }
  return true;
}

std::expected<bool, Error> UpkeepTransaction::run(const FinishSnapshot& piece) {
  const Snapshot& snapshot = piece.snapshot;
  const bool ascends = whole_.empty() || whole_.back().sequence < snapshot.sequence;
  if (!ascends || snapshot.sequence > header_.last_sequence) {
    return std::unexpected(wrong(fmt::format(
        "cannot keep a snapshot at sequence {}: the journal ends with {}, and "
        "its newest snapshot is at {}",
        snapshot.sequence, header_.last_sequence, whole_.empty() ? 0 : whole_.back().sequence)));
  }
  if (auto written = put(snapshot.sequence, kDescriptionChunk, encode_description(snapshot));
      !written) {
    return std::unexpected(written.error());
  }
  whole_.push_back(snapshot);
  return true;
}

std::expected<bool, Error> UpkeepTransaction::run(const DropSnapshot& piece) {
  const auto found = std::ranges::find(whole_, piece.sequence, &Snapshot::sequence);
  if (found != whole_.end()) {
    const bool is_newest = found + 1 == whole_.end();
    if (is_newest || piece.sequence + 1 >= header_.first_sequence) {
      return std::unexpected(wrong(
          fmt::format("cannot drop the snapshot at sequence {}: history begins with {}, and the "
                      "newest snapshot is at {}",
                      piece.sequence, header_.first_sequence, whole_.back().sequence)));
    }
    // The description first: what is left is no snapshot any more.
    SnapshotKeyBytes key = snapshot_key({.sequence = piece.sequence, .chunk = kDescriptionChunk});
    MDB_val key_value{.mv_size = key.size(), .mv_data = key.data()};
    const int code = mdb_del(transaction_, snapshots_, &key_value, nullptr);
    if (code != MDB_SUCCESS) {
      return std::unexpected(lmdb_error(code, "drop a snapshot of the journal"));
    }
    whole_.erase(found);
  }
  const auto cursor = open_cursor(transaction_, snapshots_);
  if (!cursor) return std::unexpected(cursor.error());
  return drop_chunks(cursor->get(), piece.sequence);
}

std::expected<bool, Error> UpkeepTransaction::drop_chunks(MDB_cursor* cursor,
                                                          std::uint64_t sequence) {
  while (true) {
    SnapshotKeyBytes first = snapshot_key({.sequence = sequence, .chunk = 0});
    MDB_val key{.mv_size = first.size(), .mv_data = first.data()};
    MDB_val value{};
    int code = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
    if (code == MDB_NOTFOUND) return true;
    if (code == MDB_SUCCESS) {
      const auto found = snapshot_key_of(text(key));
      if (!found || found->sequence != sequence) return true;
      if (has_done_enough()) return false;
      code = mdb_cursor_del(cursor, 0);
    }
    if (code != MDB_SUCCESS) {
      return std::unexpected(lmdb_error(code, "drop a snapshot of the journal"));
    }
    done_records_ += kDroppedChunkRecords;
  }
}

std::expected<bool, Error> UpkeepTransaction::run(const TrimHistory& piece) {
  const std::uint64_t newest = whole_.empty() ? 0 : whole_.back().sequence;
  if (piece.up_to > newest) {
    return std::unexpected(
        wrong(fmt::format("cannot trim history up to sequence {}: the newest snapshot is at {}",
                          piece.up_to, newest)));
  }
  const auto cursor = open_cursor(transaction_, records_);
  if (!cursor) return std::unexpected(cursor.error());
  return trim_records(cursor->get(), piece.up_to);
}

std::expected<bool, Error> UpkeepTransaction::trim_records(MDB_cursor* cursor,
                                                           std::uint64_t up_to) {
  for (; header_.first_sequence <= up_to; ++header_.first_sequence) {
    if (has_done_enough()) return false;
    MDB_val key{};
    MDB_val value{};
    int code = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);
    if (code == MDB_SUCCESS && sequence_of(text(key)) != header_.first_sequence) {
      return std::unexpected(Error{
          .fault = Fault::kCorrupt,
          .message = fmt::format("record {} is missing in the journal", header_.first_sequence),
          .first_bad_sequence = header_.first_sequence});
    }
    if (code == MDB_SUCCESS) code = mdb_cursor_del(cursor, 0);
    if (code != MDB_SUCCESS) return std::unexpected(lmdb_error(code, "trim the journal"));
    ++done_records_;
  }
  return true;
}

}  // namespace muster::journal
