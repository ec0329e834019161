// `muster group why` and `muster journal why`: the same story of the same partition, from a live
// server, from its journal beside it, and after its death.
#include <doctest/doctest.h>

#include <optional>

#include "end_to_end/command_line.h"
#include "end_to_end/daemon.h"
#include "end_to_end/member.h"

namespace muster::e2e {
namespace {

using nlohmann::json;

json journal_why(const Daemon& daemon, const std::string& at) {
  const CommandResult result = muster(
      {"journal", "why", "group", at, "--data-dir", daemon.data_directory(), "--output", "json"});
  CAPTURE(result.err);
  REQUIRE(result.status == 0);
  return json::parse(result.out);
}

json group_why(const Daemon& daemon, const std::string& at) {
  return muster_json(daemon, {"group", "why", "group", at});
}

std::vector<std::string> kinds_of(const json& why) {
  std::vector<std::string> kinds;
  for (const json& entry : why.at("story")) kinds.push_back(entry.at("kind"));
  return kinds;
}

const json& last_of(const json& why, const std::string& kind) {
  const json* found = nullptr;
  for (const json& entry : why.at("story")) {
    if (entry.at("kind") == kind) found = &entry;
  }
  REQUIRE(found != nullptr);
  return *found;
}

/// `a` has all four partitions of orders; `b` joins, is given 1 and 3, and is killed.
struct History {
  History() {
    create_topic(a.client(), "orders", 4);
    a.join();
    REQUIRE(pump_until({&a}, [&] { return a.held().size() == 4; }));
    for (std::int64_t offset = 10; offset <= 30; offset += 10) {
      REQUIRE_FALSE(a.commit({"orders", 1}, offset).has_value());
    }
    b.emplace(daemon.address(), MemberOptions{.member_id = "b",
                                              .topics = {"orders"},
                                              .session_timeout_ms = 5'000,
                                              .disconnect_grace_ms = 200});
    b->join();
    REQUIRE(pump_until({&a, &*b}, [&] { return b->held().size() == 2; }));
  }
  void kill_b() {
    b.reset();
    REQUIRE(pump_until({&a}, [&] { return a.held().size() == 4; }));
  }

