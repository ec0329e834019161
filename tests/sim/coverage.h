// What a run has reached: kinds of events, refusals, requests, pushes and faults. A simulator that
// never meets a case proves nothing about it, so the seeds of the check must reach them all.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace muster::sim {

/// What the world did to the coordinator and its clients.
enum class Fault : std::uint8_t {
  kCrashBeforeBatch,  // a batch in flight is lost
  kCrashAfterBatch,   // it was durable, and nobody was told
  kCrashIdle,         // nothing in flight
  kStagedLost,        // events decided, folded and never sent to the disk
  kCutReplies,        // the crash cut what was on its way to clients
  kGracefulRestart,
  kCoordinatorStopped,
  kHostSuspended,
  kWallJump,
  kSlowDisk,
  kFullDisk,
  kConnectionReset,
  kHalfOpen,
  kSplitBytes,
  kJoinedBytes,  // several frames in one read
  kDelayedBytes,
  kSlowReader,
  kWorkerKilled,
  kWorkerVanished,  // with its host: nobody sees the connection end
  kWorkerStopped,
  kWorkerLeft,
  kWorkerClosed,
  kTwin,
  kTakeover,
  kGarbage,
  kReplyLost,
  kLeaseLapsed,
  kWorkerStuck,     // its application makes no progress, its heartbeats go on
  kStuckGivesBack,  // what it had, in its place
  kStuckGoesOn,
  kTightDisk,  // room for this unit, none for the next
  kLeaderLate,
  kLeaderWrong,
  kLeaderGone,    // while it was asked
  kLeaderUnable,  // it computes no plans
  kLeaderAskedAgain,
  kPlanInSlices,
  kPlanOutdated,  // the group changed while its plan was computed or applied
  kPlanCutOff,    // a crash or an operator ended a plan between two slices
  kPlanLost,      // a crash while plans were computed
  kRestored,
  kRottenByte,  // of a record, found when it is read
  kStartFromSnapshot,
  kTrimmed,
  kTrimmedListed,  // events were asked for that were trimmed
  kOwnerRewinds,
  kResetFenced,         // a member did not hand back for a live reset
  kResetOwnerGone,      // it left or expired instead
  kResetAcrossRestart,  // the coordinator went down while it waited
  kCount,
};

class Coverage {
 public:
  void event(std::size_t kind) { ++events_.at(kind); }
  void refusal(std::size_t code) {
    if (code < refusals_.size()) ++refusals_[code];
  }
  void request(std::size_t kind) {
    if (kind < requests_.size()) ++requests_[kind];
  }
  void message(std::size_t kind) { ++messages_.at(kind); }
  void strategy(const std::string& name) { ++strategies_[name]; }
  void fault(Fault fault) { ++faults_.at(static_cast<std::size_t>(fault)); }

  void add(const Coverage& other);
  /// Names of what was never reached.
  std::vector<std::string> missing() const;
  /// One line a mark, with how often it was reached.
  std::string table() const;

 private:
  static constexpr std::size_t kRoom = 64;
  using Counts = std::array<std::uint64_t, kRoom>;
  template <typename Visit>
  void each(Visit visit) const;

  Counts events_{};
  Counts refusals_{};
  Counts requests_{};
  Counts messages_{};
  std::map<std::string, std::uint64_t> strategies_;
  std::array<std::uint64_t, static_cast<std::size_t>(Fault::kCount)> faults_{};
};

}  // namespace muster::sim
