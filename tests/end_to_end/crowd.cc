#include "end_to_end/crowd.h"

namespace muster::e2e {
namespace {

constexpr std::uint64_t kCrowdIncarnation = 1;

}  // namespace

Crowd::Crowd(const std::string& address, std::string group, std::string topic)
    : group_(std::move(group)), topic_(std::move(topic)), client_(address) {}

void Crowd::send_joins(const std::vector<std::string>& member_ids) {
  for (const std::string& member_id : member_ids) {
    wire::JoinT join;
    join.group = group_;
    join.member_id = member_id;
    join.incarnation = kCrowdIncarnation;
    join.named = true;
    join.topics = {topic_};
    joins_.push_back(client_.send(std::move(join)));
  }
}

void Crowd::require_joined() {
  for (const std::uint64_t join : joins_) {
    const wire::ServerMessageT reply = client_.require_reply(join);
    REQUIRE(reply.body.AsJoinReply() != nullptr);
  }
  joins_.clear();
}

void Crowd::pump() {
  while (const auto push = client_.push(Milliseconds{0})) take_in(*push);
  std::erase_if(releases_, [&](std::uint64_t release) {
    const auto reply = client_.reply(release, Milliseconds{0});
    if (reply) REQUIRE(reply->body.AsReleaseReply() != nullptr);
    return reply.has_value();
  });
}

void Crowd::take_in(const wire::ServerMessageT& push) {
  if (const wire::AssignedT* assigned = push.body.AsAssigned()) {
    generation_ = std::max(generation_, assigned->generation);
    hold(assigned->member_id, assigned->granted);
  } else if (const wire::RevokeT* revoke = push.body.AsRevoke()) {
    generation_ = std::max(generation_, revoke->generation);
    release(*revoke);
  } else {
    REQUIRE_MESSAGE(push.body.AsLost() == nullptr, "a member lost what it held");
  }
}

void Crowd::hold(const std::string& member_id,
                 const std::vector<std::unique_ptr<wire::GrantedTopicT>>& granted) {
  for (const auto& topic : granted) {
    for (const wire::GrantedPartition& partition : topic->partitions) {
      held_[member_id][{topic->topic, partition.partition()}] = partition.fence();
    }
  }
}

void Crowd::release(const wire::RevokeT& revoke) {
  wire::ReleaseT request = release_of(revoke);
  for (const auto& item : request.items) {
    held_[revoke.member_id].erase({item->topic, item->partition});
  }
  releases_.push_back(client_.send(std::move(request)));
}

std::size_t Crowd::held() const {
  std::size_t count = 0;
  for (const auto& [member_id, held] : held_) count += held.size();
  return count;
}

}  // namespace muster::e2e
