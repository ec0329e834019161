// No message exceeds the frame: holdings, listings and pushes are cut.
#include <algorithm>

#include "tests/unit/coordinator/wire_client.h"

namespace muster::coordinator {
namespace {

Settings small_frames(std::size_t bytes = 4'096) {
  Settings settings = without_gathering();
  settings.max_frame_bytes = bytes;
  return settings;
}

/// Everything that the member holds, page by page, as a client reads it after a resume.
std::vector<std::string> all_holdings(WireClient& client, const std::string& member_id,
                                      Incarnation incarnation) {
  wire::JoinReplyT reply = client.ask<wire::JoinReplyT>(resuming(member_id, incarnation));
  std::vector<std::string> all = listed(reply.held);
  while (reply.more) {
    wire::HoldingsT more;
    more.group = "g";
    more.member_id = member_id;
    more.incarnation = incarnation;
    more.after_topic = reply.held.back()->topic;
    more.after_partition = reply.held.back()->partitions.back().partition();
    reply = client.ask<wire::JoinReplyT>(more);
    REQUIRE(!reply.held.empty());
    const auto page = listed(reply.held);
    all.insert(all.end(), page.begin(), page.end());
  }
  return all;
}

}  // namespace

TEST_CASE("holdings are paged within a small frame, each partition once") {
  World world(small_frames());
  WireClient client(world);
  client.ask<wire::TopicReplyT>(create_topic(400));
  client.ask<wire::TopicReplyT>(create_topic(1, "u"));
  client.send(joining("a", 1, {"t", "u"}));
  world.turn();
  std::size_t pushed = 0;
  for (const auto& push : client.pushes<wire::AssignedT>()) pushed += listed(push.granted).size();
  CHECK(pushed == 401);
  auto all = all_holdings(client, "a", 1);
  CHECK(all.size() == 401);
  std::ranges::sort(all);
  CHECK(std::ranges::adjacent_find(all) == all.end());
  CHECK(client.largest_frame() <= 4'096 + codec::kFrameHeaderBytes);
}

TEST_CASE("a member with 300,000 partitions resumes page by page") {
  World world;
  WireClient client(world);
  const std::vector<std::string> topics{"t", "u", "v"};
  for (const std::string& topic : topics)
    client.ask<wire::TopicReplyT>(create_topic(100'000, topic));
  client.send(joining("a", 1, topics));
  world.settle();
  // The pushes alone are more than a connection may leave unread: it is closed if it does not keep
  // up, and the resume repeats everything.
  WireClient back(world);
  CHECK(all_holdings(back, "a", 1).size() == 300'000);
  CHECK(back.largest_frame() <= world.settings.max_frame_bytes + codec::kFrameHeaderBytes);
}

TEST_CASE("a revocation of 100,000 partitions is pushed, listed and fenced within the frame") {
  Settings settings = small_frames(64 * 1024);
  World world(settings);
  WireClient a(world);
  WireClient b(world);
  a.ask<wire::TopicReplyT>(create_topic(100'000));
  a.send(joining("a", 1));
  world.settle();
  b.ask<wire::JoinReplyT>(joining("b", 2));
  world.settle();
  CHECK(world.group().revoking_count == 50'000);
  CHECK(all_holdings(a, "a", 1).size() == 100'000);
  world.restart();  // one deadline for all of them
  WireClient back(world);
  back.ask<wire::JoinReplyT>(resuming("a", 1));
  WireClient other(world);
  other.ask<wire::JoinReplyT>(resuming("b", 2));
  for (int i = 0; i < 62; ++i) {
    back.send(heartbeat("a", 1));
    other.send(heartbeat("b", 2));
    world.pass(1'000);
  }
  std::size_t lost = 0;
  for (const auto& push : back.pushes<wire::LostT>()) lost += listed(push.partitions).size();
  CHECK(lost == 50'000);
  CHECK(back.largest_frame() <= settings.max_frame_bytes + codec::kFrameHeaderBytes);
  CHECK(world.group().revoking_count == 0);
}

TEST_CASE("a deleted topic is pushed as lost within a small frame") {
  World world(small_frames());
  WireClient client(world);
  client.ask<wire::TopicReplyT>(create_topic(2'000));
  client.send(joining("a", 1));
  world.settle();
  wire::DeleteTopicT gone;
  gone.name = "t";
  client.send(gone);
  world.turn();
  std::size_t lost = 0;
  for (const auto& push : client.pushes<wire::LostT>()) lost += listed(push.partitions).size();
  CHECK(lost == 2'000);
  CHECK(client.largest_frame() <= 4'096 + codec::kFrameHeaderBytes);
}

TEST_CASE("listings of topics, groups, members, partitions and offsets are paged to their end") {
  World world(small_frames());
  WireClient client(world);
  constexpr int kCount = 60;
  client.ask<wire::TopicReplyT>(create_topic(kCount));
  const auto name_of = [](int i) { return "name-" + std::to_string(i) + std::string(200, 'n'); };
  for (int i = 0; i < kCount; ++i) {
    const std::string name = name_of(i);
    client.ask<wire::TopicReplyT>(create_topic(1, name));
    wire::CommitT commit = committing(0, 1, 0);
    commit.group = name;
    client.ask<wire::CommitReplyT>(commit);
    client.ask<wire::CommitReplyT>(committing(i, i, 0));
  }
  for (int i = 0; i < kCount; ++i) {  // from now on the partitions are owned
    client.ask<wire::JoinReplyT>(joining(name_of(i), static_cast<Incarnation>(i) + 1));
  }
  const auto count = [&]<typename Reply>(auto query, auto entries, auto go_on) {
    std::size_t all = 0;
    while (true) {
      const Reply reply = client.ask<Reply>(query);
      all += entries(reply).size();
      if (!reply.more) return all;
      REQUIRE(!entries(reply).empty());
      go_on(query, *entries(reply).back());
    }
  };
  const auto after_name = [](auto& query, const auto& last) { query.after = last.name; };
  const auto after_partition = [](auto& query, const auto& last) {
    query.after_topic = last.topic;
    query.after_partition = last.partition;
  };
  CHECK(count.operator()<wire::TopicsReplyT>(
            wire::ListTopicsT(), [](const auto& reply) -> auto& { return reply.topics; },
            after_name) == kCount + 1);
  CHECK(count.operator()<wire::GroupsReplyT>(
            wire::ListGroupsT(), [](const auto& reply) -> auto& { return reply.groups; },
            after_name) == kCount + 1);
  wire::ListMembersT members;
  members.group = "g";
  CHECK(count.operator()<wire::MembersReplyT>(
            members, [](const auto& reply) -> auto& { return reply.members; },
            [](auto& query, const auto& last) { query.after = last.member_id; }) == kCount);
  CHECK(count.operator()<wire::PartitionsReplyT>(
            listing_partitions(), [](const auto& reply) -> auto& { return reply.partitions; },
            after_partition) == kCount);
  CHECK(count.operator()<wire::OffsetsReplyT>(
            fetching(), [](const auto& reply) -> auto& { return reply.offsets; },
            after_partition) == kCount);
  CHECK(client.largest_frame() <= 4'096 + codec::kFrameHeaderBytes);
}

TEST_CASE("a listing's limit is kept, and says that there is more") {
  World world;
  WireClient client(world);
  for (const char* name : {"a", "b", "c"}) client.ask<wire::TopicReplyT>(create_topic(1, name));
  wire::ListTopicsT query;
  query.limit = 2;
  const auto page = client.ask<wire::TopicsReplyT>(query);
  CHECK(page.topics.size() == 2);
  CHECK(page.more);
  query.after = "b";
  CHECK(!client.ask<wire::TopicsReplyT>(query).more);
}

TEST_CASE("a pinned partition is listed although nobody subscribes to its topic yet") {
  World world;
  WireClient client(world);
  client.ask<wire::TopicReplyT>(create_topic(3));
  wire::ConfigureGroupT configure;
  configure.group = "g";
  configure.strategy = "sticky";
  client.ask<wire::DoneT>(configure);
  wire::PinPartitionT pin;
  pin.group = "g";
  pin.topic = "t";
  pin.partition = 1;
  pin.member_id = "a";
  client.ask<wire::DoneT>(pin);
  const auto reply = client.ask<wire::PartitionsReplyT>(listing_partitions());
  REQUIRE(reply.partitions.size() == 1);
  CHECK(reply.partitions.front()->partition == 1);
  CHECK(reply.partitions.front()->pinned_to == "a");
  CHECK(reply.partitions.front()->owner.empty());
}

TEST_CASE("a partition's last grant is told, and how it ended, also when it has no owner") {
  World world(without_gathering());
  WireClient client(world);
  client.ask<wire::TopicReplyT>(create_topic(2));
  const auto never = [&] {
    wire::CommitT commit = committing(1, 7, 0);
    client.ask<wire::CommitReplyT>(commit);
    return client.ask<wire::PartitionsReplyT>(listing_partitions());
  }();
  CHECK(never.partitions.front()->last_grant == nullptr);
  client.ask<wire::JoinReplyT>(joining("a", 1));
  world.turn();
  const auto owned = client.ask<wire::PartitionsReplyT>(listing_partitions());
  const wire::PartitionInfoT& first = *owned.partitions.front();
  REQUIRE(first.last_grant != nullptr);
  CHECK(first.last_grant->fence == first.fence);
  CHECK(first.last_grant->ended == wire::TokenEnd::none);
  CHECK(first.last_grant->sequence == first.fence);  // nothing was ever restored here
  CHECK(first.last_grant->generation == 1);
  CHECK(first.last_grant->because == "member 'a' joined");
  CHECK(first.last_grant->because_sequence == world.group().member("a")->seat);
  CHECK(first.last_grant->other_changes == 0);
  wire::RemoveMemberT remove;
  remove.group = "g";
  remove.member_id = "a";
  client.ask<wire::DoneT>(std::move(remove));
  const auto free = client.ask<wire::PartitionsReplyT>(listing_partitions());
  REQUIRE(free.partitions.front()->last_grant != nullptr);  // the one with the commit
  CHECK(free.partitions.front()->last_grant->fence == first.fence);
  CHECK(free.partitions.front()->last_grant->ended == wire::TokenEnd::removed);
}

TEST_CASE("lag: an end offset is shown once it was reported, and unknown after a restart") {
  World world;
  WireClient client(world);
  client.ask<wire::TopicReplyT>(create_topic(1));
  wire::CommitT commit = committing(0, 7, 0);
  commit.items.front()->end = 10;
  client.ask<wire::CommitReplyT>(commit);
  const auto info = client.ask<wire::PartitionsReplyT>(listing_partitions());
  CHECK(info.partitions.front()->end == 10);
  CHECK(info.partitions.front()->committed == 7);
  world.restart();
  WireClient again(world);
  CHECK(again.ask<wire::PartitionsReplyT>(listing_partitions()).partitions.front()->end == -1);
}

}  // namespace muster::coordinator
