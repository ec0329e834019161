// Deadlines that are nobody's wish. The revocation deadline passed: the partition is fenced, not
// the member, and goes on to its target in the same unit. The quiet time passed: it is over.

#include <map>
#include <set>

#include "domain/decide.h"
#include "domain/grants.h"

namespace muster::domain {

Decided decide(const State& state, const FencePartitions& command, Now) {
  const Group* group = state.group(command.group);
  if (group == nullptr) return Decision{};

  // What was released or ended meanwhile is not fenced again.
  std::map<SeatId, std::vector<TokenRef>> by_owner;
  std::set<TopicPartition> freed;
  for (const TokenRef& token : command.tokens) {
    const PartitionState* partition = group->partition(token.at);
    if (partition == nullptr || partition->phase != Phase::kRevoking) continue;
    if (partition->fence != token.fence || !freed.insert(token.at).second) continue;
    by_owner[partition->owner].push_back(token);
  }

  Decision decision;
  for (auto& [seat, tokens] : by_owner) {
    const Member& member = *group->member(seat);
    decision.events.emplace_back(PartitionsFenced{.group = group->name,
                                                  .seat = seat,
                                                  .member_id = member.member_id,
                                                  .incarnation = member.incarnation,
                                                  .tokens = std::move(tokens)});
  }
  Grants grants(*group);
  for (const TopicPartition& at : freed) grants.freed(at);
  grants.append_to(decision.events, state.fence_base);
  return decision;
}

Decided decide(const State& state, const EndQuietTime&, Now) {
  Decision decision;
  if (state.quiet_time_ms != 0) decision.events.emplace_back(QuietTimeEnded{});
  return decision;
}

}  // namespace muster::domain
