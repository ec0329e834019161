#include "client/src/group_consumer_implementation.h"

#include <algorithm>
#include <exception>
#include <limits>
#include <utility>

namespace muster {
namespace {

constexpr std::chrono::milliseconds kDefaultRebalanceTimeout{60'000};

std::uint32_t to_ms(std::chrono::milliseconds duration) {
  return static_cast<std::uint32_t>(
      std::clamp<std::int64_t>(duration.count(), 0, std::numeric_limits<std::uint32_t>::max()));
}

SessionOptions session_options(const GroupConsumerOptions& options,
                               std::chrono::milliseconds timeout) {
  SessionOptions session;
  session.group = options.group_id;
  session.member_id = options.consumer_id;
  session.topics = options.topics;
  session.patterns = options.patterns;
  session.metadata = options.metadata;
  session.session_timeout_ms = to_ms(options.session_timeout);
  session.disconnect_grace_ms = to_ms(options.disconnect_grace);
  session.rebalance_timeout_ms = to_ms(options.rebalance_timeout);
  session.join_timeout_ms =
      options.join_timeout.count() > 0
          ? to_ms(options.join_timeout)
          : to_ms(std::chrono::milliseconds(session.session_timeout_ms) + kDefaultRebalanceTimeout);
  session.call_timeout_ms = to_ms(timeout);
  session.takeover = options.takeover;
  session.progress_timeout_ms = to_ms(options.progress_timeout);
  session.auto_commit_interval_ms = to_ms(options.auto_commit_interval);
  return session;
}

std::optional<std::int64_t> offset_or_nothing(std::int64_t offset) {
  return offset < 0 ? std::nullopt : std::optional(offset);
}

Partition partition_of(const Notice& notice) {
  Partition partition;
  partition.topic = notice.at.topic;
  partition.index = notice.at.index;
  partition.committed = offset_or_nothing(notice.committed);
  partition.fence = notice.fence;
  if (notice.kind == NoticeKind::kRevoked) {
    const std::uint64_t now_ms = boottime_ms();
    partition.release_within = std::chrono::milliseconds(
        notice.release_by_ms > now_ms ? notice.release_by_ms - now_ms : 0);
  }
  return partition;
}

/// Of the consumer's callbacks the planner is the one from which an exception is caught: the group
/// has a plan without it.
std::expected<Plan, Error> call_planner(const std::function<Plan(const PlanRequest&)>& callback,
                                        const PlanRequest& request) {
  try {
    return callback(request);
  } catch (const std::exception& thrown) {
    return std::unexpected(
        make_error(ErrorCode::kInvalidArgument,
                   "on_plan of the group \"" + request.group + "\" threw: " + thrown.what() +
                       ". The coordinator plans this round itself when the leader's time is up."));
  }
}

}  // namespace

GroupConsumer::Implementation::Implementation(std::shared_ptr<Transport> shared_transport,
                                              GroupConsumerOptions given)
    : transport(std::move(shared_transport)),
      options(std::move(given)),
      participant(session_options(options, transport->timeout()), draw_entropy) {
  participant.tell = [this](const Notice& notice) { tell(notice); };
  participant.plan = [this](const PlanNotice& notice) { plan(notice); };
  transport->add(participant);
}

void GroupConsumer::Implementation::tell(const Notice& notice) {
  switch (notice.kind) {
    case NoticeKind::kEnded:
    case NoticeKind::kLeft:
    case NoticeKind::kWaiting:
    case NoticeKind::kCommitFailed:
      return tell_why(notice);
    default:
      return tell_of_partition(notice);
  }
}

void GroupConsumer::Implementation::tell_why(const Notice& notice) {
  const bool left = notice.kind == NoticeKind::kLeft;
  const bool ended = notice.kind == NoticeKind::kEnded;
  const EndedCallback callback = copy_of(ended                                 ? on_ended
                                         : notice.kind == NoticeKind::kWaiting ? on_waiting
                                                                               : on_commit_failed);
  if (callback && !left) callback(notice.why);
  const auto observing = copy_of(observer);
  if ((ended || left) && observing != nullptr) observing->ended(notice.incarnation, notice.why);
}

/// Whoever works on partitions begins after the application's callback, and ends before it.
void GroupConsumer::Implementation::tell_of_partition(const Notice& notice) {
  const PartitionCallback callback = copy_of(slot_of(notice.kind));
  const auto observing = copy_of(observer);
  const bool observed = observing != nullptr;
  if (observed && notice.kind == NoticeKind::kRevoked) {
    if (!observing->revoked(partition_of(notice))) return;
  }
  if (observed && notice.kind == NoticeKind::kLost) observing->lost(partition_of(notice));
  if (callback) callback(partition_of(notice));
  if (observed && notice.kind == NoticeKind::kAssigned) observing->assigned(partition_of(notice));
  if (observed && notice.kind == NoticeKind::kResumed) observing->resumed();
  if (notice.kind != NoticeKind::kRevoked) return;
  if (callback && !options.release_on_return) return;
  transport->with(participant, [&](Session& session, std::uint64_t now_ms) {
    session.release(now_ms, notice.at, notice.fence, std::nullopt);
  });
}

GroupConsumer::PartitionCallback& GroupConsumer::Implementation::slot_of(NoticeKind kind) {
  switch (kind) {
    case NoticeKind::kAssigned:
      return on_assigned;
    case NoticeKind::kRevoked:
      return on_revoked;
    case NoticeKind::kPaused:
      return on_paused;
    case NoticeKind::kResumed:
      return on_resumed;
    default:
      return on_lost;
  }
}

void GroupConsumer::Implementation::plan(const PlanNotice& notice) {
  const EndedCallback refused = copy_of(on_plan_refused);
  if (notice.request == nullptr) {
    if (refused) refused(notice.refused);
    return;
  }
  const bool outrun = !transport->with(participant, [&](Session& session, std::uint64_t) {
    return session.wants_plan(notice.membership);
  });
  const PlanCallback callback = copy_of(on_plan);
  if (outrun || !callback) return;
  const auto made = call_planner(callback, *notice.request);
  if (!made) {
    if (refused) refused(made.error());
    return;
  }
  transport->with(participant, [&](Session& session, std::uint64_t now_ms) {
    session.submit_plan(now_ms, notice.membership, *made);
  });
}

}  // namespace muster
