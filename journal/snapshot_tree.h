// The snapshots of a journal's file, as one transaction left them.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "journal/contents.h"
#include "journal/error.h"
#include "journal/page_file.h"
#include "journal/reader.h"

namespace muster::journal {

struct SnapshotList {
  std::vector<Snapshot> whole;            // ascending
  std::vector<std::uint64_t> unfinished;  // sequences of those without a description, ascending
};

/// kCorrupt also when the journal has been trimmed beyond the newest whole one (then no state can
/// be made of it), or when one that history still reaches back to is not whole.
std::expected<SnapshotList, Error> list_snapshots(const PageFile& file, const Contents& contents);

/// Of a damaged journal, those whose description can be read, ascending. Where the tree itself is
/// damaged the list ends.
std::vector<Snapshot> sound_snapshots(const PageFile& file, const Contents& contents);

/// The snapshot at `sequence`, if it is there and whole.
std::expected<std::optional<Snapshot>, Error> find_snapshot(const PageFile& file,
                                                            const Contents& contents,
                                                            std::uint64_t sequence);

/// Replaces `bytes` by a chunk of a whole snapshot. kCorrupt, with its sequence, when it is missing
/// or damaged.
std::expected<void, Error> read_snapshot_chunk(const PageFile& file, const Contents& contents,
                                               std::uint64_t sequence, std::uint32_t chunk,
                                               std::string& bytes);

}  // namespace muster::journal
