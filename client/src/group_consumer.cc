#include "muster/group_consumer.hpp"

#include <utility>

#include "client/src/group_consumer_implementation.h"

namespace muster {
namespace {

Error unexpected_reply() {
  return make_error(ErrorCode::kInternalError,
                    "The server answered with a message of another kind. Its version may not fit "
                    "this client's.");
}

Error not_held(const std::string& what) {
  return make_error(ErrorCode::kNotOwned, what + ": the consumer does not hold it.");
}

}  // namespace

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
void GroupConsumer::on_commit_failed(EndedCallback callback) {
  self_->set(self_->on_commit_failed, std::move(callback));
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

// ---- membership -------------------------------------------------------------------------------

namespace {

Transport::Start subscribing(std::vector<std::string> topics, std::vector<std::string> patterns) {
  return [topics = std::move(topics), patterns = std::move(patterns)](
             Session& session, std::uint64_t now_ms, CallId call) {
    session.subscribe(now_ms, call, topics, patterns);
  };
}

Transport::Start committing(std::vector<OffsetCommit> commits) {
  return [commits = std::move(commits)](Session& session, std::uint64_t now_ms, CallId call) {
    session.commit(now_ms, call, commits);
  };
}

}  // namespace

std::expected<void, Error> GroupConsumer::join_group() {
  return self_->transport->run(self_->participant, self_->with_progress(&Session::join));
}

void GroupConsumer::join_group_async(Done done) {
  self_->transport->run_async(self_->participant, self_->with_progress(&Session::join),
                              std::move(done));
}

std::expected<void, Error> GroupConsumer::subscribe(std::vector<std::string> topics,
                                                    std::vector<std::string> patterns) {
  return self_->transport->run(self_->participant, self_->with_progress(subscribing(
                                                       std::move(topics), std::move(patterns))));
}

void GroupConsumer::subscribe_async(std::vector<std::string> topics,
                                    std::vector<std::string> patterns, Done done) {
  self_->transport->run_async(
      self_->participant, self_->with_progress(subscribing(std::move(topics), std::move(patterns))),
      std::move(done));
}

std::expected<void, Error> GroupConsumer::unsubscribe() { return subscribe({}, {}); }

std::expected<void, Error> GroupConsumer::leave_group() {
  return self_->transport->run(self_->participant, &Session::leave);
}

void GroupConsumer::leave_group_async(Done done) {
  self_->transport->run_async(self_->participant, &Session::leave, std::move(done));
}

void GroupConsumer::close() {
  const bool owes = self_->transport->with(
      self_->participant, [](Session& session, std::uint64_t) { return session.owes_commits(); });
  // Whoever wants to know whether it went well calls commit_stored first.
  if (owes) self_->transport->run(self_->participant, &Session::commit_stored);
  self_->transport->remove(self_->participant);
  // Before the callbacks' thread is waited for: it may be waiting for the work of a loop, and this
  // may be called from that work.
  const auto observing = self_->copy_of(self_->observer);
  if (observing != nullptr) observing->closed(closed_consumer());
  std::optional<Callbacks>& planner = self_->participant.planner;
  Callbacks& callbacks = self_->participant.callbacks;
  callbacks.stop();
  if (planner) planner->stop();
  // From within a callback it can't wait for that one, nor for another that may wait for it
  // likewise.
  if (callbacks.is_this_thread() || (planner && planner->is_this_thread())) return;
  callbacks.wait();
  if (planner) planner->wait();
}

// ---- offsets ----------------------------------------------------------------------------------

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
                               self_->with_progress(committing(std::move(commits))));
}

void GroupConsumer::commit_offsets_async(std::vector<OffsetCommit> commits, Done done) {
  self_->transport->run_async(
      self_->participant, self_->with_progress(committing(std::move(commits))), std::move(done));
}

std::expected<void, Error> GroupConsumer::store_offset(OffsetCommit offset) {
  return self_->transport->with(self_->participant, [&](Session& session, std::uint64_t now_ms) {
    session.progress(now_ms, now_ms);
    return session.store(now_ms, offset);
  });
}

std::expected<void, Error> GroupConsumer::commit_stored() {
  return self_->transport->run(self_->participant, self_->with_progress(&Session::commit_stored));
}

void GroupConsumer::commit_stored_async(Done done) {
  self_->transport->run_async(self_->participant, self_->with_progress(&Session::commit_stored),
                              std::move(done));
}

