#include "tests/sim/stranger.h"

#include <iterator>
#include <utility>

#include "codec/frame.h"
#include "tests/sim/asked_offsets.h"
#include "tests/sim/bounds.h"
#include "tests/sim/names.h"

namespace muster::sim {

// ---- its connection ----------------------------------------------------------------------------

void Stranger::opened(ConnectionId connection) {
  if (connection != connection_) return;
  open_ = true;
  greeted_ = std::exchange(greets_, true);
  if (greeted_) {
    wire::HelloT hello;
    hello.oldest_version = codec::kOldestProtocolVersion;
    hello.newest_version = codec::kNewestProtocolVersion;
    hello.client_id = name_;
    network_.send(connection_, codec::encode_request(++correlation_, std::move(hello)));
  }
  network_.send(connection_, std::exchange(waiting_, {}));
}

void Stranger::ended(ConnectionId connection) {
  if (connection != connection_) return;
  connection_ = 0;
  open_ = false;
  greeted_ = true;
  waiting_.clear();
}

void Stranger::hang_up() {
  if (connection_ != 0) network_.close(connection_);
  ended(connection_);
}

void Stranger::send_bytes(std::string bytes) {
  if (connection_ == 0) connection_ = network_.connect(*this);
  if (open_) {
    network_.send(connection_, bytes);
  } else {
    waiting_ += bytes;
  }
}

void Stranger::repeat() {
  if (last_.empty()) return;
  hang_up();
  send_bytes(last_);
}

void Stranger::ask_for_much() {
  for (std::uint64_t i = 0; i < 2 * kGroups; ++i) {
    wire::FetchOffsetsT fetch;
    fetch.group = group_name(i % kGroups);
    send(std::move(fetch));
  }
}

// ---- what it can know --------------------------------------------------------------------------

std::string Stranger::a_group(Random& random) const { return group_name(random.below(kGroups)); }
std::string Stranger::a_topic(Random& random) const { return topic_name(random.below(kTopics)); }

Stranger::Place Stranger::a_place(Random& random) const {
  Place place{.group = a_group(random), .topic = a_topic(random)};
  // Of a future that was lost too: those who have its tokens go on.
  const Model* former = model_.former();
  const Model& model = former != nullptr && random.chance(200) ? *former : model_;
  const GroupFacts* group = model.group_at(place.group, model.sequence());
  if (group == nullptr || group->partitions.empty()) return place;
  auto chosen = group->partitions.begin();
  std::advance(chosen, static_cast<std::ptrdiff_t>(random.below(group->partitions.size())));
  const auto& [at, facts] = *chosen;
  place.topic = model.topic_by_id(at.topic)->name;
  place.partition = at.partition;
  const Ownership& owned =
      random.chance(500) ? facts.ownership.now() : facts.ownership.any(random.draw());
  place.fence = owned.token;
  if (owned.owner == kNobody) return place;
  place.owner = group->seats.at(owned.owner).member_id;
  place.incarnation =
      group->seats.at(owned.owner).occupant.at(model.granted_at(owned.token)).incarnation;
  return place;
}

wire::JoinT Stranger::a_join(Random& random) const {
  wire::JoinT join;
  join.group = a_group(random);
  join.member_id = rude_name(random.below(3));
  join.incarnation = random.between(1, 12);
  join.resume = random.chance(300);
  join.takeover = !join.resume && random.chance(300);
  join.named = random.chance(500);
  for (std::uint64_t i = random.between(1, 3); i > 0; --i) join.topics.push_back(a_topic(random));
  join.session_timeout_ms =
      static_cast<std::uint32_t>(random.between(kLeastSessionMs, kMostSessionMs));
  join.disconnect_grace_ms = static_cast<std::uint32_t>(random.between(200, kMostSessionMs));
  join.rebalance_timeout_ms =
      static_cast<std::uint32_t>(random.between(kLeastReleaseMs, kMostReleaseMs));
  return join;
}

// ---- what it does ------------------------------------------------------------------------------

void Stranger::operate(std::uint64_t number) {
  Random random(number);
  switch (random.below(12)) {
    case 0:
    case 1:
    case 2: {
      wire::CreateTopicT create;
      create.name = a_topic(random);
      create.partitions = static_cast<std::int32_t>(random.between(1, 6));
      return send(std::move(create));
    }
    case 3:
    case 4: {
      wire::ExpandTopicT expand;
      expand.name = a_topic(random);
      expand.partitions = static_cast<std::int32_t>(random.between(1, 9));
      return send(std::move(expand));
    }
    case 5: {
      wire::DeleteTopicT erase;
      erase.name = a_topic(random);
      return send(std::move(erase));
    }
    case 6: {
      wire::DeleteGroupT erase;
      erase.group = a_group(random);
      return send(std::move(erase));
    }
    case 7: {
      const Place place = a_place(random);
      wire::RemoveMemberT remove;
      remove.group = place.group;
      remove.member_id = place.owner.empty() ? rude_name(0) : place.owner;
      return send(std::move(remove));
    }
    default: {
      wire::CommitT commit;
      for (std::uint64_t i = random.between(1, 3); i > 0; --i) {
        const Place place = a_place(random);
        if (commit.group.empty()) commit.group = place.group;
        auto item = std::make_unique<wire::CommitItemT>();
        item->topic = place.topic;
        item->partition = place.partition;
        item->offset = static_cast<std::int64_t>(random.below(1'000));
        item->metadata =
            std::string(random.chance(150) ? random.below(4'097) : random.below(9), 'x');
        item->end = random.chance(300) ? item->offset + 7 : -1;
        commit.items.push_back(std::move(item));
      }
      if (random.chance(500)) write_by_topic(commit);
      return send(std::move(commit));
    }
  }
}

void Stranger::ask(std::uint64_t number) {
  Random random(number);
  const Place place = a_place(random);
  const auto limit = static_cast<std::uint32_t>(random.below(4));
  const auto in_group = [&](auto body) {
    body.group = place.group;
    if constexpr (requires { body.limit; }) body.limit = limit;
    send(std::move(body));
  };
  switch (random.below(11)) {
    case 0:
      return send(wire::StatusT());
    case 1: {
      wire::DescribeTopicT describe;
      describe.name = place.topic;
      return send(std::move(describe));
    }
    case 2:
      return send(wire::ListTopicsT());
    case 3:
      return send(wire::ListGroupsT());
    case 4:
      return in_group(wire::DescribeGroupT());
    case 5:
      return in_group(wire::ListMembersT());
    case 6:
      return in_group(wire::ListPartitionsT());
    case 7: {
      wire::HoldingsT holdings;
      holdings.member_id = place.owner;
      holdings.incarnation = place.incarnation;
      holdings.after_topic = place.topic;
      holdings.after_partition = place.partition;
      return in_group(std::move(holdings));
    }
    case 8: {
      wire::CheckFenceT check;
      check.topic = place.topic;
      check.partition = place.partition;
      check.fence = place.fence;
      return in_group(std::move(check));
    }
    case 9: {
      wire::FetchOffsetsT fetch;
      fetch.partitions.push_back(std::make_unique<wire::PartitionNameT>());
      fetch.partitions.back()->topic = place.topic;
      fetch.partitions.back()->partition = place.partition;
      return in_group(std::move(fetch));
    }
    default: {
      if (random.chance(500)) return in_group(wire::FetchOffsetsT());
      wire::ListEventsT events;
      events.after_sequence = random.below(model_.sequence() + 2);
      if (random.chance(500)) events.topic = place.topic;
      if (random.chance(500)) events.partition = place.partition;
      if (random.chance(300)) events.after_sequence = 0;  // which may be trimmed
      return in_group(std::move(events));
    }
  }
}

void Stranger::be_rude(std::uint64_t number) {
  Random random(number);
  wire::JoinT join = a_join(random);
  const auto as_member = [&](auto body) {
    body.group = join.group;
    body.member_id = join.member_id;
    body.incarnation = join.incarnation;
    if (random.chance(200)) {  // in the name of somebody else
      const Place place = a_place(random);
      body.group = place.group;
      body.member_id = place.owner.empty() ? rude_name(1) : place.owner;
      body.incarnation = place.incarnation;
    }
    send(std::move(body));
  };
  switch (random.below(10)) {
    case 0:
    case 1:
    case 2:
    case 3:
      return send(std::move(join));
    case 4:
    case 5:
    case 6:
      return as_member(wire::HeartbeatT());
    case 7:
      return as_member(wire::LeaveT());
    case 8:
      return as_member(wire::DetachT());
    default:
      return hang_up();
  }
}

void Stranger::haunt(std::uint64_t number) {
  Random random(number);
  const Place place = a_place(random);
  if (random.chance(500)) {
    wire::CommitT commit;
    commit.group = place.group;
    commit.items.push_back(std::make_unique<wire::CommitItemT>());
    wire::CommitItemT& item = *commit.items.back();
    item.topic = place.topic;
    item.partition = place.partition;
    item.offset = static_cast<std::int64_t>(random.below(300));
    item.fence = place.fence;
    if (random.chance(500)) write_by_topic(commit);
    return send(std::move(commit));
  }
  wire::ReleaseT release;
  release.group = place.group;
  release.member_id = place.owner.empty() ? rude_name(2) : place.owner;
  release.incarnation = random.chance(800) ? place.incarnation : random.between(1, 12);
  for (std::uint64_t i = random.between(1, 2); i > 0; --i) {
    release.items.push_back(std::make_unique<wire::ReleaseItemT>());
    wire::ReleaseItemT& item = *release.items.back();
    item.topic = place.topic;
    item.partition = place.partition;
    item.fence = place.fence;
    item.commits = random.chance(500);
    item.offset = static_cast<std::int64_t>(random.below(300)) - 3;
  }
  send(std::move(release));
}

}  // namespace muster::sim