  Daemon daemon{{"--gathering-window-ms", "0"}};
  Member a{daemon.address(), {.member_id = "a", .topics = {"orders"}}};
  std::optional<Member> b;
};

TEST_CASE("a partition's story names its owners, what moved it and where the time went") {
  History history;
  history.kill_b();
  const json why = group_why(history.daemon, "orders/1");
  CHECK(kinds_of(why) == std::vector<std::string>{"topic_created", "planned", "granted",
                                                  "committed", "planned", "released", "granted",
                                                  "expired", "planned", "granted"});
  CHECK(why.at("now").at("state") == "owned");
  CHECK(why.at("now").at("owner") == "a");
  CHECK(why.at("now").at("committed") == 30);
  const json& granted = last_of(why, "granted");
  CHECK(granted.at("former_owner") == "b");
  CHECK(granted.at("given_up_after_ms") == 200);
  CHECK(granted.at("fence") == why.at("now").at("fence"));
  CHECK(last_of(why, "planned").at("why") == "b expired");
  CHECK(last_of(why, "committed").at("what").get<std::string>().starts_with("3 commits"));
  CHECK(last_of(why, "released").at("member_id") == "a");
  // A partition that never moved has a shorter story.
  CHECK(kinds_of(group_why(history.daemon, "orders/0")) ==
        std::vector<std::string>{"topic_created", "planned", "granted"});
}

TEST_CASE("the server and its journal tell the same, also when the server is dead") {
  History history;
  history.kill_b();
  const json live = group_why(history.daemon, "orders/1");
  CHECK(journal_why(history.daemon, "orders/1") == live);
  history.daemon.kill9();
  CHECK(journal_why(history.daemon, "orders/1") == live);
}

TEST_CASE("a partition that is asked back says from whom and for whom") {
  History history;
  history.a.hold_on();
  Member c(history.daemon.address(), {.member_id = "c", .topics = {"orders"}});
  c.join();
  REQUIRE(pump_until({&history.a, &*history.b, &c}, [&] {
    return group_why(history.daemon, "orders/2").at("now").at("state") == "revoking";
  }));
  const json why = group_why(history.daemon, "orders/2");
  CHECK(why.at("now").at("owner") == "a");
  CHECK(why.at("now").at("target") == "c");
  CHECK(last_of(why, "planned").at("why") == "c joined");
}

TEST_CASE("the operator who removed a member is named in the story") {
  History history;
  muster_json(history.daemon, {"group", "remove-member", "group", "b"});
  REQUIRE(pump_until({&history.a, &*history.b}, [&] { return history.a.held().size() == 4; }));
  const CommandResult told =
      muster({"--server", history.daemon.address(), "group", "why", "group", "orders/1"});
  CHECK(told.status == 0);
  CHECK(told.out.find("b was removed by muster:") != std::string::npos);
  CHECK(told.out.find("orders/1 of group group is owned by a under token ") == 0);
}

TEST_CASE("a last grant outlives its event: who gave it to whom, when and why") {
  const Daemon daemon({"--gathering-window-ms", "0", "--history-max-age-ms", "300"});
  Member a(daemon.address(), {.member_id = "a", .topics = {"orders"}});
  create_topic(a.client(), "orders", 2);
  a.join();
  REQUIRE(pump_until({&a}, [&] { return a.held().size() == 2; }));
  const std::uint64_t token = a.token({"orders", 1});
  json why;
  REQUIRE(pump_until({&a}, [&] {
    why = group_why(daemon, "orders/1");
    return why.at("first_sequence") > token;
  }));
  CHECK(why.at("now").at("owner") == "a");
  CHECK(why.at("now").at("fence") == token);
  REQUIRE(why.at("story").size() == 1);
  const json& granted = why.at("story").at(0);
  CHECK(granted.at("kind") == "granted");
  CHECK(granted.at("trimmed") == true);
  CHECK(granted.at("sequence") == token);
  CHECK(granted.at("what").get<std::string>().find("because member 'a' joined (#2)") !=
        std::string::npos);
  CHECK(journal_why(daemon, "orders/1").at("story") == why.at("story"));
  // What happens from then on is told as ever.
  muster_json(daemon, {"group", "remove-member", "group", "a"});
  const json removed = group_why(daemon, "orders/1");
  CHECK(removed.at("now").at("state") == "free");
  const CommandResult nobody =
      muster({"--server", daemon.address(), "group", "why", "no", "orders/1"});
  CHECK(nobody.status == 1);
  CHECK(nobody.err.find("--history-max-bytes") != std::string::npos);
}

TEST_CASE("describe says of each partition by which grant its owner has it") {
  History history;
  const json group = muster_json(history.daemon, {"group", "describe", "group"});
  const json& grant = group.at("partitions").at(1).at("last_grant");
  CHECK(grant.at("fence") == group.at("partitions").at(1).at("fence"));
  CHECK(grant.at("because") == "member 'b' joined");
  CHECK(grant.at("ended").is_null());
  const CommandResult text =
      muster({"--server", history.daemon.address(), "group", "describe", "group"});
  CHECK(text.out.find("OWNED FOR") != std::string::npos);
}

TEST_CASE("a member of other topics is no cause, and a pin to an absent one is waited for") {
  History history;
  create_topic(history.a.client(), "audit", 1);
  Member other(history.daemon.address(), {.member_id = "other", .topics = {"audit"}});
  other.join();
  REQUIRE(pump_until({&history.a, &*history.b, &other}, [&] { return other.held().size() == 1; }));
  muster_json(history.daemon, {"group", "pin", "group", "orders/0", "z"});
  const auto state_is = [&](const char* state) {
    return pump_until({&history.a, &*history.b, &other}, [&] {
      return group_why(history.daemon, "orders/0").at("now").at("state") == state;
    });
  };
  REQUIRE(state_is("free"));
  const json free = group_why(history.daemon, "orders/0");
  CHECK(free.at("now").at("why") == "it waits for z, to which it is pinned and which is no member");
  const std::string why = last_of(free, "planned").at("why");
  CHECK(why.starts_with("orders/0 was pinned to z by muster:"));
  CHECK(why.find("other") == std::string::npos);
  Member z(history.daemon.address(), {.member_id = "z", .topics = {"orders"}});
  z.join();
  REQUIRE(pump_until({&history.a, &*history.b, &other, &z},
                     [&] { return z.held().contains({"orders", 0}); }));
  const json owned = group_why(history.daemon, "orders/0");
  bool waited = false;
  for (const json& leg : last_of(owned, "granted").at("legs")) {
    if (leg.at("what") == "waiting for z, to which it is pinned and which was no member") {
      waited = true;
    }
  }
  CHECK(waited);
}

TEST_CASE("what never was is refused, with its name, by both") {
  const History history;
  for (const auto& [group, at] : std::vector<std::pair<std::string, std::string>>{
           {"nobody", "orders/1"}, {"group", "nothing/1"}, {"group", "orders/4"}}) {
    const CommandResult asked = muster(
        {"--server", history.daemon.address(), "--output", "json", "group", "why", group, at});
    CHECK(asked.status == 1);
    CHECK(json::parse(asked.err).at("error").at("name") == "UNKNOWN_GROUP_TOPIC_OR_PARTITION");
    const CommandResult read = muster({"journal", "why", group, at, "--data-dir",
                                       history.daemon.data_directory(), "--output", "json"});
    CHECK(read.status == 1);
    CHECK(read.err == asked.err);
  }
}

TEST_CASE("a long history is heard page by page") {
  History history;
  for (std::int64_t offset = 100; offset < 4'600; ++offset) {
    wire::CommitT commit;
    commit.group = "group";
    commit.items.push_back(std::make_unique<wire::CommitItemT>());
    commit.items.back()->topic = "orders";
    commit.items.back()->partition = 0;
    commit.items.back()->offset = offset;
    commit.items.back()->fence = history.a.token({"orders", 0});
    history.a.client().send(std::move(commit));
    if (offset % 100 == 0) history.a.pump();
  }
  REQUIRE_FALSE(history.a.commit({"orders", 0}, 5'000).has_value());
  const json why = group_why(history.daemon, "orders/0");
  CHECK(last_of(why, "committed").at("what").get<std::string>().starts_with("4501 commits"));
  CHECK(why.at("now").at("committed") == 5'000);
}

}  // namespace
}  // namespace muster::e2e
