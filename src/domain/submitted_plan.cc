#include "domain/submitted_plan.h"

#include <absl/container/flat_hash_map.h>

#include <algorithm>

#include "domain/names.h"
#include "domain/refuse.h"

namespace muster::domain {
namespace {

std::unexpected<Rejection> refuse_stale(const SubmitPlan& command, std::string_view why) {
  return refuse(ErrorCode::kStalePlan, "The plan for group '", command.group,
                "' was made for membership ", command.membership, ", but ", why,
                ": wait for the next PlanWanted.");
}

template <typename... Pieces>
std::unexpected<Rejection> refuse_plan(const SubmitPlan& command, const Pieces&... pieces) {
  return refuse(ErrorCode::kInvalidPlan, "The plan for group '", command.group, "' ", pieces...,
                ". The coordinator plans this round itself.");
}

/// Fills in one topic of the plan.
class TopicFilling {
 public:
  TopicFilling(const SubmitPlan& command, const PlannedOwners& planned,
               const std::vector<MemberIndex>& members, const std::vector<MemberIndex>& subscribers)
      : command_(command), planned_(planned), members_(members), subscribers_(subscribers) {}

  std::expected<void, Rejection> fill(std::vector<MemberIndex>& owners) const {
    for (const PlannedOwner& one : planned_.owners) {
      if (one.partition < 0 || static_cast<std::size_t>(one.partition) >= owners.size()) {
        return refuse_plan(command_, "names partition ", one.partition, " of topic '",
                           planned_.topic, "', which has partitions 0 to ", owners.size() - 1);
      }
      if (one.member >= members_.size()) {
        return refuse_plan(command_, "gives ", planned_.topic, "/", one.partition,
                           " to member number ", one.member, " of a list of ", members_.size());
      }
      const MemberIndex member = members_[one.member];
      if (!std::ranges::binary_search(subscribers_, member)) {
        return refuse_plan(command_, "gives ", planned_.topic, "/", one.partition, " to '",
                           command_.members[one.member],
                           "', which does not subscribe to it or drains");
      }
      MemberIndex& owner = owners[static_cast<std::size_t>(one.partition)];
      if (owner != kUnassigned) {
        return refuse_plan(command_, "names ", planned_.topic, "/", one.partition, " twice");
      }
      owner = member;
    }
    return {};
  }

 private:
  const SubmitPlan& command_;
  const PlannedOwners& planned_;
  const std::vector<MemberIndex>& members_;
  const std::vector<MemberIndex>& subscribers_;
};

/// The plan's list of members, in the numbers of the input.
std::expected<std::vector<MemberIndex>, Rejection> members_of(const SubmitPlan& command,
                                                              const Group& group,
                                                              const PlanInput& input) {
  absl::flat_hash_map<SeatId, MemberIndex> indexes;  // looked up, never iterated
  for (std::size_t i = 0; i < input.seats.size(); ++i) {
    indexes[input.seats[i]] = static_cast<MemberIndex>(i);
  }
  std::vector<MemberIndex> members;
  members.reserve(command.members.size());
  for (const std::string& member_id : command.members) {
    const auto seat = group.seats.find(member_id);
    if (seat == group.seats.end()) {
      return refuse_plan(command, "names member '", quotable(member_id), "', a stranger");
    }
    members.push_back(indexes.at(seat->second));
  }
  return members;
}

std::expected<void, Rejection> refuse_incomplete(const State& state, const SubmitPlan& command,
                                                 const AssignmentInput& input,
                                                 Assignment& assignment) {
  for (std::size_t i = 0; i < assignment.size(); ++i) {
    const AssignmentInput::Topic& topic = input.topics[i];
    std::vector<MemberIndex>& owners = assignment[i];
    const auto is_pinned = [&](std::size_t partition) {
      return std::ranges::binary_search(topic.pins, static_cast<PartitionIndex>(partition), {},
                                        &AssignmentInput::Pin::partition);
    };
    const bool nobody_can = input.subscribers(topic).empty();
    for (std::size_t partition = 0; partition < owners.size() && !nobody_can; ++partition) {
      if (owners[partition] != kUnassigned || is_pinned(partition)) continue;
      return refuse_plan(command, "leaves out ", state.topic(topic.id)->name, "/", partition);
    }
    for (const AssignmentInput::Pin& pin : topic.pins) {
      owners[static_cast<std::size_t>(pin.partition)] = pin.member;
    }
  }
  return {};
}

}  // namespace

std::expected<PlanTask, Rejection> refuse_submitted(const State& state, const SubmitPlan& command,
                                                    Now now) {
  if (auto refused = refuse_name("group", command.group, now.limits)) {
    return std::unexpected(*refused);
  }
  const Group* group = state.group(command.group);
  if (group == nullptr) return refuse_unknown_group(command.group);
  const TokenEnd ended = group->ended_incarnation(command.member_id, command.incarnation);
  if (ended != TokenEnd::kNone) return refuse_ended(ended, command.group, command.member_id);
  const Member* member = group->member(command.member_id);
  if (member == nullptr) return refuse_unknown_member(command.group, command.member_id);
  if (member->incarnation != command.incarnation) {
    return refuse_ended(TokenEnd::kReplaced, command.group, command.member_id);
  }
  if (!command.presence.bound_here) return refuse_not_bound(command.group, command.member_id);
  if (group->strategy != kLeaderStrategy)
    return refuse_stale(command, "it is the coordinator's now");
  if (!group->request || !needs_plan(state, *group)) {
    return refuse_stale(command, "no plan is wanted now");
  }
  if (group->request->member_id != member->member_id) {
    return refuse(ErrorCode::kNotLeader, "Member '", command.member_id, "' of group '",
                  command.group, "' was not asked for the plan: '", group->request->member_id,
                  "' was, the leader.");
  }
  // Who was asked in a seat before this one is not known to be the leader any more.
  const bool same_seat = group->request->leader == member->seat;
  if (!same_seat || group->request->sequence != command.membership ||
      request_outdated(state, *group)) {
    return refuse_stale(command, "the group has changed since");
  }
  return plan_task(state, *group, kLeaderStrategy, {});
}

std::expected<Assignment, Rejection> submitted_assignment(const State& state,
                                                          const SubmitPlan& command,
                                                          const PlanInput& plan) {
  const AssignmentInput& input = plan.input;
  const auto members = members_of(command, *state.group(command.group), plan);
  if (!members) return std::unexpected(members.error());

  absl::flat_hash_map<TopicId, std::size_t> numbers;  // looked up, never iterated
  Assignment assignment;
  for (const AssignmentInput::Topic& topic : input.topics) {
    numbers[topic.id] = assignment.size();
    assignment.emplace_back(static_cast<std::size_t>(topic.partition_count), kUnassigned);
  }
  for (const PlannedOwners& planned : command.topics) {
    const Topic* topic = state.topic(planned.topic);
    const auto number = topic == nullptr ? numbers.end() : numbers.find(topic->id);
    if (number == numbers.end()) {
      return refuse_plan(command, "names topic '", quotable(planned.topic),
                         "', which nobody in it subscribes to");
    }
    const std::size_t i = number->second;
    const TopicFilling filling(command, planned, *members, input.subscribers(input.topics[i]));
    if (auto filled = filling.fill(assignment[i]); !filled) return std::unexpected(filled.error());
  }
  if (auto complete = refuse_incomplete(state, command, input, assignment); !complete) {
    return std::unexpected(complete.error());
  }
  return assignment;
}

}  // namespace muster::domain
