// Says whether a journal that came through a power loss holds all that was acknowledged by then.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "domain/ids.h"
#include "journal/header.h"
#include "trace.h"

namespace muster::power_loss {

/// All that clients knew at one moment.
class Acknowledged {
 public:
  void learn(const Acknowledgement& learned);

  Sequence sequence() const { return sequence_; }
  const std::map<PartitionIndex, std::int64_t>& offsets() const { return offsets_; }

 private:
  Sequence sequence_ = 0;
  std::map<PartitionIndex, std::int64_t> offsets_;  // of the workload's group
};

class Judge {
 public:
  /// `directory`: the journal as it is when no power fails.
  explicit Judge(const std::string& directory);

  /// Reads the journal in `directory`. Empty when it is whole, holds what was acknowledged and
  /// nothing that never was; otherwise what is wrong.
  std::string read(const std::string& directory, const Acknowledged& acknowledged);

  /// Opens it as the daemon does, writes on and closes it. Empty, or what is wrong.
  static std::string write_on(const std::string& directory);

  /// Of the journals read so far, those with a snapshot, and those that had lost their oldest
  /// events by intention.
  int with_snapshots() const { return with_snapshots_; }
  int trimmed() const { return trimmed_; }

 private:
  std::string compare(Sequence sequence, std::string_view bytes);
  std::string compare_digest(Sequence sequence, std::uint64_t digest);

  journal::JournalId journal_id_{};
  // Of every event that any journal ever showed: history may have been trimmed since.
  std::map<Sequence, std::uint64_t> records_;  // hashes
  std::map<Sequence, std::uint64_t> digests_;  // of the state after it
  int with_snapshots_ = 0;
  int trimmed_ = 0;
};

}  // namespace muster::power_loss
