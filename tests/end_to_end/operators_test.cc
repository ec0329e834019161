// Operators' hands: each action by the real `muster`, and what the members saw of it.
#include <doctest/doctest.h>

#include <algorithm>

#include "end_to_end/command_line.h"
#include "end_to_end/daemon.h"
#include "end_to_end/member.h"

namespace muster::e2e {
namespace {

using Json = nlohmann::json;
using Numbers = std::vector<int>;

/// Topic "orders" and group "group", whose members settle before anything is done to them.
struct OperatorsSetting {
  Daemon daemon{{"--gathering-window-ms", "0"}};
  WireClient client{daemon.address()};

  explicit OperatorsSetting(std::int32_t partitions) { create_topic(client, "orders", partitions); }

  MemberOptions named(const std::string& member_id) const {
    return {.member_id = member_id, .topics = {"orders"}};
  }

  /// `muster group VERB group ARGUMENTS`, which must succeed; its JSON.
  Json group(const std::string& verb, std::vector<std::string> arguments = {}) const {
    arguments.insert(arguments.begin(), {"group", verb, "group"});
    return muster_json(daemon, arguments);
  }
  Json describe() const { return group("describe"); }
  std::string describe_text() const {
    return muster({"--server", daemon.address(), "group", "describe", "group"}).out;
  }
  CommandResult attempt(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"--server", daemon.address(), "group"});
    return muster(arguments);
  }
  std::uint64_t generation() const { return describe().at("generation"); }
  bool settled() const {
    const Json group = describe();
    return group.at("state") == "stable" && group.at("unowned") == 0;
  }

  /// The events of one type in the journal, which must all be an operator's.
  std::vector<Json> acts(const std::string& type) const {
    std::vector<Json> found;
    for (const Json& event : journal_log(daemon)) {
      if (event.at("type") != type) continue;
      CHECK(event.at("cause").at("kind") == "operator");
      CHECK(event.at("cause").at("who").get<std::string>().starts_with("muster"));
      found.push_back(event);
    }
    return found;
  }
};

