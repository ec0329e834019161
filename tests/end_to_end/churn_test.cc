// Membership under churn: storms of joins, rolling restarts, members that stand by.
#include <doctest/doctest.h>

#include <algorithm>
#include <memory>

#include "end_to_end/command_line.h"
#include "end_to_end/crowd.h"
#include "end_to_end/daemon.h"
#include "end_to_end/member.h"

namespace muster::e2e {
namespace {

using Json = nlohmann::json;

/// Who owns what, by partition.
std::map<int, std::string> owners_in(const Json& group) {
  std::map<int, std::string> owners;
  for (const Json& partition : group.at("partitions")) {
    REQUIRE(partition.at("owner").is_string());
    owners[partition.at("partition")] = partition.at("owner");
  }
  return owners;
}

TEST_CASE("a storm of 1,000 joins makes a handful of plans, and all is owned at its end") {
  constexpr std::size_t kConnections = 5;
  constexpr std::size_t kMembersEach = 200;
  constexpr std::size_t kMembersAWave = 10;  // of each connection
  constexpr Milliseconds kBetweenWaves{50};  // the storm goes on for a second, over several windows
  constexpr std::size_t kPartitions = 2'000;
  const Daemon daemon;  // with the gathering window that is usual
  WireClient client(daemon.address());
  create_topic(client, "orders", kPartitions);
  std::vector<std::unique_ptr<Crowd>> crowds;
  for (std::size_t i = 0; i < kConnections; ++i) {
    crowds.push_back(std::make_unique<Crowd>(daemon.address(), "group", "orders"));
  }

  const auto held = [&] {
    std::size_t count = 0;
    for (const auto& crowd : crowds) {
      crowd->pump();
      count += crowd->held();
    }
    return count;
  };
  const SteadyClock::time_point start = SteadyClock::now();
  for (std::size_t wave = 0; wave * kMembersAWave < kMembersEach; ++wave) {
    for (std::size_t i = 0; i < kConnections; ++i) {
      std::vector<std::string> member_ids;
      for (std::size_t member = 0; member < kMembersAWave; ++member) {
        member_ids.push_back("member-" + std::to_string(i) + "-" +
                             std::to_string(wave * kMembersAWave + member));
      }
      crowds[i]->send_joins(member_ids);
    }
    const SteadyClock::time_point next = start + (wave + 1) * kBetweenWaves;
    wait_until([&] { return held() <= kPartitions && until(next).count() == 0; }, kPatience);
  }
  for (const auto& crowd : crowds) crowd->require_joined();
  const auto storm = since(start);
  Json group;
  REQUIRE(wait_until([&] {
    if (held() != kPartitions) return false;
    group = muster_json(daemon, {"group", "describe", "group"});
    return group.at("state") == "stable";
  }));
  MESSAGE("1,000 joins took ", storm.count(), " ms and made ", group.at("generation").dump(),
          " plans");
  CHECK(group.at("members").size() == kConnections * kMembersEach);
  CHECK(group.at("unowned") == 0);
  // A plan each window of 200 ms, however many join in it.
  CHECK(group.at("generation") <= storm.count() / 200 + 2);
  std::map<std::string, int> shares;
  for (const auto& [partition, owner] : owners_in(group)) ++shares[owner];
  CHECK(shares.size() == kConnections * kMembersEach);
  CHECK(std::ranges::all_of(shares, [](const auto& share) { return share.second == 2; }));
}

TEST_CASE("a rolling restart of 200 named members moves nothing") {
  constexpr int kMembers = 200;
  const Daemon daemon;
  WireClient client(daemon.address());
  create_topic(client, "orders", 2 * kMembers);
  std::vector<std::unique_ptr<Member>> members;
  for (int i = 0; i < kMembers; ++i) {
    members.push_back(std::make_unique<Member>(
        daemon.address(),
        MemberOptions{.member_id = "pod-" + std::to_string(i), .topics = {"orders"}}));
    members.back()->join();
  }
  const auto pump = [&] {
    for (const auto& member : members) member->pump();
  };
  REQUIRE(wait_until([&] {
    pump();
    return std::ranges::all_of(members, [](const auto& one) { return one->held().size() == 2; });
  }));
  const Json before = muster_json(daemon, {"group", "describe", "group"});
  REQUIRE(before.at("state") == "stable");
  std::size_t revoked_before = 0;
  for (const auto& member : members) revoked_before += member->revoked();

  std::size_t revoked = 0;
  for (int i = 0; i < kMembers; ++i) {
    auto& member = members[static_cast<std::size_t>(i)];
    const Held former = member->held();
    REQUIRE(former.size() == 2);
    if (i % 2 == 0) {  // closed, with its seat kept
      member->client().ask<wire::DoneT>(member->of_member<wire::DetachT>());
    }
    member->client().close();  // every other one is killed: its connection ends without a word
    revoked += member->revoked();
    MemberOptions options = member->options();
    options.incarnation = 2;
    member = std::make_unique<Member>(daemon.address(), options);
    // The server may take a moment to see that the old connection ended.
    REQUIRE(wait_until([&] {
      const wire::ServerMessageT reply = member->client().call(member->join_request());
      if (const wire::ErrorT* error = reply.body.AsError()) {
        REQUIRE(error->name == "MEMBER_ID_IN_USE");
        return false;
      }
      return true;
    }));
    member->join();  // the same process again: what it holds
    REQUIRE(member->held().size() == 2);
    for (const auto& [partition, token] : member->held()) CHECK(token > former.at(partition));
    if (i % 50 == 0) pump();
  }
  pump();
  for (const auto& member : members) {
    revoked += member->revoked();
    CHECK(member->lost().empty());
  }
  const Json after = muster_json(daemon, {"group", "describe", "group"});
  CHECK(revoked == revoked_before);
  CHECK(after.at("state") == "stable");
  CHECK(after.at("generation") == before.at("generation"));
  CHECK(owners_in(after) == owners_in(before));
  require_digest_equals_replay(daemon);
}

TEST_CASE("more members than partitions: the rest stand by in a stable order, and step in first") {
  std::string strategy;
  SUBCASE("round_robin") { strategy = "round_robin"; }
  SUBCASE("range") { strategy = "range"; }
  SUBCASE("sticky") { strategy = "sticky"; }
  CAPTURE(strategy);
  const Daemon daemon({"--gathering-window-ms", "0"});
  WireClient client(daemon.address());
  create_topic(client, "orders", 3);
  muster_json(daemon, {"group", "configure", "group", "--strategy", strategy});
  std::vector<std::unique_ptr<Member>> members;
  std::vector<Member*> present;
  for (const char* member_id : {"a", "b", "c", "d", "e"}) {
    members.push_back(std::make_unique<Member>(
        daemon.address(), MemberOptions{.member_id = member_id, .topics = {"orders"}}));
    present.push_back(members.back().get());
    present.back()->join();
    const std::size_t busy = std::min<std::size_t>(present.size(), 3);
    REQUIRE(pump_until(present, [&] {
      const auto works = [](const Member* member) { return !member->held().empty(); };
      return static_cast<std::size_t>(std::ranges::count_if(present, works)) == busy &&
             present.back()->generation() > 0;
    }));
  }
  const auto works = [&](std::size_t member) { return members[member]->held().size() == 1; };
  REQUIRE(pump_until(present, [&] { return works(0) && works(1) && works(2); }));
  CHECK(members[3]->held().empty());
  CHECK(members[4]->held().empty());

  members[1]->leave();
  REQUIRE(pump_until(present, [&] { return works(0) && works(2) && works(3); }));
  CHECK(members[4]->held().empty());
  members[0]->leave();
  REQUIRE(pump_until(present, [&] { return works(2) && works(3) && works(4); }));
}

}  // namespace
}  // namespace muster::e2e
