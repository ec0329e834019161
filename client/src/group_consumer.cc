#include "muster/group_consumer.hpp"

#include <algorithm>
#include <exception>
#include <limits>
#include <mutex>
#include <utility>

#include "client/src/transport.h"

namespace muster {
namespace {

constexpr std::uint32_t kDefaultRebalanceTimeoutMs = 60'000;

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
  session.join_timeout_ms = options.join_timeout.count() > 0
                                ? to_ms(options.join_timeout)
                                : session.session_timeout_ms + kDefaultRebalanceTimeoutMs;
  session.call_timeout_ms = to_ms(timeout);
  session.takeover = options.takeover;
  return session;
}

std::optional<std::int64_t> offset_or_nothing(std::int64_t offset) {
  return offset < 0 ? std::nullopt : std::optional(offset);
}

Error unexpected_reply() {
  return make_error(ErrorCode::kInternalError,
                    "The server answered with a message of another kind. Its version may not fit "
                    "this client's.");
}

}  // namespace

class GroupConsumer::Implementation {
 public:
  Implementation(std::shared_ptr<Transport> shared_transport, GroupConsumerOptions given)
      : transport(std::move(shared_transport)),
        options(std::move(given)),
        participant(session_options(options, transport->timeout()), draw_entropy) {
    participant.tell = [this](const Notice& notice) { tell(notice); };
    participant.plan = [this](const PlanNotice& notice) { plan(notice); };
    transport->add(participant);
  }

  template <typename Callback>
  void set(Callback& slot, Callback callback) {
    const std::lock_guard lock(callbacks_mutex);
    slot = std::move(callback);
  }

  /// On the callbacks' thread.
  void tell(const Notice& notice) {
    if (notice.kind == NoticeKind::kEnded) {
      if (const EndedCallback callback = copy_of(on_ended)) callback(notice.why);
      return;
    }
    if (notice.kind == NoticeKind::kWaiting) {
      if (const EndedCallback callback = copy_of(on_waiting)) callback(notice.why);
      return;
    }
    const PartitionCallback callback = copy_of(slot_of(notice.kind));
    if (callback) callback(partition_of(notice));
    if (notice.kind != NoticeKind::kRevoked) return;
    if (callback && !options.release_on_return) return;
    transport->with(participant, [&](Session& session, std::uint64_t now_ms) {
      session.release(now_ms, notice.at, notice.fence, std::nullopt);
    });
  }

  /// On the planner's thread.
  void plan(const PlanNotice& notice) {
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
    const auto made = call(callback, *notice.request);
    if (!made) {
      if (refused) refused(made.error());
      return;
    }
    transport->with(participant, [&](Session& session, std::uint64_t now_ms) {
      session.submit_plan(now_ms, notice.membership, *made);
    });
  }

  /// A planner is the one callback from which an exception is caught: the group has a plan without
  /// it.
  static std::expected<Plan, Error> call(const PlanCallback& callback, const PlanRequest& request) {
    try {
      return callback(request);
    } catch (const std::exception& thrown) {
      return std::unexpected(make_error(
          ErrorCode::kInvalidArgument,
          "on_plan of the group \"" + request.group + "\" threw: " + thrown.what() +
              ". The coordinator plans this round itself when the leader's time is up."));
    }
  }

