#include "end_to_end/member.h"

#include <algorithm>

namespace muster::e2e {

Member::Member(std::string address, MemberOptions options)
    : address_(std::move(address)),
      options_(std::move(options)),
      client_(std::make_unique<WireClient>(address_)) {}

wire::JoinT Member::join_request(bool resume, bool takeover) const {
  auto join = of_member<wire::JoinT>();
  join.resume = resume;
  join.takeover = takeover;
  join.named = options_.named;
  join.topics = options_.topics;
  join.patterns = options_.patterns;
  join.session_timeout_ms = options_.session_timeout_ms;
  join.disconnect_grace_ms = options_.disconnect_grace_ms;
  join.rebalance_timeout_ms = options_.rebalance_timeout_ms;
  return join;
}

wire::JoinReplyT Member::join(bool resume, bool takeover) {
  auto reply = client_->ask<wire::JoinReplyT>(join_request(resume, takeover));
  held_.clear();
  asked_back_.clear();
  hold(reply.held);
  generation_ = reply.generation;
  heartbeat_interval_ms_ = reply.heartbeat_interval_ms;
  last_heartbeat_ = SteadyClock::now();
  return reply;
}

wire::JoinReplyT Member::reconnect() {
  client_ = std::make_unique<WireClient>(address_);
  heartbeat_in_flight_ = 0;
  return join(/*resume=*/true);
}

void Member::leave() {
  client_->ask<wire::DoneT>(of_member<wire::LeaveT>());
  held_.clear();
  heartbeat_interval_ms_ = 0;
}

void Member::hold(const std::vector<std::unique_ptr<wire::GrantedTopicT>>& granted) {
  for (const auto& topic : granted) {
    for (const wire::GrantedPartition& partition : topic->partitions) {
      const Partition name{topic->topic, partition.partition()};
      held_[name] = partition.fence();
      if (partition.revoking()) asked_back_[name] = partition.fence();
    }
  }
}

void Member::take_in(const wire::ServerMessageT& push) {
  if (const wire::AssignedT* assigned = push.body.AsAssigned()) {
    generation_ = assigned->generation;
    hold(assigned->granted);
  } else if (const wire::RevokeT* revoke = push.body.AsRevoke()) {
    generation_ = revoke->generation;
    for (const auto& topic : revoke->partitions) {
      for (const wire::FencedPartition& partition : topic->partitions) {
        asked_back_[{topic->topic, partition.partition()}] = partition.fence();
        ++revoked_;
      }
    }
  } else if (const wire::LostT* lost = push.body.AsLost()) {
    seat_ended_ = seat_ended_ || lost->seat_ended;
    for (const auto& topic : lost->partitions) {
      for (const wire::FencedPartition& partition : topic->partitions) {
        const Partition name{topic->topic, partition.partition()};
        held_.erase(name);
        asked_back_.erase(name);
        lost_[name] = partition.fence();
      }
    }
  }
}

void Member::heartbeat_when_due() {
  if (silent_ || heartbeat_interval_ms_ == 0) return;
  if (heartbeat_in_flight_ != 0 && client_->reply(heartbeat_in_flight_, Milliseconds{0})) {
    heartbeat_in_flight_ = 0;
  }
  if (heartbeat_in_flight_ != 0 || since(last_heartbeat_).count() < heartbeat_interval_ms_) return;
  last_heartbeat_ = SteadyClock::now();
  heartbeat_in_flight_ = client_->send(of_member<wire::HeartbeatT>());
}

void Member::pump() {
  heartbeat_when_due();
  while (const auto push = client_->push(Milliseconds{0})) take_in(*push);
  if (holds_on_) return;
  for (const auto& [partition, fence] : Held(asked_back_)) release(partition);
}

void Member::release(const Partition& partition) {
  auto item = std::make_unique<wire::ReleaseItemT>();
  item->topic = partition.first;
  item->partition = partition.second;
  item->fence = held_.at(partition);
  auto request = of_member<wire::ReleaseT>();
  request.items.push_back(std::move(item));
  client_->ask<wire::ReleaseReplyT>(std::move(request));
  held_.erase(partition);
  asked_back_.erase(partition);
}

wire::ReleaseT release_of(const wire::RevokeT& revoke) {
  wire::ReleaseT release;
  release.group = revoke.group;
  release.member_id = revoke.member_id;
  release.incarnation = revoke.incarnation;
  for (const auto& topic : revoke.partitions) {
    for (const wire::FencedPartition& partition : topic->partitions) {
      auto item = std::make_unique<wire::ReleaseItemT>();
      item->topic = topic->topic;
      item->partition = partition.partition();
      item->fence = partition.fence();
      release.items.push_back(std::move(item));
    }
  }
  return release;
}

std::optional<wire::ErrorT> Member::commit(const Partition& partition, std::int64_t offset) {
  return commit(partition, offset, held_.at(partition));
}

std::optional<wire::ErrorT> Member::commit(const Partition& partition, std::int64_t offset,
                                           std::uint64_t fence) {
  auto item = std::make_unique<wire::CommitItemT>();
  item->topic = partition.first;
  item->partition = partition.second;
  item->offset = offset;
  item->fence = fence;
  wire::CommitT commit;
  commit.group = options_.group;
  commit.items.push_back(std::move(item));
  const wire::ServerMessageT message = client_->call(std::move(commit));
  if (const wire::ErrorT* error = message.body.AsError()) return *error;
  REQUIRE(message.body.AsCommitReply() != nullptr);
  return std::nullopt;
}

std::vector<int> Member::partitions(const std::string& topic) const {
  std::vector<int> numbers;
  for (const auto& [partition, fence] : held_) {
    if (partition.first == topic) numbers.push_back(partition.second);
  }
  return numbers;
}

bool pump_until(const std::vector<Member*>& members, const std::function<bool()>& predicate,
                Milliseconds patience) {
  return wait_until(
      [&] {
        for (Member* member : members) member->pump();
        return predicate();
      },
      patience);
}

void create_topic(WireClient& client, const std::string& name, std::int32_t partitions) {
  wire::CreateTopicT create;
  create.name = name;
  create.partitions = partitions;
  client.ask<wire::TopicReplyT>(std::move(create));
}

std::int64_t committed(WireClient& client, const std::string& group, const Partition& partition) {
  auto name = std::make_unique<wire::PartitionNameT>();
  name->topic = partition.first;
  name->partition = partition.second;
  wire::FetchOffsetsT fetch;
  fetch.group = group;
  fetch.partitions.push_back(std::move(name));
  const auto reply = client.ask<wire::OffsetsReplyT>(std::move(fetch));
  REQUIRE(reply.offsets.size() == 1);
  return reply.offsets.front()->offset;
}

}  // namespace muster::e2e
