// Upkeep of the journal, piece by piece: writing snapshots, dropping them, trimming history. It
// rides in the transactions of the batches, a little in each, so that no batch waits long for it.
//
// Kept by every transaction: history begins with sequence 1 or there is a whole snapshot at the
// sequence before it or later; the newest whole snapshot stays; a snapshot that history still
// reaches back to is whole, but for the one that is being made behind all others.
#pragma once

#include <lmdb.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <expected>
#include <string>
#include <variant>
#include <vector>

#include "journal/error.h"
#include "journal/header.h"
#include "journal/reader.h"

namespace muster::journal {

/// Chunks are put in order, each of at most kMaxSnapshotChunkBytes.
struct PutChunk {
  std::uint64_t sequence = 0;
  std::uint32_t chunk = 0;
  std::string bytes;
};
/// All chunks are there: from now on it is whole.
struct FinishSnapshot {
  Snapshot snapshot;
};
/// Whole or not, but never the newest whole one, nor one that history still reaches back to.
struct DropSnapshot {
  std::uint64_t sequence = 0;
};
/// Removes all records up to this one, which is not beyond the newest whole snapshot.
struct TrimHistory {
  std::uint64_t up_to = 0;
};

using Upkeep = std::variant<PutChunk, FinishSnapshot, DropSnapshot, TrimHistory>;

/// What one transaction may do of it; a piece that has begun is done to the end of its chunk.
struct UpkeepLimits {
  std::size_t max_bytes = std::size_t{64} << 10;  // written in chunks
  std::size_t max_records = 1'024;                // removed
};

class UpkeepTransaction {
 public:
  /// `header` and `whole`, the whole snapshots in ascending order, follow what is done.
  UpkeepTransaction(MDB_txn* transaction, MDB_dbi records, MDB_dbi snapshots, Header& header,
                    std::vector<Snapshot>& whole, const UpkeepLimits& limits)
      : transaction_(transaction),
        records_(records),
        snapshots_(snapshots),
        header_(header),
        whole_(whole),
        limits_(limits) {}

  /// Does pieces from the front of `work` while there is room for them in this transaction. Returns
  /// how many are done; the next one may have begun.
  std::expected<std::size_t, Error> run(const std::deque<Upkeep>& work);

 private:
  // Each returns whether the piece is done; if not, the transaction has done enough.
  std::expected<bool, Error> run(const PutChunk& piece);
  std::expected<bool, Error> run(const FinishSnapshot& piece);
  std::expected<bool, Error> run(const DropSnapshot& piece);
  std::expected<bool, Error> run(const TrimHistory& piece);
  std::expected<void, Error> put(std::uint64_t sequence, std::uint32_t chunk,
                                 std::string_view bytes);
  std::expected<bool, Error> drop_chunks(MDB_cursor* cursor, std::uint64_t sequence);
  std::expected<bool, Error> trim_records(MDB_cursor* cursor, std::uint64_t up_to);
  bool has_done_enough() const {
    return done_bytes_ >= limits_.max_bytes || done_records_ >= limits_.max_records;
  }

  MDB_txn* transaction_;
  MDB_dbi records_;
  MDB_dbi snapshots_;
  Header& header_;
  std::vector<Snapshot>& whole_;
  UpkeepLimits limits_;
  std::size_t done_bytes_ = 0;
  std::size_t done_records_ = 0;
};

}  // namespace muster::journal