  Partition partition_of(const Notice& notice) const {
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

  PartitionCallback& slot_of(NoticeKind kind) {
    switch (kind) {
      case NoticeKind::kAssigned:
        return on_assigned;
      case NoticeKind::kRevoked:
        return on_revoked;
      case NoticeKind::kPaused:
        return on_paused;
      case NoticeKind::kResumed:
        return on_resumed;
      case NoticeKind::kLost:
      case NoticeKind::kWaiting:
      case NoticeKind::kEnded:
        break;
    }
    return on_lost;
  }

  template <typename Callback>
  Callback copy_of(const Callback& callback) {
    const std::lock_guard lock(callbacks_mutex);
    return callback;
  }

  const std::shared_ptr<Transport> transport;
  const GroupConsumerOptions options;
  std::mutex callbacks_mutex;
  PartitionCallback on_assigned;
  PartitionCallback on_revoked;
  PartitionCallback on_lost;
  PartitionCallback on_paused;
  PartitionCallback on_resumed;
  EndedCallback on_waiting;
  EndedCallback on_ended;
  PlanCallback on_plan;
  EndedCallback on_plan_refused;
  Participant participant;  // last: its thread calls the others
};

GroupConsumer::GroupConsumer(Client& client, GroupConsumerOptions options)
    : self_(std::make_unique<Implementation>(client.transport_, std::move(options))) {}

GroupConsumer::~GroupConsumer() { close(); }

void GroupConsumer::on_assigned(PartitionCallback callback) {
  self_->set(self_->on_assigned, std::move(callback));
}
void GroupConsumer::on_revoked(PartitionCallback callback) {
  self_->set(self_->on_revoked, std::move(callback));
}
void GroupConsumer::on_lost(PartitionCallback callback) {
  self_->set(self_->on_lost, std::move(callback));
}
void GroupConsumer::on_paused(PartitionCallback callback) {
  self_->set(self_->on_paused, std::move(callback));
}
void GroupConsumer::on_resumed(PartitionCallback callback) {
  self_->set(self_->on_resumed, std::move(callback));
}
void GroupConsumer::on_waiting(EndedCallback callback) {
  self_->set(self_->on_waiting, std::move(callback));
}
void GroupConsumer::on_ended(EndedCallback callback) {
  self_->set(self_->on_ended, std::move(callback));
}
void GroupConsumer::on_plan(PlanCallback callback) {
  self_->set(self_->on_plan, std::move(callback));
  self_->transport->with(self_->participant, [this](Session& session, std::uint64_t) {
    if (!self_->participant.planner) self_->participant.planner.emplace();
    session.compute_plans();
  });
}
void GroupConsumer::on_plan_refused(EndedCallback callback) {
  self_->set(self_->on_plan_refused, std::move(callback));
}

std::expected<void, Error> GroupConsumer::join_group() {
  return self_->transport->run(self_->participant, &Session::join);
}

std::expected<void, Error> GroupConsumer::subscribe(std::vector<std::string> topics,
                                                    std::vector<std::string> patterns) {
  return self_->transport->run(
      self_->participant, [&](Session& session, std::uint64_t now_ms, CallId call) {
        session.subscribe(now_ms, call, std::move(topics), std::move(patterns));
      });
}

std::expected<void, Error> GroupConsumer::leave_group() {
  return self_->transport->run(self_->participant, &Session::leave);
}

void GroupConsumer::close() {
  self_->transport->remove(self_->participant);
  self_->participant.callbacks.stop();
  if (self_->participant.planner) self_->participant.planner->stop();
}

std::expected<void, Error> GroupConsumer::commit_offset(std::string_view topic,
                                                        PartitionIndex partition,
                                                        std::int64_t offset,
                                                        std::string_view metadata) {
  return commit_offsets({{.topic = std::string(topic),
                          .partition = partition,
                          .offset = offset,
                          .metadata = std::string(metadata)}});
}

std::expected<void, Error> GroupConsumer::commit_offsets(std::vector<OffsetCommit> commits) {
  return self_->transport->run(self_->participant,
                               [&](Session& session, std::uint64_t now_ms, CallId call) {
                                 session.commit(now_ms, call, std::move(commits));
                               });
}

std::expected<void, Error> GroupConsumer::release(std::string_view topic, PartitionIndex partition,
                                                  std::optional<std::int64_t> offset,
                                                  std::string_view metadata) {
  const PartitionKey key{std::string(topic), partition};
  using Released = std::expected<void, Error>;
  return self_->transport->with(
      self_->participant, [&](Session& session, std::uint64_t now_ms) -> Released {
        const Held* held = session.holdings().held(key);
        const std::string what = "Releasing " + key.topic + "/" + std::to_string(key.index);
        if (held == nullptr) {
          return std::unexpected(make_error(
              ErrorCode::kNotOwned, what + ": the consumer does not hold it; nothing to release."));
        }
        if (!held->revoking) {
          return std::unexpected(
              make_error(ErrorCode::kInvalidArgument,
                         what + ": nobody asked for it. Release a partition after on_revoked."));
        }
        std::optional<LastCommit> last;
        if (offset) last = {.offset = *offset, .metadata = std::string(metadata)};
        session.release(now_ms, key, held->fence, std::move(last));
        return {};
      });
}

std::expected<std::optional<std::int64_t>, Error> GroupConsumer::fetch_committed_offset(
    std::string_view topic, PartitionIndex partition) {
  const auto committed = fetch_committed(topic, partition);
  if (!committed) return std::unexpected(committed.error());
  if (!*committed) return std::nullopt;
  return (*committed)->offset;
}

std::expected<std::optional<CommittedOffset>, Error> GroupConsumer::fetch_committed(
    std::string_view topic, PartitionIndex partition) {
  const auto reply = self_->transport->call([&] {
    wire::FetchOffsetsT fetch;
    fetch.group = self_->options.group_id;
    auto& name = *fetch.partitions.emplace_back(std::make_unique<wire::PartitionNameT>());
    name.topic = topic;
    name.partition = partition;
    wire::RequestBodyUnion body;
    body.Set(std::move(fetch));
    return body;
  });
  if (!reply) return std::unexpected(reply.error());
  const wire::OffsetsReplyT* offsets = reply->AsOffsetsReply();
  if (offsets == nullptr || offsets->offsets.size() != 1) {
    return std::unexpected(unexpected_reply());
  }
  const wire::CommittedOffsetT& found = *offsets->offsets.front();
  if (found.offset < 0) return std::nullopt;
  return CommittedOffset{.offset = found.offset,
                         .metadata = found.metadata,
                         .commit_time = std::chrono::system_clock::time_point(
                             std::chrono::milliseconds(found.commit_time_ms))};
}

std::expected<void, Error> GroupConsumer::report_end(std::string_view topic,
                                                     PartitionIndex partition, std::int64_t end,
                                                     std::optional<std::int64_t> start) {
  if (end < 0 || start.value_or(0) < 0) {
    return std::unexpected(make_error(ErrorCode::kInvalidArgument,
                                      "A partition can't begin or end at a negative offset."));
  }
  const auto reply = self_->transport->call([&] {
    wire::ReportEndsT report;
    auto& item = *report.items.emplace_back(std::make_unique<wire::EndReportT>());
    item.topic = topic;
    item.partition = partition;
    item.end = end;
    item.start = start.value_or(-1);
    wire::RequestBodyUnion body;
    body.Set(std::move(report));
    return body;
  });
  if (!reply) return std::unexpected(reply.error());
  if (reply->AsDone() == nullptr) return std::unexpected(unexpected_reply());
  return {};
}

std::map<std::string, std::vector<PartitionIndex>> GroupConsumer::assignment() const {
  return self_->transport->with(self_->participant, [](Session& session, std::uint64_t) {
    std::map<std::string, std::vector<PartitionIndex>> assignment;
    for (const auto& [key, held] : session.holdings().all()) {
      assignment[key.topic].push_back(key.index);
    }
    return assignment;
  });
}

std::optional<FencingToken> GroupConsumer::fence(std::string_view topic,
                                                 PartitionIndex partition) const {
  const PartitionKey key{std::string(topic), partition};
  return self_->transport->with(
      self_->participant, [&](Session& session, std::uint64_t) -> std::optional<FencingToken> {
        const Held* held = session.holdings().held(key);
        if (held == nullptr || session.paused()) return std::nullopt;
        return held->fence;
      });
}

bool GroupConsumer::paused() const {
  return self_->transport->with(self_->participant,
                                [](Session& session, std::uint64_t) { return session.paused(); });
}

std::string GroupConsumer::member_id() const {
  return self_->transport->with(
      self_->participant, [](Session& session, std::uint64_t) { return session.member_id(); });
}

Generation GroupConsumer::generation() const {
  return self_->transport->with(
      self_->participant, [](Session& session, std::uint64_t) { return session.generation(); });
}

std::string GroupConsumer::leader() const {
  return self_->transport->with(self_->participant,
                                [](Session& session, std::uint64_t) { return session.leader(); });
}

}  // namespace muster
