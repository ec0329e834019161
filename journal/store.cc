#include "journal/store.h"

#include <fmt/format.h>

#include <filesystem>

#include "journal/contents.h"
#include "journal/create.h"
#include "journal/page_file.h"
#include "journal/record.h"
#include "journal/structure.h"

namespace muster::journal {
namespace {

/// LMDB trusts what it maps, so it sees only a file whose structure is sound.
std::expected<Header, Error> check_before_opening(const std::string& data_file) {
  const auto file = PageFile::open(data_file);
  if (!file) return std::unexpected(file.error());
  const auto metas = file->metas();
  if (!metas) return std::unexpected(metas.error());
  // The header first: it can say that a newer muster is needed.
  const auto contents = read_contents(*file, newest(*metas));
  if (!contents) return std::unexpected(contents.error());
  if (auto counted = check_count(*file, *contents); !counted) {
    return std::unexpected(counted.error());
  }
  if (auto sound = check_structure(*file, newest(*metas)); !sound) {
    return std::unexpected(sound.error());
  }
  return contents->header;
}

int put_record(MDB_cursor* cursor, const JournalId& id, std::uint64_t sequence,
               const std::string& bytes) {
  SequenceKey key = sequence_key(sequence);
  MDB_val key_value{.mv_size = key.size(), .mv_data = key.data()};
  MDB_val value{.mv_size = kRecordChecksumBytes + bytes.size(), .mv_data = nullptr};
  const int code = mdb_cursor_put(cursor, &key_value, &value, MDB_APPEND | MDB_RESERVE);
  if (code != MDB_SUCCESS) return code;
  std::string checksum;
  append_little_endian(checksum, record_checksum(id, sequence, bytes));
  auto* const to = static_cast<char*>(value.mv_data);
  checksum.copy(to, checksum.size());
  bytes.copy(to + checksum.size(), bytes.size());
  return MDB_SUCCESS;
}

}  // namespace

std::expected<Store, Error> Store::open(const std::string& directory, const StoreOptions& options) {
  if (auto made = create_directory(directory); !made) return std::unexpected(made.error());
  auto lock = WriterLock::take(directory);
  if (!lock) return std::unexpected(lock.error());
  const std::string data_file = fmt::format("{}/{}", directory, kDataFile);
  if (!std::filesystem::exists(data_file)) {
    if (auto created = create_journal(directory, options.map_bytes); !created) {
      return std::unexpected(created.error());
    }
  }
  const auto header = check_before_opening(data_file);
  if (!header) return std::unexpected(header.error());
  auto environment = open_environment(directory, 0, options.map_bytes);
  if (!environment) return std::unexpected(environment.error());

  Store store(directory, std::move(*lock), std::move(*environment), *header, options.room);
  if (auto opened = store.open_trees(); !opened) return std::unexpected(opened.error());
  return store;
}

/// One transaction, which also makes the boot number durable.
std::expected<void, Error> Store::open_trees() {
  auto transaction = begin(environment_, 0);
  if (!transaction) return std::unexpected(transaction.error());
  int code = mdb_dbi_open(transaction->get(), nullptr, 0, &main_);
  if (code == MDB_SUCCESS) code = mdb_dbi_open(transaction->get(), kRecordsTree, 0, &records_);
  if (code != MDB_SUCCESS) return std::unexpected(failed(code, "open"));
  Header header = header_;
  ++header.boot;
  if (auto put = put_header(transaction->get(), header); !put) return put;
  if (auto committed = commit(std::move(*transaction)); !committed) return committed;
  header_ = header;
  return {};
}

std::expected<FileReader, Error> Store::reader() const {
  return FileReader::open(directory_, environment_);
}

std::expected<void, Error> Store::append(std::uint64_t first_sequence,
                                         std::span<const Unit> units) {
  if (first_sequence != header_.last_sequence + 1) {
    return std::unexpected(
        Error{.fault = Fault::kWrongSequence,
              .message = fmt::format("cannot append sequence {} to the journal in {}: {} is next",
                                     first_sequence, directory_, header_.last_sequence + 1)});
  }
  auto transaction = begin(environment_, 0);
  if (!transaction) return std::unexpected(transaction.error());
  MDB_cursor* cursor = nullptr;  // ends with the transaction
  if (const int code = mdb_cursor_open(transaction->get(), records_, &cursor); code != 0) {
    return std::unexpected(failed(code, "append to"));
  }
  Header header = header_;
  for (const Unit& unit : units) {
    for (const std::string& bytes : unit) {
      const std::uint64_t sequence = ++header.last_sequence;
      if (const int code = put_record(cursor, header.journal_id, sequence, bytes); code != 0) {
        return std::unexpected(failed(code, "append to"));
      }
    }
  }
  if (auto put = put_header(transaction->get(), header); !put) return put;
  if (const int code = mdb_txn_commit(transaction->release()); code != MDB_SUCCESS) {
    return std::unexpected(failed(code, "commit to"));
  }
  header_ = header;
  return {};
}

std::expected<void, Error> Store::put_header(MDB_txn* transaction, Header& header) {
  header.transaction = mdb_txn_id(transaction);
  std::string bytes = encode_header(header);
  std::string key(kHeaderKey);
  MDB_val key_value{.mv_size = key.size(), .mv_data = key.data()};
  MDB_val value{.mv_size = bytes.size(), .mv_data = bytes.data()};
  const int code = mdb_put(transaction, main_, &key_value, &value, 0);
  if (code != MDB_SUCCESS) return std::unexpected(failed(code, "write the header of"));
  return {};
}

std::expected<void, Error> Store::clear_dead_readers() {
  const int code = mdb_reader_check(environment_.get(), nullptr);
  if (code != MDB_SUCCESS) return std::unexpected(failed(code, "clear the dead readers of"));
  return {};
}

Error Store::failed(int code, std::string_view what) const {
  return lmdb_error(code, fmt::format("{} the journal in {}", what, directory_));
}

}  // namespace muster::journal
