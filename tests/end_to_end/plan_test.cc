// muster plan: of a file, of standard input, and of a live group, which then does what was said.
#include <doctest/doctest.h>

#include <fstream>

#include "end_to_end/command_line.h"
#include "end_to_end/daemon.h"
#include "end_to_end/member.h"

namespace muster::e2e {
namespace {

constexpr const char* kInput =
    R"({"strategy":"sticky","topics":{"t":4},
        "members":[{"id":"a","topics":["t"],"owned":{"t":[0,1,2,3]}},{"id":"b","topics":["t"]}]})";

// What the members hold, as `muster plan` would write it.
nlohmann::json held_by(const std::vector<Member*>& members) {
  nlohmann::json assignment = nlohmann::json::object();
  for (const Member* member : members) {
    nlohmann::json& share = assignment[member->options().member_id];
    share = nlohmann::json::object();
    for (const auto& [partition, fence] : member->held()) {
      share[partition.first].push_back(partition.second);
    }
  }
  return assignment;
}

std::size_t moves_between(const nlohmann::json& before, const nlohmann::json& after) {
  std::size_t moves = 0;
  for (const auto& [member_id, topics] : before.items()) {
    for (const auto& [topic, partitions] : topics.items()) {
      for (const nlohmann::json& partition : partitions) {
        const auto& now = after.at(member_id);
        if (!now.contains(topic) || std::ranges::count(now.at(topic), partition) == 0) ++moves;
      }
    }
  }
  return moves;
}

TEST_CASE("plan answers for a file and for standard input, without a server") {
  const TemporaryDirectory directory;
  std::ofstream(directory / "input.json") << kInput;
  const CommandResult of_file =
      muster({"--server", "127.0.0.1:1", "--output", "json", "plan", directory / "input.json"});
  REQUIRE(of_file.status == 0);
  const nlohmann::json plan = nlohmann::json::parse(of_file.out);
  CHECK(plan.at("assignment").at("b").at("t").size() == 2);
  CHECK(plan.at("moves").size() == 2);
  CHECK_FALSE(plan.contains("frozen"));  // no server, no group

  const CommandResult piped =
      run_to_end({"/bin/sh", "-c",
                  std::string("exec " MUSTER_BINARY " --output json plan < '") +
                      (directory / "input.json") + "'"});
  CHECK(piped.status == 0);
  CHECK(piped.out == of_file.out);

  const CommandResult table =
      muster({"plan", directory / "input.json", "--remove", "b", "--partitions", "t=5"});
  CHECK(table.status == 0);
  CHECK(table.out.starts_with("By sticky: 1 member, 5 partitions, 0 moves.\n"));
}

TEST_CASE("plan refuses wrong input with 1 and wrong usage with 2") {
  const TemporaryDirectory directory;
  std::ofstream(directory / "input.json") << R"({"topics":{"t":-1},"members":[]})";
  const CommandResult wrong = muster({"--output", "json", "plan", directory / "input.json"});
  CHECK(wrong.status == 1);
  const nlohmann::json error = nlohmann::json::parse(wrong.err).at("error");
  CHECK(error.at("name") == "INVALID_PARTITION_COUNT");
  CHECK(error.at("message").get<std::string>().find("/topics/t") != std::string::npos);

  CHECK(muster({"plan", directory / "absent.json"}).status == 1);
  CHECK(muster({"plan", directory.path().string()}).status == 1);
  CHECK(muster({"plan"}).status == 1);  // nothing on standard input
  CHECK(muster({"plan", "x", "--from-group", "g"}).status == 2);
  CHECK(muster({"plan", "x", "--partitions", "t"}).status == 2);
  for (const char* count : {"-1", "x", "99999999999"}) {
    const CommandResult refused = muster({"plan", "x", "--add-members", count});
    CHECK(refused.status == 2);
    CHECK(refused.err.find("is not a number of members") != std::string::npos);
  }
  const CommandResult large = muster({"plan", "x", "--partitions", "t=99999999999"});
  CHECK(large.status == 2);
  CHECK(large.err.find("is too large") != std::string::npos);
}

TEST_CASE("plan says of a live group what the daemon then does") {
  const Daemon daemon({"--gathering-window-ms", "0"});
  WireClient client(daemon.address());
  create_topic(client, "orders", 7);
  create_topic(client, "outbox", 5);
  wire::ConfigureGroupT configure;
  configure.group = "group";
  configure.strategy = "sticky";
  client.ask<wire::DoneT>(std::move(configure));
  const auto member = [&](const std::string& member_id) {
    return Member(daemon.address(), {.member_id = member_id, .topics = {"orders", "outbox"}});
  };
  Member a = member("a");
  Member b = member("b");
  a.join();
  b.join();
  REQUIRE(pump_until({&a, &b}, [&] { return a.held().size() == 6 && b.held().size() == 6; }));
  const nlohmann::json before = held_by({&a, &b});
  const nlohmann::json unchanged = muster_json(daemon, {"plan", "--from-group", "group"});
  CHECK(unchanged.at("frozen") == false);
  CHECK(unchanged.at("assignment") == before);
  CHECK(unchanged.at("moves").empty());

  const nlohmann::json joined =
      muster_json(daemon, {"plan", "--from-group", "group", "--add-members", "1"});
  Member c = member("new-1");
  c.join();
  REQUIRE(pump_until({&a, &b, &c}, [&] {
    return a.held().size() == 4 && b.held().size() == 4 && c.held().size() == 4;
  }));
  CHECK(joined.at("assignment") == held_by({&a, &b, &c}));
  CHECK(joined.at("moves").size() == moves_between(before, held_by({&a, &b, &c})));

  const nlohmann::json left =
      muster_json(daemon, {"plan", "--from-group", "group", "--remove", "a"});
  a.leave();
  REQUIRE(pump_until({&b, &c}, [&] { return b.held().size() + c.held().size() == 12; }));
  CHECK(left.at("assignment") == held_by({&b, &c}));
  CHECK(left.at("moves").size() == 4);
}

TEST_CASE("plan of a live group sees what drains and what is pinned") {
  const Daemon daemon({"--gathering-window-ms", "0"});
  WireClient client(daemon.address());
  create_topic(client, "orders", 4);
  Member a(daemon.address(), {.member_id = "a", .topics = {"orders"}});
  Member b(daemon.address(), {.member_id = "b", .topics = {"orders"}});
  a.join();
  b.join();
  REQUIRE(pump_until({&a, &b}, [&] { return a.held().size() == 2 && b.held().size() == 2; }));
  wire::PinPartitionT pin;
  pin.group = "group";
  pin.topic = "orders";
  pin.partition = 3;
  pin.member_id = "a";
  client.ask<wire::DoneT>(std::move(pin));
  wire::DrainMemberT drain;
  drain.group = "group";
  drain.member_id = "b";
  drain.draining = true;
  client.ask<wire::DoneT>(std::move(drain));
  REQUIRE(pump_until({&a, &b}, [&] { return a.held().size() == 4; }));

  const nlohmann::json plan = muster_json(
      daemon, {"plan", "--from-group", "group", "--add-members", "1", "--strategy", "sticky"});
  CHECK(plan.at("assignment").at("b") == nlohmann::json::object());
  CHECK(plan.at("assignment").at("a").at("orders").back() == 3);
  CHECK(plan.at("balance") == nlohmann::json::parse(R"({"min":2,"max":2,"spread":0})"));

  CHECK(muster({"--server", daemon.address(), "plan", "--from-group", "nobody"}).status == 1);
}

}  // namespace
}  // namespace muster::e2e
