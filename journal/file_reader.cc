#include "journal/file_reader.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <future>
#include <optional>
#include <utility>
#include <vector>

#include "journal/record.h"
#include "journal/snapshot_tree.h"
#include "journal/structure.h"
#include "journal/tree_cursor.h"
#include "journal/writer_lock.h"

namespace muster::journal {
namespace {

constexpr std::size_t kChunkRecords = 4'096;
constexpr std::size_t kChunkBytes = std::size_t{4} << 20;

// Between a writer's two meta pages, or two of its commits, a view can't be had: try again.
// What still fails then is damage.
constexpr int kViewAttempts = 1'000;

std::string path_in(const std::string& directory, std::string_view file) {
  return fmt::format("{}/{}", directory, file);
}

Error bad_record(std::uint64_t sequence, const std::string& message) {
  return Error{.fault = Fault::kCorrupt, .message = message, .first_bad_sequence = sequence};
}

}  // namespace

/// Records copied out of one view.
struct FileReader::Chunk {
  std::string bytes;
  std::vector<std::size_t> ends;  // of each record, in `bytes`
  std::optional<Error> stopped_by;
};

std::expected<FileReader, Error> FileReader::open(const std::string& directory) {
  return open(directory, nullptr);
}

std::expected<FileReader, Error> FileReader::open(const std::string& directory,
                                                  Environment environment) {
  auto file = PageFile::open(path_in(directory, kDataFile));
  if (!file && file.error().fault == Fault::kMissing) {
    return std::unexpected(Error{
        .fault = Fault::kMissing,
        .message = fmt::format("there is no journal in {}: --data-dir must name the directory of a "
                               "musterd, or a copy of it",
                               directory)});
  }
  if (!file) return std::unexpected(file.error());
  return FileReader(directory, std::move(*file), std::move(environment));
}

/// Enters LMDB's table of readers if there is one. Without it no writer ever was here, and a file
/// that was replaced has none any more.
std::expected<void, Error> FileReader::join_readers() {
  if (environment_ || file_.replaced()) return {};
  const std::string table = path_in(directory_, kReadersFile);
  if (::access(table.c_str(), F_OK) != 0) return {};
  if (::access(table.c_str(), R_OK | W_OK) != 0) {
    if (!has_writer(directory_)) return {};
    return std::unexpected(Error{
        .fault = Fault::kSystem,
        .message = fmt::format("cannot read beside the live daemon: {}: {}. Its readers must be "
                               "able to write to that file; run as the daemon's user",
                               table, std::strerror(errno))});
  }
  const auto identity = identity_of(table);
  auto opened = open_environment(directory_, MDB_RDONLY, 0);
  if (!opened) return std::unexpected(opened.error());
  if (file_.replaced()) return {};  // in between: what was opened is the other file's
  environment_ = std::move(*opened);
  readers_table_ = identity;
  return {};
}

/// Compacting renames the new file into place, and removes the table of readers a moment later: a
/// reader that came between the two is in a table that no writer looks at, and that says nothing of
/// what a writer does.
void FileReader::leave_former_table() {
  if (!readers_table_ || identity_of(path_in(directory_, kReadersFile)) == readers_table_) return;
  environment_.reset();
  readers_table_.reset();
}

std::expected<FileReader::View, Error> FileReader::try_view() {
  // LMDB is let near the file only when its meta pages are sound.
  if (auto metas = file_.metas(); !metas) return std::unexpected(metas.error());
  leave_former_table();
  if (auto joined = join_readers(); !joined) return std::unexpected(joined.error());
  View view{};
  if (environment_) {
    auto held = begin(environment_, MDB_RDONLY);
    if (!held) return std::unexpected(held.error());
    view.held = std::move(*held);
  }
  const auto metas = file_.metas();
  if (!metas) return std::unexpected(metas.error());
  if (!view.held) {
    view.meta = newest(*metas);
    return view;
  }
  const std::uint64_t transaction = mdb_txn_id(view.held.get());
  view.meta = (*metas)[transaction & 1];
  if (view.meta.transaction != transaction) {
    return std::unexpected(file_.corrupt("its newest transaction cannot be found"));
  }
  return view;
}

std::expected<FileReader::View, Error> FileReader::view() {
  for (int attempt = 1;; ++attempt) {
    auto taken = try_view();
    if (taken || taken.error().fault != Fault::kCorrupt || attempt == kViewAttempts) {
      return taken;
    }
  }
}

std::expected<Header, Error> FileReader::header() {
  const auto taken = view();
  if (!taken) return std::unexpected(taken.error());
  const auto contents = read_contents(file_, taken->meta);
  if (!contents) return std::unexpected(contents.error());
  return contents->header;
}

std::expected<void, Error> FileReader::check_structure() {
  const auto taken = view();
  if (!taken) return std::unexpected(taken.error());
  const auto contents = read_contents(file_, taken->meta);
  if (!contents) return std::unexpected(contents.error());
  if (auto counted = check_count(file_, *contents); !counted) return counted;
  return journal::check_structure(file_, taken->meta);
}

std::expected<void, Error> FileReader::copy_records(std::uint64_t from, std::uint64_t to,
                                                    Chunk& chunk) {
  const auto taken = view();
  if (!taken) return std::unexpected(taken.error());
  const auto contents = read_contents(file_, taken->meta);
  if (!contents) return std::unexpected(contents.error());
  const Header& header = contents->header;
  if (from < header.first_sequence) {
    return std::unexpected(Error{.fault = Fault::kMissing,
                                 .message = fmt::format("the journal begins with sequence {}: what "
                                                        "was before, {} too, has been trimmed",
                                                        header.first_sequence, from)});
  }
  TreeCursor cursor(file_, contents->records);
  std::string value;
  auto more = cursor.seek({sequence_key(from).data(), kSequenceKeyBytes});
  for (std::uint64_t sequence = from; sequence <= to; ++sequence) {
    if (!more) return std::unexpected(bad_record(sequence, more.error().message));
    if (!*more || sequence_of(cursor.key()) != sequence) {
      return std::unexpected(bad_record(
          sequence, file_.corrupt(fmt::format("record {} is missing", sequence)).message));
    }
    if (auto copied = cursor.value(value); !copied) {
      return std::unexpected(bad_record(sequence, copied.error().message));
    }
    const auto bytes = checked_bytes(header.journal_id, sequence, value);
    if (!bytes || cursor.value_is_tree()) {
      return std::unexpected(bad_record(
          sequence, file_.corrupt(fmt::format("the checksum of record {} does not match", sequence))
                        .message));
    }
    chunk.bytes.append(*bytes);
    chunk.ends.push_back(chunk.bytes.size());
    if (chunk.ends.size() == kChunkRecords || chunk.bytes.size() >= kChunkBytes) break;
    more = cursor.next();
  }
  return {};
}

FileReader::Chunk FileReader::read_chunk(std::uint64_t from, std::uint64_t to, Chunk chunk) {
  chunk.bytes.clear();
  chunk.ends.clear();
  if (auto copied = copy_records(from, to, chunk); !copied) {
    chunk.stopped_by = std::move(copied.error());
    if (chunk.stopped_by->first_bad_sequence == 0) {
      chunk.stopped_by->first_bad_sequence = from + chunk.ends.size();
    }
  }
  return chunk;
}

std::expected<void, Error> FileReader::read(std::uint64_t from, std::uint64_t to,
                                            const Sink& sink) {
  const auto now = header();
  if (!now) return std::unexpected(now.error());
  const std::uint64_t last = std::min(to, now->last_sequence);
  Chunk spare;
  std::future<Chunk> ahead;
  for (std::uint64_t next = from; next <= last;) {
    Chunk chunk = ahead.valid() ? ahead.get() : read_chunk(next, last, std::move(spare));
    const std::uint64_t after = next + chunk.ends.size();
    // The first chunk is waited for alone: who wants no more than that pays for no thread.
    if (next > from && !chunk.stopped_by && after <= last) {
      ahead = std::async([this, after, last, free = std::move(spare)]() mutable {
        return read_chunk(after, last, std::move(free));
      });
    }
    std::size_t start = 0;
    for (const std::size_t end : chunk.ends) {
      if (!sink(next, std::string_view(chunk.bytes).substr(start, end - start))) return {};
      start = end;
      ++next;
    }
    if (chunk.stopped_by) return std::unexpected(std::move(*chunk.stopped_by));
    spare = std::move(chunk);
  }
  return {};
}

std::expected<FileReader::Inventory, Error> FileReader::inventory() {
  const auto taken = view();
  if (!taken) return std::unexpected(taken.error());
  const auto contents = read_contents(file_, taken->meta);
  if (!contents) return std::unexpected(contents.error());
  auto list = list_snapshots(file_, *contents);
  if (!list) return std::unexpected(list.error());
  return Inventory{.header = contents->header,
                   .snapshots = std::move(list->whole),
                   .unfinished = std::move(list->unfinished),
                   .record_bytes = bytes_of(contents->records)};
}

std::expected<std::uint64_t, Error> FileReader::record_bytes() {
  const auto taken = view();
  if (!taken) return std::unexpected(taken.error());
  const auto contents = read_contents(file_, taken->meta);
  if (!contents) return std::unexpected(contents.error());
  return bytes_of(contents->records);
}

std::uint64_t FileReader::bytes_of(const lmdb::Tree& tree) const {
  return (tree.branch_pages + tree.leaf_pages + tree.overflow_pages) * file_.page_bytes();
}

std::expected<std::vector<Snapshot>, Error> FileReader::snapshots() {
  auto all = inventory();
  if (!all) return std::unexpected(all.error());
  return std::move(all->snapshots);
}

std::expected<std::vector<Snapshot>, Error> FileReader::sound_snapshots() {
  const auto taken = view();
  if (!taken) return std::unexpected(taken.error());
  const auto contents = read_contents(file_, taken->meta);
  if (!contents) return std::unexpected(contents.error());
  return journal::sound_snapshots(file_, *contents);
}

std::expected<Snapshot, Error> FileReader::copy_chunk(std::uint64_t sequence, std::uint32_t chunk,
                                                      std::string& bytes) {
  const auto taken = view();
  if (!taken) return std::unexpected(taken.error());
  const auto contents = read_contents(file_, taken->meta);
  if (!contents) return std::unexpected(contents.error());
  const auto snapshot = find_snapshot(file_, *contents, sequence);
  if (!snapshot) return std::unexpected(snapshot.error());
  if (!*snapshot) {
    return std::unexpected(Error{
        .fault = Fault::kMissing,
        .message = fmt::format("the journal in {} has no snapshot at sequence {}: those that are "
                               "older than its history are dropped",
                               directory_, sequence)});
  }
  bytes.clear();
  if (chunk >= (*snapshot)->chunks) return **snapshot;
  if (auto read = read_snapshot_chunk(file_, *contents, sequence, chunk, bytes); !read) {
    return std::unexpected(read.error());
  }
  return **snapshot;
}

std::expected<void, Error> FileReader::read_snapshot(std::uint64_t sequence, const Sink& sink) {
  std::string bytes;
  std::uint64_t total_bytes = 0;
  for (std::uint32_t chunk = 0;; ++chunk) {
    const auto snapshot = copy_chunk(sequence, chunk, bytes);
    if (!snapshot) return std::unexpected(snapshot.error());
    total_bytes += bytes.size();
    const bool ended = chunk >= snapshot->chunks;
    if (ended ? total_bytes != snapshot->bytes : total_bytes > snapshot->bytes) {
      return std::unexpected(bad_record(
          sequence, file_
                        .corrupt(fmt::format(
                            "the snapshot at sequence {} is not as long as it says", sequence))
                        .message));
    }
    if (ended || !sink(chunk, bytes)) return {};
  }
}

}  // namespace muster::journal
