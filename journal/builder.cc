#include "journal/builder.h"

#include <fmt/format.h>

#include <filesystem>
#include <utility>

#include "journal/contents.h"
#include "journal/create.h"
#include "journal/put.h"
#include "journal/snapshot_format.h"

namespace muster::journal {
namespace {

namespace fs = std::filesystem;

// A transaction of so much costs little of its own, and holds little memory.
constexpr std::size_t kMostEntries = 4'096;
constexpr std::size_t kMostBytes = std::size_t{4} << 20;

std::unexpected<Error> refused(Fault fault, std::string message) {
  return std::unexpected(Error{.fault = fault, .message = std::move(message)});
}

}  // namespace

std::expected<void, Error> refuse_occupied(const std::string& directory) {
  const fs::path path(directory);
  const auto data_there = path_exists((path / kDataFile).string());
  if (!data_there) return std::unexpected(data_there.error());
  if (*data_there) {
    return refused(Fault::kExists,
                   fmt::format("there is a journal in {} already: name an empty or a new directory",
                               directory));
  }
  const auto readers_there = path_exists((path / kReadersFile).string());
  if (!readers_there) return std::unexpected(readers_there.error());
  if (*readers_there) {
    return refused(Fault::kCorrupt,
                   fmt::format("{} has {} but no {}: a journal was here. Put its {} back, or "
                               "remove {} to begin a new journal",
                               directory, kReadersFile, kDataFile, kDataFile, kReadersFile));
  }
  return {};
}

std::string Builder::draft() const { return fmt::format("{}/{}.new", directory_, kDataFile); }

Error Builder::failed(int code) const {
  Error error = lmdb_error(code, fmt::format("write the new journal {}", draft()));
  error.fault = Fault::kUnwritable;
  return error;
}

std::expected<Builder, Error> Builder::begin(const std::string& directory, const Header& header,
                                             std::uint64_t map_bytes) {
  if (auto free = refuse_occupied(directory); !free) return std::unexpected(free.error());
  Builder builder(directory, header, nullptr);
  builder.header_.last_sequence = header.first_sequence - 1;
  std::error_code error;
  fs::remove(builder.draft(), error);  // of one that was interrupted
  auto environment = open_environment(builder.draft(), MDB_NOSUBDIR | MDB_NOLOCK, map_bytes);
  if (!environment) {
    return refused(Fault::kUnwritable, std::move(environment.error().message));
  }
  builder.environment_ = std::move(*environment);
  if (auto opened = builder.open_trees(); !opened) return std::unexpected(opened.error());
  return builder;
}

Builder::~Builder() {
  if (!environment_) return;
  transaction_.reset();
  environment_.reset();
  std::error_code error;
  fs::remove(draft(), error);
}

std::expected<void, Error> Builder::open_trees() {
  auto transaction = journal::begin(environment_, 0);
  if (!transaction) return std::unexpected(transaction.error());
  transaction_ = std::move(*transaction);
  int code = mdb_dbi_open(transaction_.get(), nullptr, 0, &main_);
  for (const auto& [name, tree] :
       {std::pair{kRecordsTree, &records_}, std::pair{kSnapshotsTree, &snapshots_}}) {
    if (code == MDB_SUCCESS) code = mdb_dbi_open(transaction_.get(), name, MDB_CREATE, tree);
  }
  if (code != MDB_SUCCESS) return std::unexpected(failed(code));
  return open_cursors();
}

std::expected<void, Error> Builder::open_cursors() {
  int code = mdb_cursor_open(transaction_.get(), records_, &record_cursor_);
  if (code == MDB_SUCCESS) {
    code = mdb_cursor_open(transaction_.get(), snapshots_, &snapshot_cursor_);
  }
  if (code != MDB_SUCCESS) return std::unexpected(failed(code));
  return {};
}

std::expected<void, Error> Builder::commit_some() {
  gathered_ = 0;
  gathered_bytes_ = 0;
  if (const int code = mdb_txn_commit(transaction_.release()); code != MDB_SUCCESS) {
    return std::unexpected(failed(code));
  }
  auto transaction = journal::begin(environment_, 0);
  if (!transaction) return std::unexpected(transaction.error());
  transaction_ = std::move(*transaction);
  return open_cursors();
}

std::expected<void, Error> Builder::put(int code, std::size_t bytes) {
  if (code != MDB_SUCCESS) return std::unexpected(failed(code));
  gathered_bytes_ += bytes;
  if (++gathered_ < kMostEntries && gathered_bytes_ < kMostBytes) return {};
  return commit_some();
}

std::expected<void, Error> Builder::put_snapshot_chunk(std::uint64_t sequence, std::uint32_t number,
                                                       std::string_view bytes) {
  const SnapshotKey key{.sequence = sequence, .chunk = number};
  const SnapshotKeyBytes key_bytes = snapshot_key(key);
  const std::uint64_t checksum = chunk_checksum(header_.journal_id, key, bytes);
  return put(put_checked(snapshot_cursor_, {key_bytes.data(), key_bytes.size()}, checksum, bytes),
             bytes.size());
}

std::expected<void, Error> Builder::put_snapshot(const Snapshot& snapshot) {
  return put_snapshot_chunk(snapshot.sequence, kDescriptionChunk, encode_description(snapshot));
}

std::expected<void, Error> Builder::append(std::string_view bytes) {
  ++header_.last_sequence;
  return put(put_record(record_cursor_, header_.journal_id, header_.last_sequence, bytes),
             bytes.size());
}

std::expected<void, Error> Builder::finish() {
  if (const int code = put_header(transaction_.get(), main_, header_); code != MDB_SUCCESS) {
    return std::unexpected(failed(code));
  }
  if (const int code = mdb_txn_commit(transaction_.release()); code != MDB_SUCCESS) {
    return std::unexpected(failed(code));
  }
  environment_.reset();
  std::error_code error;
  fs::rename(draft(), fs::path(directory_) / kDataFile, error);
  if (error) {
    std::error_code ignored;
    fs::remove(draft(), ignored);
    return refused(Fault::kUnwritable,
                   fmt::format("cannot rename {}: {}", draft(), error.message()));
  }
  return sync_directory(directory_);
}

}  // namespace muster::journal
