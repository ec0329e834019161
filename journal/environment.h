// An open LMDB environment that closes itself with its last user.
#pragma once

#include <lmdb.h>

#include <cstdint>
#include <expected>
#include <memory>
#include <string>

#include "journal/error.h"

namespace muster::journal {

/// May be used from several threads: transactions for reading are not tied to their thread
/// (MDB_NOTLS), and there is one writer.
using Environment = std::shared_ptr<MDB_env>;

/// `flags` besides MDB_NOTLS; never one of those that weaken durability. `map_bytes`: 0 takes the
/// size that stands in the file. When the address space has no room for it, as much as has.
std::expected<Environment, Error> open_environment(const std::string& path, unsigned flags,
                                                   std::uint64_t map_bytes);

/// What LMDB or the system says of `code`, with what was asked.
Error lmdb_error(int code, const std::string& asked);

struct AbortTransaction {
  void operator()(MDB_txn* transaction) const { mdb_txn_abort(transaction); }
};
/// Aborts unless released to mdb_txn_commit.
using Transaction = std::unique_ptr<MDB_txn, AbortTransaction>;

/// `flags`: 0 or MDB_RDONLY.
std::expected<Transaction, Error> begin(const Environment& environment, unsigned flags);

/// Durable when it returns without an error.
std::expected<void, Error> commit(Transaction transaction);

}  // namespace muster::journal
