// The journal that one daemon writes to: LMDB with its default sync (anything weaker loses what was
// acknowledged), blocking. group_commit.h puts it on a thread of its own.
#pragma once

#include <lmdb.h>

#include <cstdint>
#include <deque>
#include <expected>
#include <string>
#include <utility>
#include <vector>

#include "journal/encoded_events.h"
#include "journal/environment.h"
#include "journal/error.h"
#include "journal/file_reader.h"
#include "journal/header.h"
#include "journal/room.h"
#include "journal/upkeep.h"
#include "journal/writer_lock.h"

namespace muster::journal {

struct StoreOptions {
  /// Address space for the file, and so the most that the journal can hold. It costs nothing until
  /// it is used; where there is less, less is taken.
  std::uint64_t map_bytes = std::uint64_t{1} << 40;
  RoomSettings room;
};

class Store {
 public:
  /// Opens the journal in `directory` for writing, and makes it when the directory is absent or
  /// empty. Checks the whole file's structure first, and refuses a damaged one. The boot number has
  /// risen durably on return.
  static std::expected<Store, Error> open(const std::string& directory,
                                          const StoreOptions& options = {});

  /// As of the last append.
  const Header& header() const { return header_; }

  /// The whole ones, ascending, as of the last append.
  const std::vector<Snapshot>& snapshots() const { return snapshots_; }

  const std::string& directory() const { return directory_; }

  /// For this process; may be used on another thread beside this store, and outlive it.
  std::expected<FileReader, Error> reader() const;

  /// Appends in one transaction: all of the events are durable on return, or none of them
  /// (one-command-one-unit, no-loss). kWrongSequence unless `first_sequence` is the next one.
  /// After another error nothing is known but that: stop, and open the journal again.
  std::expected<void, Error> append(std::uint64_t first_sequence, const EncodedEvents& events);

  /// The same, and does some of `upkeep` in the same transaction; what is done is taken off its
  /// front. There may be no events at all.
  std::expected<void, Error> append(std::uint64_t first_sequence, const EncodedEvents& events,
                                    std::deque<Upkeep>& upkeep, const UpkeepLimits& limits = {});

  /// Gives back the pages that readers hold which ended within a transaction.
  std::expected<void, Error> clear_dead_readers();

  /// Whether only the reserve is left (room.h).
  std::expected<bool, Error> measure_room() { return room_.measure(environment_); }

  /// As large as the file is now, free pages within it too.
  std::uint64_t file_bytes() const;

  /// What was left above the reserve when room was last measured.
  std::uint64_t room_bytes() const { return room_.above_reserve_bytes(); }
  std::uint64_t left_bytes() const { return room_.measured_bytes(); }

 private:
  Store(std::string directory, WriterLock lock, Environment environment, const Header& header,
        std::vector<Snapshot> snapshots, const RoomSettings& room)
      : directory_(std::move(directory)),
        lock_(std::move(lock)),
        environment_(std::move(environment)),
        header_(header),
        snapshots_(std::move(snapshots)),
        room_(room) {}

  std::expected<void, Error> open_trees();
  std::expected<void, Error> put_events(MDB_txn* transaction, const EncodedEvents& events,
                                        Header& header);
  std::expected<void, Error> put_header(MDB_txn* transaction, Header& header);
  Error failed(int code, std::string_view what) const;

  std::string directory_;
  WriterLock lock_;  // given back after the environment is closed
  Environment environment_;
  MDB_dbi main_ = 0;
  MDB_dbi records_ = 0;
  MDB_dbi snapshot_chunks_ = 0;
  Header header_;
  std::vector<Snapshot> snapshots_;
  Room room_;
};

}  // namespace muster::journal
