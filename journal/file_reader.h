// Reads the journal in a directory: beside a live daemon, after it died, or a copy of it on a
// read-only disk. Takes no writer's lock and creates nothing.
//
// While a writer may be at work, each chunk, of records or of a snapshot, is read under a short
// transaction of LMDB's, which does nothing but keep the writer from reusing the chunk's pages; the
// pages themselves are read by page_file.h. Nothing is handed out within such a transaction:
// whoever takes long over it would make the file grow. A long reading of records is done on a
// thread of its own, a chunk ahead of who takes it.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "journal/contents.h"
#include "journal/environment.h"
#include "journal/file_identity.h"
#include "journal/page_file.h"
#include "journal/reader.h"

namespace muster::journal {

class FileReader : public Reader {
 public:
  /// kMissing, kCorrupt, kSystem.
  static std::expected<FileReader, Error> open(const std::string& directory);

  /// For the process that writes to the journal: LMDB allows one environment a process.
  static std::expected<FileReader, Error> open(const std::string& directory,
                                               Environment environment);

  std::expected<Header, Error> header() override;
  /// `sink` must not call this reader.
  std::expected<void, Error> read(std::uint64_t from, std::uint64_t to, const Sink& sink) override;
  std::expected<std::vector<Snapshot>, Error> snapshots() override;
  /// Of a damaged journal, those whose description can be read, ascending.
  std::expected<std::vector<Snapshot>, Error> sound_snapshots();
  std::expected<void, Error> read_snapshot(std::uint64_t sequence, const Sink& sink) override;

  /// Whether another file has taken the journal's place, so that this one will not go on: it was
  /// compacted or restored. Open it again.
  bool replaced() const { return file_.replaced(); }

  /// What the journal holds, as one transaction left it.
  struct Inventory {
    Header header;
    std::vector<Snapshot> snapshots;        // the whole ones, ascending
    std::vector<std::uint64_t> unfinished;  // the sequences of those that are not
    std::uint64_t record_bytes = 0;         // that the records take in the file
  };
  std::expected<Inventory, Error> inventory();
  /// What the records take in the file, whatever the snapshots are like.
  std::expected<std::uint64_t, Error> record_bytes();

  /// check_structure of structure.h, and whether the header counts the records right. It holds the
  /// file's pages all the while, so beside a live
  /// daemon, which has checked them when it started, it is not worth its price.
  std::expected<void, Error> check_structure();

 private:
  /// The newest transaction, and what keeps its pages from being reused.
  struct View {
    Transaction held;  // empty when there is no writer
    lmdb::Meta meta;
  };
  struct Chunk;

  FileReader(std::string directory, PageFile file, Environment environment)
      : directory_(std::move(directory)),
        file_(std::move(file)),
        environment_(std::move(environment)) {}

  std::expected<void, Error> join_readers();
  void leave_former_table();
  std::expected<View, Error> view();
  std::expected<View, Error> try_view();
  std::expected<void, Error> copy_records(std::uint64_t from, std::uint64_t to, Chunk& chunk);
  /// Into the memory of `chunk`, which is used again.
  Chunk read_chunk(std::uint64_t from, std::uint64_t to, Chunk chunk);
  /// The snapshot's description; `bytes` stay empty behind its last chunk.
  std::expected<Snapshot, Error> copy_chunk(std::uint64_t sequence, std::uint32_t chunk,
                                            std::string& bytes);

  std::uint64_t bytes_of(const lmdb::Tree& tree) const;

  std::string directory_;
  PageFile file_;
  Environment environment_;                    // null: no writer was seen yet
  std::optional<FileIdentity> readers_table_;  // that the environment was opened with
};

}  // namespace muster::journal