bool says(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("configure --strategy is one hand-over of what must move, and no member starts anew") {
  OperatorsSetting setting(6);
  Member a(setting.daemon.address(), setting.named("a"));
  Member b(setting.daemon.address(), setting.named("b"));
  const std::vector<Member*> all = {&a, &b};
  a.join();
  b.join();
  REQUIRE(pump_until(all, [&] {
    return a.partitions("orders") == Numbers{0, 2, 4} && b.partitions("orders") == Numbers{1, 3, 5};
  }));
  const std::size_t revoked_before = a.revoked();
  const std::uint64_t generation = a.generation();
  const Held former = a.held();

  const Json done = setting.group("configure", {"--strategy", "range"});
  CHECK(done.at("strategy") == "range");
  CHECK(done.at("changed") == true);
  REQUIRE(pump_until(all, [&] {
    return a.partitions("orders") == Numbers{0, 1, 2} && b.partitions("orders") == Numbers{3, 4, 5};
  }));
  CHECK(a.generation() == generation + 1);
  CHECK(b.generation() == generation + 1);
  CHECK(a.revoked() == revoked_before + 1);  // of three, only orders/4 had to go
  CHECK(b.revoked() == 1);
  CHECK(a.token({"orders", 0}) == former.at({"orders", 0}));
  CHECK(a.lost().empty());
  CHECK(setting.describe().at("strategy") == "range");

  // A strategy that likes what there is moves nothing.
  setting.group("configure", {"--strategy", "sticky"});
  CHECK(setting.generation() == generation + 2);
  CHECK(setting.settled());
  a.pump();
  b.pump();
  CHECK(a.revoked() + b.revoked() == revoked_before + 2);

  CHECK(setting.group("configure", {"--strategy", "sticky"}).at("changed") == false);
  CHECK(setting.generation() == generation + 2);
  CHECK(setting.acts("GroupConfigured").size() == 2);
  CHECK(muster({"--server", setting.daemon.address(), "group", "configure", "group"}).out ==
        "Group group: strategy sticky, no limit of members.\n");
  require_digest_equals_replay(setting.daemon);
}

TEST_CASE("configure creates a group that nobody has joined yet") {
  OperatorsSetting setting(4);
  CHECK(setting.attempt({"configure", "group"}).status == 1);  // shows, and there is nothing
  const Json done = setting.group("configure", {"--strategy", "range", "--max-members", "2"});
  CHECK(done.at("created") == true);
  CHECK(done.at("max_members") == 2);
  Member a(setting.daemon.address(), setting.named("a"));
  Member b(setting.daemon.address(), setting.named("b"));
  a.join();
  b.join();
  CHECK(pump_until({&a, &b}, [&] {
    return a.partitions("orders") == Numbers{0, 1} && b.partitions("orders") == Numbers{2, 3};
  }));
}

TEST_CASE(
    "a frozen group leaves unowned what a dead member had, says so, and heals when it thaws") {
  OperatorsSetting setting(6);
  MemberOptions mortal = setting.named("a");
  mortal.session_timeout_ms = 1'000;
  mortal.disconnect_grace_ms = 200;
  Member a(setting.daemon.address(), mortal);
  Member b(setting.daemon.address(), setting.named("b"));
  a.join();
  b.join();
  REQUIRE(pump_until({&a, &b}, [&] { return a.held().size() == 3 && b.held().size() == 3; }));
  const Held kept = b.held();
  const std::uint64_t generation = setting.generation();

  CHECK(says(setting.attempt({"freeze", "group"}).out, "stays unowned"));
  CHECK(setting.group("freeze").at("changed") == false);
  a.client().close();
  REQUIRE(wait_until([&] { return setting.describe().at("members").size() == 1; }));
  Member late(setting.daemon.address(), setting.named("late"));
  late.join();
  Json group = setting.describe();
  CHECK(group.at("frozen") == true);
  CHECK(group.at("unowned") == 3);
  CHECK(group.at("generation") == generation);
  CHECK(says(setting.describe_text(), "what is unowned (3 partitions) stays so"));
  CHECK(says(setting.attempt({"list"}).out, "stable, frozen"));
  b.pump();
  late.pump();
  CHECK(b.held() == kept);
  CHECK(late.held().empty());

  // It holds across a restart of the daemon.
  setting.daemon.kill9();
  setting.daemon.start();
  b.reconnect();
  late.reconnect();
  CHECK(setting.describe().at("unowned") == 3);

  CHECK(says(setting.attempt({"unfreeze", "group"}).out, "3 partitions were unowned"));
  REQUIRE(pump_until({&b, &late}, [&] { return b.held().size() + late.held().size() == 6; }));
  REQUIRE(pump_until({&b, &late}, [&] { return setting.settled(); }));
  CHECK(setting.generation() == generation + 1);
  CHECK(setting.describe().at("frozen") == false);
  CHECK(setting.acts("GroupFrozen").size() == 2);
  require_digest_equals_replay(setting.daemon);
}

TEST_CASE("remove-member: its process is told, may not come back, and others take over") {
  OperatorsSetting setting(4);
  setting.group("configure", {"--strategy", "sticky"});
  Member a(setting.daemon.address(), setting.named("a"));
  Member b(setting.daemon.address(), setting.named("b"));
  a.join();
  b.join();
  REQUIRE(pump_until({&a, &b}, [&] { return a.held().size() == 2 && b.held().size() == 2; }));
  const Held kept = b.held();
  const std::size_t revoked = b.revoked();

  const CommandResult removed = setting.attempt({"remove-member", "group", "a"});
  CHECK(removed.status == 0);
  CHECK(says(removed.out, "2 partitions go to others"));
  REQUIRE(pump_until({&a, &b}, [&] { return a.seat_ended() && b.held().size() == 4; }));
  CHECK(a.lost().size() == 2);
  CHECK(a.client().refusal(a.join_request()).name == "MEMBER_REMOVED");
  CHECK(b.revoked() == revoked);
  for (const auto& [partition, token] : kept) CHECK(b.token(partition) == token);

  const CommandResult again = setting.attempt({"remove-member", "group", "a"});
  CHECK(again.status == 1);
  CHECK(says(again.err, "has no member 'a'"));
}

TEST_CASE("drain-member empties a member by ordinary hand-over, and disturbs nobody else") {
  OperatorsSetting setting(6);
  setting.group("configure", {"--strategy", "sticky"});
  Member a(setting.daemon.address(), setting.named("a"));
  Member b(setting.daemon.address(), setting.named("b"));
  Member c(setting.daemon.address(), setting.named("c"));
  const std::vector<Member*> all = {&a, &b, &c};
  for (Member* member : all) member->join();
  REQUIRE(pump_until(
      all, [&] { return a.held().size() == 2 && b.held().size() == 2 && c.held().size() == 2; }));
  const Held kept = b.held();
  const std::size_t revoked_a = a.revoked();
  const std::size_t revoked_b = b.revoked();
  const std::size_t revoked_c = c.revoked();

  const CommandResult drained = setting.attempt({"drain-member", "group", "a"});
  CHECK(says(drained.out, "hands over 2 partitions"));
  REQUIRE(pump_until(
      all, [&] { return a.held().empty() && b.held().size() == 3 && c.held().size() == 3; }));
  CHECK(a.revoked() == revoked_a + 2);
  CHECK(a.lost().empty());
  CHECK_FALSE(a.seat_ended());
  CHECK(b.revoked() == revoked_b);
  CHECK(c.revoked() == revoked_c);
  for (const auto& [partition, token] : kept) CHECK(b.token(partition) == token);
  CHECK(setting.describe().at("draining") == Json({"a"}));
  CHECK(says(setting.describe_text(), "Draining: a."));
  CHECK(setting.group("drain-member", {"a"}).at("changed") == false);

  // Nothing new goes to it, whatever happens.
  muster_json(setting.daemon, {"topic", "expand", "orders", "--partitions", "9"});
  REQUIRE(pump_until(all, [&] { return b.held().size() + c.held().size() == 9; }));
  CHECK(a.held().empty());

  CHECK(says(setting.attempt({"undrain-member", "group", "a"}).out, "share again"));
  REQUIRE(pump_until(
      all, [&] { return a.held().size() == 3 && b.held().size() == 3 && c.held().size() == 3; }));
  CHECK(setting.acts("MemberDrained").size() == 2);
  CHECK(setting.describe().at("draining").empty());
  require_digest_equals_replay(setting.daemon);
}

TEST_CASE("pin gives a partition to its member by one hand-over; unpin gives it back") {
  OperatorsSetting setting(4);
  Member a(setting.daemon.address(), setting.named("a"));
  Member b(setting.daemon.address(), setting.named("b"));
  const std::vector<Member*> all = {&a, &b};
  a.join();
  b.join();
  REQUIRE(pump_until(all, [&] {
    return a.partitions("orders") == Numbers{0, 2} && b.partitions("orders") == Numbers{1, 3};
  }));
  const std::uint64_t generation = setting.generation();

  const CommandResult pinned = setting.attempt({"pin", "group", "orders/0", "b"});
  CHECK(says(pinned.out, "gets it as soon as a has released it"));
  const Partition first{"orders", 0};
  REQUIRE(pump_until(all, [&] { return b.held().contains(first) && setting.settled(); }));
  CHECK(setting.generation() == generation + 1);
  CHECK(a.lost().empty());
  CHECK(setting.describe().at("partitions").at(0).at("pinned_to") == "b");
  CHECK(says(setting.describe_text(), "PINNED TO"));
  CHECK(setting.group("pin", {"orders/0", "b"}).at("changed") == false);

  const CommandResult unpinned = setting.attempt({"unpin", "group", "orders/0"});
  CHECK(says(unpinned.out, "Unpinned orders/0 from b"));
  REQUIRE(pump_until(all, [&] { return a.held().contains(first) && setting.settled(); }));
  CHECK_FALSE(says(setting.describe_text(), "PINNED"));
  CHECK(setting.group("unpin", {"orders/0"}).at("changed") == false);
  CHECK(setting.acts("PartitionPinned").size() == 2);
  require_digest_equals_replay(setting.daemon);
}

TEST_CASE("a pin to an absent member keeps the partition unowned until that comes") {
  OperatorsSetting setting(2);
  Member a(setting.daemon.address(), setting.named("a"));
  a.join();
  REQUIRE(pump_until({&a}, [&] { return a.held().size() == 2; }));
  const CommandResult pinned = setting.attempt({"pin", "group", "orders/1", "z"});
  CHECK(says(pinned.out, "z, which is absent: the partition stays unowned until it comes"));
  REQUIRE(pump_until({&a}, [&] { return a.held().size() == 1; }));
  CHECK(setting.describe().at("unowned") == 1);
  Member z(setting.daemon.address(), setting.named("z"));
  z.join();
  REQUIRE(pump_until({&a, &z}, [&] { return z.partitions("orders") == Numbers{1}; }));
  CHECK(setting.describe().at("unowned") == 0);
}

TEST_CASE(
    "max-members refuses who would be one more, with a retry, and lets in when there is room") {
  OperatorsSetting setting(2);
  Member a(setting.daemon.address(), setting.named("a"));
  Member b(setting.daemon.address(), setting.named("b"));
  a.join();
  b.join();
  setting.group("configure", {"--max-members", "2"});
  Member c(setting.daemon.address(), setting.named("c"));
  const wire::ErrorT full = c.client().refusal(c.join_request());
  CHECK(full.name == "GROUP_FULL");
  CHECK(full.retriable);
  CHECK(says(setting.describe_text(), "2 members of at most 2"));
  a.reconnect();  // who is in it comes and goes as before
  b.leave();
  c.join();
  CHECK(pump_until({&a, &c}, [&] { return a.held().size() == 1 && c.held().size() == 1; }));
}

TEST_CASE("a pattern's member gets a topic that is created later, and loses one that is deleted") {
  OperatorsSetting setting(2);
  MemberOptions options{.member_id = "a", .topics = {}};
  options.patterns = {"orders(-.*)?"};
  Member a(setting.daemon.address(), options);
  a.join();
  REQUIRE(pump_until({&a}, [&] { return a.held().size() == 2; }));
  const Held kept = a.held();
  create_topic(setting.client, "orders-eu", 2);
  create_topic(setting.client, "payments", 2);
  REQUIRE(pump_until({&a}, [&] { return a.partitions("orders-eu") == Numbers{0, 1}; }));
  for (const auto& [partition, token] : kept) CHECK(a.token(partition) == token);
  CHECK(setting.describe().at("members").at(0).at("patterns") == Json({"orders(-.*)?"}));
  CHECK(says(setting.describe_text(), "orders(-.*)?"));

  muster_json(setting.daemon, {"topic", "delete", "orders-eu"});
  REQUIRE(pump_until({&a}, [&] { return a.lost().size() == 2; }));
  CHECK(a.held() == kept);
  CHECK(a.revoked() == 0);

  // What it matched is folded from the journal, and goes on after a restart.
  setting.daemon.kill9();
  setting.daemon.start();
  a.reconnect();
  WireClient client(setting.daemon.address());
  create_topic(client, "orders-us", 1);
  REQUIRE(pump_until({&a}, [&] { return a.partitions("orders-us") == Numbers{0}; }));
  require_digest_equals_replay(setting.daemon);
}

TEST_CASE("what operators ask and can't have is refused with the thing's name and a remedy") {
  OperatorsSetting setting(2);
  Member a(setting.daemon.address(), setting.named("a"));
  a.join();
  REQUIRE(pump_until({&a}, [&] { return setting.settled(); }));
  const std::uint64_t generation = setting.generation();
  const auto refusal = [&](std::vector<std::string> arguments) {
    const CommandResult result = setting.attempt(std::move(arguments));
    CHECK(result.status == 1);
    CHECK(result.out.empty());
    return result.err;
  };
  CHECK(says(refusal({"freeze", "nowhere"}), "'nowhere'"));
  CHECK(says(refusal({"drain-member", "group", "b"}), "muster group describe"));
  CHECK(says(refusal({"pin", "group", "orders/2", "a"}), "orders"));
  CHECK(says(refusal({"pin", "group", "payments/0", "a"}), "'payments'"));
  CHECK(says(refusal({"configure", "group", "--max-members", "10001"}), "10000"));
  CHECK(setting.attempt({"configure", "group", "--strategy", "fair"}).status == 2);
  create_topic(setting.client, "payments", 1);
  CHECK(says(refusal({"pin", "group", "payments/0", "a"}), "does not subscribe"));
  CHECK(setting.generation() == generation);
}

}  // namespace
}  // namespace muster::e2e
