// Entries of a journal's file, written through LMDB. Only what writes a journal needs this:
// store.cc, and builder.cc, which makes a new one.
#pragma once

#include <lmdb.h>

#include <cstdint>
#include <string_view>

#include "journal/header.h"

namespace muster::journal {

/// Appends `key` with `checksum` and `bytes` behind it, as record.h has it. The key must be greater
/// than all others of the tree. LMDB's code.
int put_checked(MDB_cursor* cursor, std::string_view key, std::uint64_t checksum,
                std::string_view bytes);

/// Appends one record. LMDB's code.
int put_record(MDB_cursor* cursor, const JournalId& id, std::uint64_t sequence,
               std::string_view bytes);

/// Writes the header, and into it the number of the transaction. LMDB's code.
int put_header(MDB_txn* transaction, MDB_dbi main, Header& header);

}  // namespace muster::journal
