#include "journal/put.h"

#include <algorithm>
#include <string>

#include "journal/contents.h"
#include "journal/record.h"

namespace muster::journal {
namespace {

/// LMDB takes what it only reads as what it might write to.
MDB_val read_only(std::string_view bytes) {
  return {.mv_size = bytes.size(), .mv_data = const_cast<char*>(bytes.data())};
}

}  // namespace

int put_checked(MDB_cursor* cursor, std::string_view key, std::uint64_t checksum,
                std::string_view bytes) {
  MDB_val key_value = read_only(key);
  MDB_val value{.mv_size = kRecordChecksumBytes + bytes.size(), .mv_data = nullptr};
  const int code = mdb_cursor_put(cursor, &key_value, &value, MDB_APPEND | MDB_RESERVE);
  if (code != MDB_SUCCESS) return code;
  auto* const to = static_cast<char*>(value.mv_data);
  const auto checksum_bytes = little_endian(checksum);
  std::ranges::copy(checksum_bytes, to);
  bytes.copy(to + checksum_bytes.size(), bytes.size());
  return MDB_SUCCESS;
}

int put_record(MDB_cursor* cursor, const JournalId& id, std::uint64_t sequence,
               std::string_view bytes) {
  const SequenceKey key = sequence_key(sequence);
  return put_checked(cursor, {key.data(), key.size()}, record_checksum(id, sequence, bytes), bytes);
}

int put_header(MDB_txn* transaction, MDB_dbi main, Header& header) {
  header.transaction = mdb_txn_id(transaction);
  const std::string bytes = encode_header(header);
  MDB_val key = read_only(kHeaderKey);
  MDB_val value = read_only(bytes);
  return mdb_put(transaction, main, &key, &value, 0);
}

}  // namespace muster::journal
