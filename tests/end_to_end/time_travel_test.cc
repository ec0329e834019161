// The journal's state as it was: what a live daemon showed at each sequence of a rich history is
// what `muster journal state --at` shows of it for ever.
#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "end_to_end/command_line.h"
#include "end_to_end/daemon.h"
#include "end_to_end/member.h"

namespace muster::e2e {
namespace {

using nlohmann::json;

/// What the daemon showed when its newest event had this sequence.
struct Moment {
  std::uint64_t sequence = 0;
  std::string digest;
  json groups;
};

wire::StatusReplyT status_of(const Daemon& daemon) {
  WireClient client(daemon.address());
  return client.ask<wire::StatusReplyT>(wire::StatusT{});
}

/// Between two sequences that are equal.
Moment observe(const Daemon& daemon) {
  Moment moment;
  REQUIRE(wait_until([&] {
    const wire::StatusReplyT before = status_of(daemon);
    moment = {.sequence = before.sequence, .digest = before.state_digest, .groups = json::array()};
    const json listed = muster_json(daemon, {"group", "list"});
    for (const json& group : listed.at("groups")) {
      moment.groups.push_back(without_observations(
          muster_json(daemon, {"group", "describe", group.at("group").get<std::string>()})));
    }
    return status_of(daemon).sequence == before.sequence;
  }));
  return moment;
}

/// Lives through a history, and keeps every moment of it that can be seen.
class ObservedLife {
 public:
  ObservedLife() : daemon_({"--gathering-window-ms", "0", "--snapshot-every-bytes", "4096"}) {
    WireClient client(daemon_.address());
    create_topic(client, "orders", 4);
    create_topic(client, "refunds", 2);
    after([] {});
  }

  Daemon& daemon() { return daemon_; }
  const std::vector<Moment>& moments() const { return moments_; }

  /// Does one thing and whatever follows from it, and looks.
  void after(const std::function<void()>& something) {
    something();
    std::uint64_t sequence = 0;
    REQUIRE(wait_until([&] {
      for (const auto& member : members_) member->pump();
      const std::uint64_t before = std::exchange(sequence, status_of(daemon_).sequence);
      return before == sequence;
    }));
    moments_.push_back(observe(daemon_));
  }
  void operate(std::vector<std::string> arguments) {
    after([&] { muster_json(daemon_, arguments); });
  }

  Member& join(const std::string& name, std::vector<std::string> topics) {
    after([&] {
      members_.push_back(std::make_unique<Member>(
          daemon_.address(), MemberOptions{.member_id = name, .topics = std::move(topics)}));
      members_.back()->join();
    });
    return *members_.back();
  }
  void commit(Member& member, std::int64_t offset) {
    const Held held = member.held();
    for (const auto& [partition, token] : held) {
      after([&] { CHECK_FALSE(member.commit(partition, offset).has_value()); });
    }
  }
  void leave(Member& member) {
    after([&] {
      member.leave();
      forget(member);
    });
  }
  void remove(Member& member) {
    operate({"group", "remove-member", "group", member.options().member_id});
    forget(member);
  }
  void crash() {
    after([&] {
      daemon_.kill9();
      daemon_.start();
      for (const auto& member : members_) member->reconnect();
    });
  }

 private:
  void forget(const Member& member) {
    std::erase_if(members_, [&](const auto& one) { return one.get() == &member; });
  }

  Daemon daemon_;
  std::vector<std::unique_ptr<Member>> members_;
  std::vector<Moment> moments_;
};

void live_through(ObservedLife& history) {
  Member& a = history.join("a", {"orders"});
  history.commit(a, 10);
  Member& b = history.join("b", {"orders", "refunds"});
  history.commit(b, 20);
  history.operate({"group", "configure", "group", "--strategy", "sticky", "--max-members", "5"});
  history.operate({"topic", "expand", "orders", "--partitions", "6"});
  history.operate({"group", "pin", "group", "orders/5", "b"});
  history.crash();
  Member& c = history.join("c", {"refunds"});
  history.operate({"group", "drain-member", "group", "b"});
  history.commit(c, 30);
  history.operate({"group", "freeze", "group"});
  history.leave(c);
  history.operate({"group", "unfreeze", "group"});
  history.operate({"group", "undrain-member", "group", "b"});
  history.operate({"offset", "commit", "by-hand", "refunds/1", "7", "--metadata", "by hand"});
  history.operate({"group", "unpin", "group", "orders/5"});
  history.commit(a, 40);
  history.remove(b);
  history.operate({"topic", "delete", "refunds"});
  history.crash();
  history.leave(a);
  history.operate({"group", "delete", "by-hand"});
  history.operate({"group", "delete", "group"});
}

TEST_CASE("at each sequence of a rich history, the state as it was then is what was seen then") {
  ObservedLife history;
  live_through(history);
  const std::vector<Moment>& moments = history.moments();
  CHECK(moments.size() > 30);
  CHECK(status_of(history.daemon()).snapshot_sequence > 0);
  std::uint64_t sequences = 0;
  for (const Moment& moment : moments) {
    if (sequences == moment.sequence) continue;  // nothing had happened since
    sequences = moment.sequence;
    CAPTURE(moment.sequence);
    const CommandResult result =
        muster({"journal", "state", "--data-dir", history.daemon().data_directory(), "--output",
                "json", "--at", std::to_string(moment.sequence)});
    CAPTURE(result.err);
    REQUIRE(result.status == 0);
    const json state = json::parse(result.out);
    CHECK(state.at("sequence") == moment.sequence);
    CHECK(state.at("state_digest") == moment.digest);
    CHECK(json::diff(moment.groups, state.at("groups")) == json::array());
  }
}

}  // namespace
}  // namespace muster::e2e
