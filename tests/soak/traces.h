// What the workers of a soak saw, by one clock, held against itself and against the journal.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "end_to_end/ownership.h"

namespace muster::soak {

/// The lines of one worker process (tests/end_to_end/worker.cc), from its start to its end.
struct Trace {
  std::string member_id;
  std::vector<std::string> lines;
};

/// A commit that a worker was told is done, or that the journal has: topic/partition, offset,
/// token.
using Commit = std::tuple<std::string, std::int64_t, std::uint64_t>;

/// Everything in `traces` that single-owner and fence-rises forbid, one sentence each.
///
/// A worker says between which two moments its client let it work under which token. Its client
/// decides that at one moment between them, so that whatever another worker was told before both
/// was told before. Hence, of a partition:
///
/// - no client lets its process work under a token after another process was told a later one: by
///   then its lease has to be over, or it has been asked back and has released (client rules 1, 3);
/// - a token is one process's;
/// - a process is assigned it under higher and higher tokens, and works under none that it was told
///   is lost (client rule 2).
///
/// That a pause, loss or release was said before the next owner began is not asked: a process that
/// is stopped says it late, and does nothing meanwhile.
std::vector<std::string> contradictions(const std::vector<Trace>& traces);

/// What workers were told of the partitions of `topic` that the journal knows otherwise: each token
/// is of a grant of that partition to that member. Tokens before `first_sequence`, whose grants a
/// journal no longer has, are passed over.
std::vector<std::string> not_granted(const std::vector<Trace>& traces,
                                     const e2e::OwnershipHistory& history, const std::string& group,
                                     std::uint64_t first_sequence);

std::set<Commit> acknowledged_commits(const std::vector<Trace>& traces);
std::set<Commit> journaled_commits(const std::vector<nlohmann::json>& log,
                                   const std::string& topic);

/// How often a client let its process work.
std::size_t times_at_work(const std::vector<Trace>& traces);

}  // namespace muster::soak
