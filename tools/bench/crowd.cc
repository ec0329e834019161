#include "tools/bench/crowd.h"

#include <algorithm>
#include <charconv>
#include <memory>
#include <string_view>
#include <utility>

namespace muster::tools {
namespace {

// No member of a load sends heartbeats of its own accord, and none may expire.
constexpr std::uint32_t kSessionTimeout_ms = 600'000;
// What a load that was killed leaves behind is gone so soon.
constexpr std::uint32_t kDisconnectGrace_ms = 60'000;
constexpr std::size_t kItemsOfRelease = 1'000;

// Correlation ids: what was asked, and for which member. A member asks one thing of a kind at a
// time, but for releases, whose replies say nothing that matters here.
enum class Asked : std::uint64_t {
  kJoin = 1,
  kResume = 2,
  kHoldings = 3,
  kLeave = 4,
  kRelease = 5
};
constexpr int kAskedShift = 32;
constexpr std::uint64_t kMemberMask = kCrowdIds - 1;

std::uint64_t correlation_id(Asked asked, std::uint64_t number) {
  return static_cast<std::uint64_t>(asked) << kAskedShift | (number & kMemberMask);
}

}  // namespace

Crowd::Crowd(const Scene& scene, std::size_t members, std::size_t streams)
    : scene_(scene), streams_(streams), members_(members), groups_(scene.plan().groups) {
  for (Group& group : groups_) {
    group.owners.resize(static_cast<std::size_t>(scene.plan().partitions));
  }
}

template <typename Request>
Request Crowd::of_member(std::size_t member) const {
  Request request;
  request.group = scene_.group(group_of(member));
  request.member_id = id_of(member);
  request.incarnation = members_[member].incarnation;
  return request;
}

void Crowd::join(std::size_t member, Wires& wires) {
  members_[member].incarnation = ++last_number_;
  members_[member].present = true;
  ++groups_[group_of(member)].present;
  send_join(member, false, wires);
}

void Crowd::resume(std::size_t member, Wires& wires) {
  set_told(member, false, 0);
  send_join(member, true, wires);
}

void Crowd::send_join(std::size_t member, bool resume, Wires& wires) {
  auto request = of_member<wire::JoinT>(member);
  request.resume = resume;
  request.topics = {scene_.topic()};
  request.session_timeout_ms = kSessionTimeout_ms;
  request.disconnect_grace_ms = kDisconnectGrace_ms;
  ++unanswered_;
  ++groups_[group_of(member)].unanswered;
  wires.send(stream_of(member), correlation_id(resume ? Asked::kResume : Asked::kJoin, member),
             std::move(request));
}

void Crowd::leave(std::size_t member, Wires& wires) {
  Group& group = groups_[group_of(member)];
  for (std::size_t i = 0; i < group.owners.size() && group.owned > 0; ++i) {
    if (group.owners[i].member == member) {
      own(group_of(member), static_cast<std::int32_t>(i), Owner{});
    }
  }
  set_told(member, false, 0);
  members_[member].present = false;
  --group.present;
  ++unanswered_;
  ++group.unanswered;
  wires.send(stream_of(member), correlation_id(Asked::kLeave, member),
             of_member<wire::LeaveT>(member));
}

void Crowd::leave_all(Wires& wires) {
  for (Group& group : groups_) {
    std::ranges::fill(group.owners, Owner{});
    group.owned = 0;
  }
  for (std::size_t i = 0; i < members_.size(); ++i) {
    if (members_[i].present) leave(i, wires);
  }
}

bool Crowd::take(const wire::ServerMessage& message, Wires& wires) {
  if (message.correlation_id() == 0) {
    take_push(message, wires);
    return true;
  }
  if (message.correlation_id() < kCrowdIds) return false;
  take_reply(message, wires);
  return true;
}

void Crowd::take_reply(const wire::ServerMessage& message, Wires& wires) {
  const auto asked = static_cast<Asked>(message.correlation_id() >> kAskedShift);
  const std::size_t member = message.correlation_id() & kMemberMask;
  if (message.body_type() == wire::ServerBody::Error) note_mishap(refusal_of(message));
  if (asked == Asked::kRelease) return;
  if (const wire::JoinReply* reply = message.body_as_JoinReply()) {
    take_join_reply(member, *reply, wires);
    if (reply->more()) return;
  }
  answered(member);
}

void Crowd::answered(std::size_t member) {
  --unanswered_;
  --groups_[group_of(member)].unanswered;
  if (on_answered_) on_answered_(member);
}

void Crowd::take_join_reply(std::size_t member, const wire::JoinReply& reply, Wires& wires) {
  if (!reply.gathering()) set_told(member, true, reply.pending());
  std::int32_t last = -1;
  for (const wire::GrantedTopic* topic : *reply.held()) {
    for (const wire::GrantedPartition* held : *topic->partitions()) {
      last = held->partition();
      const Owner owner{.member = member, .fence = held->fence()};
      if (owners(group_of(member))[static_cast<std::size_t>(last)] == owner) ++confirmed_;
      own(group_of(member), last, owner);
    }
  }
  if (!reply.more()) return;
  auto rest = of_member<wire::HoldingsT>(member);
  rest.after_topic = scene_.topic();
  rest.after_partition = last;
  wires.send(stream_of(member), correlation_id(Asked::kHoldings, member), std::move(rest));
}

std::optional<std::size_t> Crowd::addressee(const auto& push) const {
  const std::string_view id = push.member_id()->string_view();
  std::size_t number = 0;
  std::from_chars(id.data() + id.find('-') + 1, id.data() + id.size(), number);
  const bool current = number < members_.size() &&
                       members_[number].incarnation == push.incarnation() &&
                       members_[number].present;
  return current ? std::optional(number) : std::nullopt;
}

void Crowd::take_push(const wire::ServerMessage& message, Wires& wires) {
  if (const wire::Assigned* assigned = message.body_as_Assigned()) {
    const auto member = addressee(*assigned);
    if (!member) return;
    for (const wire::GrantedTopic* topic : *assigned->granted()) {
      for (const wire::GrantedPartition* granted : *topic->partitions()) {
        own(group_of(*member), granted->partition(),
            {.member = *member, .fence = granted->fence()});
      }
    }
    set_told(*member, true, assigned->pending());
  } else if (const wire::Revoke* revoke = message.body_as_Revoke()) {
    const auto member = addressee(*revoke);
    if (member) give_back(*member, *revoke, wires);
  } else if (const wire::Lost* lost = message.body_as_Lost()) {
    const auto member = addressee(*lost);
    if (!member || lost->reason() == wire::TokenEnd::topic_deleted) return;
    for (const wire::FencedTopic* topic : *lost->partitions()) {
      for (const wire::FencedPartition* gone : *topic->partitions()) {
        own(group_of(*member), gone->partition(), Owner{});
      }
    }
    note_mishap(make_error(ErrorCode::kFenced, "The member " + id_of(*member) +
                                                   " lost partitions: " +
                                                   wire::EnumNameTokenEnd(lost->reason()) + "."));
  }
}

void Crowd::give_back(std::size_t member, const wire::Revoke& revoke, Wires& wires) {
  auto release = of_member<wire::ReleaseT>(member);
  const auto send = [&] {
    wires.send(stream_of(member), correlation_id(Asked::kRelease, ++last_number_),
               std::exchange(release, of_member<wire::ReleaseT>(member)));
  };
  for (const wire::FencedTopic* topic : *revoke.partitions()) {
    for (const wire::FencedPartition* partition : *topic->partitions()) {
      auto item = std::make_unique<wire::ReleaseItemT>();
      item->topic = scene_.topic();
      item->partition = partition->partition();
      item->fence = partition->fence();
      release.items.push_back(std::move(item));
      own(group_of(member), partition->partition(), Owner{});
      if (release.items.size() == kItemsOfRelease) send();
    }
  }
  if (!release.items.empty()) send();
}

void Crowd::own(std::size_t number, std::int32_t partition, Owner owner) {
  Group& group = groups_[number];
  Owner& now = group.owners[static_cast<std::size_t>(partition)];
  group.owned -= now.member != kNobody ? 1 : 0;
  group.owned += owner.member != kNobody ? 1 : 0;
  now = owner;
}

void Crowd::set_told(std::size_t number, bool told, std::uint32_t pending) {
  Member& member = members_[number];
  Group& group = groups_[group_of(number)];
  group.told -= member.told ? 1 : 0;
  group.told += told ? 1 : 0;
  group.pending -= member.pending;
  group.pending += pending;
  const bool news = told && !member.told;
  member.told = told;
  member.pending = pending;
  if (news && on_told_) on_told_(number);
}

bool Crowd::may_be_settled(std::size_t number) const {
  const Group& group = groups_[number];
  if (group.unanswered > 0 || group.told != group.present) return false;
  return group.present == 0 || group.owned == group.owners.size();
}

bool Crowd::seems_settled(std::size_t number) const {
  return may_be_settled(number) && groups_[number].pending == 0;
}

std::vector<std::vector<std::int32_t>> Crowd::holdings() const {
  std::vector<std::vector<std::int32_t>> holdings(members_.size());
  for (const Group& group : groups_) {
    for (std::size_t i = 0; i < group.owners.size(); ++i) {
      if (group.owners[i].member == kNobody) continue;
      holdings[group.owners[i].member].push_back(static_cast<std::int32_t>(i));
    }
  }
  return holdings;
}

void Crowd::note_mishap(Error error) {
  ++mishaps_;
  if (!first_mishap_) first_mishap_ = std::move(error);
}

}  // namespace muster::tools
