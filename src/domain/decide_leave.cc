// The ends of a seat: leave, expiry, removal by an operator. Its partitions become free; those that
// another live member waits for are granted in the same unit. Offsets are never touched.

#include "domain/decide.h"
#include "domain/grants.h"
#include "domain/names.h"
#include "domain/refuse.h"

namespace muster::domain {
namespace {

Decision end_seat(const State& state, const Group& group, const Member& member, EventBody event) {
  Decision decision;
  decision.events.push_back(std::move(event));
  Grants grants(group, member.seat);
  for (const TopicPartition& at : member.held) grants.freed(at);
  grants.append_to(decision.events, state.fence_base);
  return decision;
}

}  // namespace

Decided decide(const State& state, const LeaveGroup& command, Now now) {
  if (auto refused = refuse_name("group", command.group, now.limits))
    return std::unexpected(*refused);
  const Group* group = state.group(command.group);
  if (group == nullptr) return Decision{};  // absent: success without effect (§4 rule 6)
  const Member* member = group->member(command.member_id);
  if (member == nullptr || member->incarnation != command.incarnation) return Decision{};
  if (!command.presence.bound_here) return refuse_not_bound(command.group, command.member_id);

  return end_seat(state, *group, *member,
                  MemberLeft{.group = group->name,
                             .seat = member->seat,
                             .member_id = member->member_id,
                             .removed = false});
}

Decided decide(const State& state, const RemoveMember& command, Now now) {
  if (auto refused = refuse_name("group", command.group, now.limits))
    return std::unexpected(*refused);
  if (auto refused = refuse_name("member", command.member_id, now.limits)) {
    return std::unexpected(*refused);
  }
  const Group* group = state.group(command.group);
  if (group == nullptr) return refuse_unknown_group(command.group);
  const Member* member = group->member(command.member_id);
  if (member == nullptr) {
    return refuse(ErrorCode::kUnknownMember, "Group '", command.group, "' has no member '",
                  command.member_id, "': see muster group describe.");
  }

  return end_seat(state, *group, *member,
                  MemberLeft{.group = group->name,
                             .seat = member->seat,
                             .member_id = member->member_id,
                             .removed = true});
}

Decided decide(const State& state, const ExpireMember& command, Now) {
  const Group* group = state.group(command.group);
  const Member* member = group == nullptr ? nullptr : group->member(command.seat);
  if (member == nullptr) return Decision{};  // it left in the same turn

  return end_seat(state, *group, *member,
                  MemberExpired{.group = group->name,
                                .seat = member->seat,
                                .member_id = member->member_id,
                                .reason = command.reason});
}

}  // namespace muster::domain
