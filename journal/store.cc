#include "journal/store.h"

#include <fmt/format.h>

#include "journal/contents.h"
#include "journal/create.h"
#include "journal/page_file.h"
#include "journal/put.h"
#include "journal/snapshot_tree.h"
#include "journal/structure.h"

namespace muster::journal {
namespace {

struct Found {
  Header header;
  std::vector<Snapshot> snapshots;
};

/// LMDB trusts what it maps, so it sees only a file whose structure is sound.
std::expected<Found, Error> check_before_opening(const std::string& data_file) {
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
  auto snapshots = list_snapshots(*file, *contents);
  if (!snapshots) return std::unexpected(snapshots.error());
  return Found{.header = contents->header, .snapshots = std::move(snapshots->whole)};
}

}  // namespace

std::expected<Store, Error> Store::open(const std::string& directory, const StoreOptions& options) {
  if (auto made = create_directory(directory); !made) return std::unexpected(made.error());
  auto lock = WriterLock::take(directory);
  if (!lock) return std::unexpected(lock.error());
  const std::string data_file = fmt::format("{}/{}", directory, kDataFile);
  const auto there = path_exists(data_file);
  if (!there) return std::unexpected(there.error());
  if (!*there) {
    if (auto created = create_journal(directory, options.map_bytes); !created) {
      return std::unexpected(created.error());
    }
  }
  auto found = check_before_opening(data_file);
  if (!found) return std::unexpected(found.error());
  if (found->header.backup) {
    return std::unexpected(Error{
        .fault = Fault::kBackup,
        .message =
            fmt::format("the journal in {} is a backup, whose workers may have gone on since: "
                        "make one that may be served of it with muster journal restore {} "
                        "--data-dir NEW",
                        directory, directory)});
  }
  auto environment = open_environment(directory, 0, options.map_bytes);
  if (!environment) return std::unexpected(environment.error());

  Store store(directory, std::move(*lock), std::move(*environment), found->header,
              std::move(found->snapshots), options.room);
  if (auto opened = store.open_trees(); !opened) return std::unexpected(opened.error());
  return store;
}

/// One transaction, which also makes the boot number durable.
std::expected<void, Error> Store::open_trees() {
  auto transaction = begin(environment_, 0);
  if (!transaction) return std::unexpected(transaction.error());
  // LMDB counts on through its table of readers, if somebody else has that open.
  if (mdb_txn_id(transaction->get()) != header_.transaction + 1) {
    return std::unexpected(
        Error{.fault = Fault::kInUse,
              .message = fmt::format("{} in {} was replaced while another program went on reading "
                                     "the file before it: end that program, and start again",
                                     kDataFile, directory_)});
  }
  int code = mdb_dbi_open(transaction->get(), nullptr, 0, &main_);
  if (code == MDB_SUCCESS) code = mdb_dbi_open(transaction->get(), kRecordsTree, 0, &records_);
  if (code == MDB_SUCCESS) {
    code = mdb_dbi_open(transaction->get(), kSnapshotsTree, MDB_CREATE, &snapshot_chunks_);
  }
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
                                         const EncodedEvents& events) {
  std::deque<Upkeep> nothing;
  return append(first_sequence, events, nothing);
}

std::expected<void, Error> Store::append(std::uint64_t first_sequence, const EncodedEvents& events,
                                         std::deque<Upkeep>& upkeep, const UpkeepLimits& limits) {
  if (first_sequence != header_.last_sequence + 1) {
    return std::unexpected(
        Error{.fault = Fault::kWrongSequence,
              .message = fmt::format("cannot append sequence {} to the journal in {}: {} is next",
                                     first_sequence, directory_, header_.last_sequence + 1)});
  }
  auto transaction = begin(environment_, 0);
  if (!transaction) return std::unexpected(transaction.error());
  Header header = header_;
  if (auto put = put_events(transaction->get(), events, header); !put) return put;
  std::vector<Snapshot> snapshots = snapshots_;
  UpkeepTransaction tending(transaction->get(), records_, snapshot_chunks_, header, snapshots,
                            limits);
  const auto done = tending.run(upkeep);
  if (!done) return std::unexpected(done.error());
  if (auto put = put_header(transaction->get(), header); !put) return put;
  if (const int code = mdb_txn_commit(transaction->release()); code != MDB_SUCCESS) {
    return std::unexpected(failed(code, "commit to"));
  }
  header_ = header;
  snapshots_ = std::move(snapshots);
  upkeep.erase(upkeep.begin(), upkeep.begin() + static_cast<std::ptrdiff_t>(*done));
  return {};
}

std::expected<void, Error> Store::put_events(MDB_txn* transaction, const EncodedEvents& events,
                                             Header& header) {
  MDB_cursor* cursor = nullptr;  // ends with the transaction
  if (const int code = mdb_cursor_open(transaction, records_, &cursor); code != 0) {
    return std::unexpected(failed(code, "append to"));
  }
  for (std::size_t i = 0; i < events.size(); ++i) {
    const std::uint64_t sequence = ++header.last_sequence;
    if (const int code = put_record(cursor, header.journal_id, sequence, events[i]); code != 0) {
      return std::unexpected(failed(code, "append to"));
    }
  }
  return {};
}

std::expected<void, Error> Store::put_header(MDB_txn* transaction, Header& header) {
  const int code = journal::put_header(transaction, main_, header);
  if (code != MDB_SUCCESS) return std::unexpected(failed(code, "write the header of"));
  return {};
}

std::expected<void, Error> Store::clear_dead_readers() {
  const int code = mdb_reader_check(environment_.get(), nullptr);
  if (code != MDB_SUCCESS) return std::unexpected(failed(code, "clear the dead readers of"));
  return {};
}

std::uint64_t Store::file_bytes() const {
  MDB_envinfo info{};
  MDB_stat stat{};
  mdb_env_info(environment_.get(), &info);
  mdb_env_stat(environment_.get(), &stat);
  return (std::uint64_t{info.me_last_pgno} + 1) * stat.ms_psize;
}

Error Store::failed(int code, std::string_view what) const {
  return lmdb_error(code, fmt::format("{} the journal in {}", what, directory_));
}

}  // namespace muster::journal
