// What the member subscribes to, and the plans that it makes as the leader.
#include <map>
#include <utility>

#include "client/src/session.h"
#include "client/src/session_request.h"

namespace muster {

// ---- subscriptions ----------------------------------------------------------------------------

/// A change of subscription is a join of the same incarnation, on the connection that it has or on
/// the next one. What moves by it comes as pushes.
void Session::subscribe(std::uint64_t now_ms, CallId call, std::vector<std::string> topics,
                        std::vector<std::string> patterns) {
  observe(now_ms);
  if (subscribe_call_) {
    answer(call, std::unexpected(make_error(ErrorCode::kInvalidArgument,
                                            "Another subscribe is under way. Call it again when "
                                            "that one has returned.")));
    return;
  }
  if (standing_ == Standing::kOut || standing_ == Standing::kLeaving) {
    options_.topics = std::move(topics);
    options_.patterns = std::move(patterns);
    answer(call, {});
    return;
  }
  subscribe_call_ = {.id = call,
                     .topics = std::move(topics),
                     .patterns = std::move(patterns),
                     .gives_up_at_ms = now_ms + options_.call_timeout_ms};
  if (bound_) join_attempt_at_ms_ = now_ms;
  advance(now_ms);
}

void Session::answer_subscribe(std::expected<void, Error> outcome) {
  if (!subscribe_call_) return;
  answer(subscribe_call_->id, std::move(outcome));
  subscribe_call_.reset();
}

void Session::subscription_accepted(const InFlight& join) {
  if (join.call == 0) return;
  if (!subscribe_call_ || subscribe_call_->id != join.call) {
    resync_ = true;  // its call gave up: the subscription that the application knows of holds
    return;
  }
  options_.topics = std::move(subscribe_call_->topics);
  options_.patterns = std::move(subscribe_call_->patterns);
  unsubscribed_ = join.stands_by;
  answer_subscribe({});
}

/// True: it was the subscription alone that was refused, and the member goes on with the former.
bool Session::subscription_refused(std::uint64_t now_ms, const InFlight& join, const Error& why) {
  if (join.call == 0 || !subscribe_call_ || subscribe_call_->id != join.call) return false;
  if (speaks_of_seat(why) || (why.retriable && !bound_)) return false;
  answer_subscribe(std::unexpected(why));
  join_attempt_at_ms_ = now_ms;
  return true;
}

void Session::give_up_subscribe(std::uint64_t now_ms) {
  if (!subscribe_call_ || now_ms < subscribe_call_->gives_up_at_ms) return;
  answer_subscribe(std::unexpected(
      make_error(ErrorCode::kTimedOut,
                 "The change of subscription was not answered in time: the former one holds. Call "
                 "subscribe again.")));
}

// ---- plans ------------------------------------------------------------------------------------

void Session::plan_wanted(const wire::PlanWantedT& push) {
  if (!plan_pages_ || plan_pages_->membership() != push.membership) plan_pages_.emplace(push);
  plan_pages_->add(push);
  if (push.more) return;
  const auto request = plan_pages_->finish();
  plan_pages_.reset();
  if (request == nullptr) return;  // the coordinator plans itself
  plan_wanted_ = push.membership;
  plan_notices_.push_back({.membership = push.membership, .request = request});
}

void Session::forget_plan() {
  plan_pages_.reset();
  plan_wanted_ = 0;
}

void Session::submit_plan(std::uint64_t now_ms, std::uint64_t membership, const Plan& plan) {
  observe(now_ms);
  if (standing_ != Standing::kSeated || !bound_ || !wants_plan(membership)) return;
  auto submit = speaking_as_member<wire::SubmitPlanT>();
  submit.membership = membership;
  std::map<std::string, std::vector<wire::PlannedOwner>> owners;
  for (const auto& [member_id, topics] : plan) {
    const auto member = static_cast<std::uint32_t>(submit.members.size());
    submit.members.push_back(member_id);
    for (const auto& [topic, partitions] : topics) {
      auto& of_topic = owners[topic];
      for (const PartitionIndex partition : partitions) of_topic.emplace_back(partition, member);
    }
  }
  for (auto& [topic, of_topic] : owners) {
    auto& planned = *submit.topics.emplace_back(std::make_unique<wire::PlannedOwnersT>());
    planned.topic = topic;
    planned.owners = std::move(of_topic);
  }
  plan_wanted_ = 0;
  request(now_ms, RequestKind::kSubmitPlan, std::move(submit));
}

void Session::plan_refused(std::uint64_t now_ms, const Error& why) {
  switch (why.code) {
    case ErrorCode::kStalePlan:  // another request follows, or the round is over
    case ErrorCode::kNotLeader:
    case ErrorCode::kStorageFull:   // the coordinator plans itself when there is room
    case ErrorCode::kShuttingDown:  // the next server asks again
      return;
    case ErrorCode::kUnknownMember:
    case ErrorCode::kFenced:
    case ErrorCode::kMemberRemoved:
    case ErrorCode::kNotBound:
      seat_refused(now_ms, why);
      return;
    default:
      plan_notices_.push_back({.refused = why});
  }
}

}  // namespace muster