void GroupConsumer::progress() {
  self_->transport->with(self_->participant, [](Session& session, std::uint64_t now_ms) {
    session.progress(now_ms, now_ms);
  });
}

std::expected<void, Error> GroupConsumer::release(std::string_view topic, PartitionIndex partition,
                                                  std::optional<std::int64_t> offset,
                                                  std::string_view metadata) {
  const PartitionKey key{std::string(topic), partition};
  using Released = std::expected<void, Error>;
  return self_->transport->with(
      self_->participant, [&](Session& session, std::uint64_t now_ms) -> Released {
        session.progress(now_ms, now_ms);
        const Held* held = session.holdings().held(key);
        const std::string what = "Releasing " + text_of(key);
        if (held == nullptr) return std::unexpected(not_held(what));
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

namespace {

RequestMaker asking_for_offset(std::string group, std::string_view topic,
                               PartitionIndex partition) {
  return [group = std::move(group), topic = std::string(topic), partition] {
    wire::FetchOffsetsT fetch;
    fetch.group = group;
    auto& name = *fetch.partitions.emplace_back(std::make_unique<wire::PartitionNameT>());
    name.topic = topic;
    name.partition = partition;
    wire::RequestBodyUnion body;
    body.Set(std::move(fetch));
    return body;
  };
}

std::expected<std::optional<CommittedOffset>, Error> committed_offset(
    const std::expected<wire::ServerBodyUnion, Error>& reply) {
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

}  // namespace

std::expected<std::optional<CommittedOffset>, Error> GroupConsumer::fetch_committed(
    std::string_view topic, PartitionIndex partition) {
  return committed_offset(self_->transport->call(
      self_->participant, asking_for_offset(self_->options.group_id, topic, partition)));
}

void GroupConsumer::fetch_committed_async(std::string_view topic, PartitionIndex partition,
                                          Fetched done) {
  self_->transport->call_async(
      self_->participant, asking_for_offset(self_->options.group_id, topic, partition),
      [done = std::move(done)](const auto& reply) { done(committed_offset(reply)); });
}

std::expected<void, Error> GroupConsumer::report_end(std::string_view topic,
                                                     PartitionIndex partition, std::int64_t end,
                                                     std::optional<std::int64_t> start) {
  if (end < 0 || start.value_or(0) < 0) {
    return std::unexpected(make_error(ErrorCode::kInvalidArgument,
                                      "A partition can't begin or end at a negative offset."));
  }
  // Copies: a close from elsewhere answers the call, and the connection still has the request.
  const auto reporting = [topic = std::string(topic), partition, end, start] {
    wire::ReportEndsT report;
    auto& item = *report.items.emplace_back(std::make_unique<wire::EndReportT>());
    item.topic = topic;
    item.partition = partition;
    item.end = end;
    item.start = start.value_or(-1);
    wire::RequestBodyUnion body;
    body.Set(std::move(report));
    return body;
  };
  const auto reply = self_->transport->call(self_->participant, reporting);
  if (!reply) return std::unexpected(reply.error());
  if (reply->AsDone() == nullptr) return std::unexpected(unexpected_reply());
  return {};
}

// ---- what it holds ----------------------------------------------------------------------------

namespace {

std::expected<void, Error> hold_back(Session& session, const PartitionKey& key, bool held_back) {
  if (session.holdings().held(key) == nullptr) {
    return std::unexpected(not_held((held_back ? "Pausing " : "Resuming ") + text_of(key)));
  }
  session.hold_back(key, held_back);
  return {};
}

}  // namespace

std::expected<void, Error> GroupConsumer::pause(std::string_view topic, PartitionIndex partition) {
  return self_->transport->with(self_->participant, [&](Session& session, std::uint64_t) {
    return hold_back(session, {std::string(topic), partition}, true);
  });
}

std::expected<void, Error> GroupConsumer::resume(std::string_view topic, PartitionIndex partition) {
  const auto resumed =
      self_->transport->with(self_->participant, [&](Session& session, std::uint64_t) {
        return hold_back(session, {std::string(topic), partition}, false);
      });
  const auto observing = self_->copy_of(self_->observer);
  if (observing != nullptr) observing->resumed();
  return resumed;
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
        if (held == nullptr || held->held_back || session.paused()) return std::nullopt;
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
