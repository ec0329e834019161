// A trace: all that a process did to the files under one directory, in order, and what its clients
// knew by then. The recorder within the process appends to it, and so does the test that plays the
// clients; an append to a file is atomic, so the order of the entries is the order of events.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace muster::power_loss {

/// Environment variables that the recorder obeys: the trace's file, and the directory to watch.
inline constexpr const char* kTraceVariable = "MUSTER_POWER_LOSS_TRACE";
inline constexpr const char* kRootVariable = "MUSTER_POWER_LOSS_ROOT";

enum class Kind : std::uint32_t {
  kCreate,         // an empty file `file` under the path in `bytes`
  kMakeDirectory,  // the path in `bytes`
  kRename,         // of `file`; `bytes`: from, '\0', to
  kRemove,         // the path in `bytes`
  kWrite,          // `bytes` into `file` at `offset`
  kSyncedWrite,    // the same through a descriptor that was opened O_DSYNC or O_SYNC
  kResize,         // `file` has now `offset` bytes
  kSync,           // all of `file` is on the disk
  kSyncRange,      // no more than what a synced write wrote; only within this program
  kSyncDirectory,  // the entries of the directory in `bytes` are on the disk
  kUnseen,         // the file in `bytes` is written to by means that can't be recorded
  kAcknowledged,   // `bytes`: an Acknowledgement
};

struct EntryHeader {
  Kind kind;
  std::uint32_t byte_count;
  std::uint64_t file;  // its inode; 0 where there is none
  std::uint64_t offset;
};

/// What a reply promised.
struct Acknowledgement {
  std::uint64_t sequence;  // all events up to here are durable
  std::int64_t offset;     // of a commit
  std::int32_t partition;  // -1: it was none
};

struct Entry {
  EntryHeader header;
  std::string bytes;
};

/// All entries of a trace, each synced write as a write and a kSyncRange: the power may fail
/// between the two.
std::vector<Entry> read_trace(const std::string& path);

/// Appends what a client learned.
void append_acknowledgement(const std::string& path, const Acknowledgement& learned);

}  // namespace muster::power_loss
