#include "tools/group_view.h"

#include <doctest/doctest.h>

using namespace muster;
using namespace muster::tools;

namespace {

std::unique_ptr<wire::PartitionInfoT> partition(std::int32_t number, std::string owner,
                                                std::int64_t committed, std::int64_t end) {
  auto info = std::make_unique<wire::PartitionInfoT>();
  info->topic = "outbox";
  info->partition = number;
  info->owner = owner;
  info->target = std::move(owner);
  info->fence = info->owner.empty() ? 0 : 40 + static_cast<std::uint64_t>(number);
  info->committed = committed;
  info->end = end;
  return info;
}

std::unique_ptr<wire::TopicPartitionsT> partitions(std::string topic,
                                                   std::vector<std::int32_t> numbers) {
  auto list = std::make_unique<wire::TopicPartitionsT>();
  list->topic = std::move(topic);
  list->partitions = std::move(numbers);
  return list;
}

GroupView some_group() {
  GroupView view;
  view.group.name = "billing";
  view.group.state = wire::GroupState::balancing;
  view.group.generation = 7;
  view.group.strategy = "round_robin";
  view.group.leader = "pod-0";
  view.group.members = 1;
  view.group.partitions = 3;
  view.group.unowned = 1;
  auto member = std::make_unique<wire::MemberInfoT>();
  member->member_id = "pod-0";
  member->client_id = "worker";
  member->host = "10.0.0.1:5000";
  member->session_timeout_ms = 30'000;
  member->connected = true;
  member->owned.push_back(partitions("outbox", {0, 1}));
  member->pending.push_back(partitions("outbox", {2}));
  view.members.push_back(std::move(member));
  view.partitions.push_back(partition(0, "pod-0", 100, 130));
  view.partitions.push_back(partition(1, "pod-0", 50, 40));
  view.partitions.push_back(partition(2, "", -1, 9));
  view.partitions[0]->metadata = "note";
  return view;
}

}  // namespace

TEST_CASE("lag is end - committed, never below 0, unknown while either is") {
  CHECK(lag_of(*partition(0, "a", 100, 130)) == 30);
  CHECK(lag_of(*partition(0, "a", 50, 40)) == 0);
  CHECK(lag_of(*partition(0, "a", -1, 40)) == std::nullopt);
  CHECK(lag_of(*partition(0, "a", 5, -1)) == std::nullopt);
}

TEST_CASE("a group as JSON has the fields that others build on") {
  const Json json = group_json(some_group());
  CHECK(json["group"] == "billing");
  CHECK(json["state"] == "balancing");
  CHECK(json["generation"] == 7);
  CHECK(json["strategy"] == "round_robin");
  CHECK(json["leader"] == "pod-0");
  CHECK(json["unowned"] == 1);
  REQUIRE(json["members"].size() == 1);
  const Json& member = json["members"][0];
  CHECK(member["member_id"] == "pod-0");
  CHECK(member["client_id"] == "worker");
  CHECK(member["host"] == "10.0.0.1:5000");
  CHECK(member["session_timeout_ms"] == 30'000);
  CHECK(member["owned"].dump() == R"({"outbox":[0,1]})");
  CHECK(member["revoking"].dump() == "{}");
  CHECK(member["pending"].dump() == R"({"outbox":[2]})");
}

TEST_CASE("a stuck application is shown as JSON, in a line and in a column of its own") {
  GroupView view = some_group();
  view.live = true;
  CHECK(group_json(view)["members"][0]["stalled_ms"].is_null());
  CHECK(group_text(view).find("STUCK FOR") == std::string::npos);
  view.members[0]->stalled_ms = 31'000;
  CHECK(group_json(view)["members"][0]["stalled_ms"] == 31'000);
  const std::string text = group_text(view);
  CHECK(text.find("Stuck: pod-0 for 31 s. Its process lives, its application makes no progress") !=
        std::string::npos);
  CHECK(text.find("STUCK FOR") != std::string::npos);
}

TEST_CASE("a partition as JSON has null for no owner and for what is not known") {
  const Json json = group_json(some_group());
  REQUIRE(json["partitions"].size() == 3);
  const Json& owned = json["partitions"][0];
  CHECK(owned["topic"] == "outbox");
  CHECK(owned["partition"] == 0);
  CHECK(owned["owner"] == "pod-0");
  CHECK(owned["fence"] == 40);
  CHECK(owned["committed"] == 100);
  CHECK(owned["end"] == 130);
  CHECK(owned["lag"] == 30);
  CHECK(owned["metadata"] == "note");
  const Json& free = json["partitions"][2];
  CHECK(free["owner"].is_null());
  CHECK(free["committed"].is_null());
  CHECK(free["end"] == 9);
  CHECK(free["lag"].is_null());
}

TEST_CASE(
    "where nobody has reported an end, end and lag are unknown; where nothing is committed, -") {
  CHECK(end_text(-1) == "unknown");
  CHECK(end_text(0) == "0");
  CHECK(lag_text(*partition(0, "a", 5, -1)) == "unknown");
  CHECK(lag_text(*partition(0, "a", -1, 5)) == "-");
  CHECK(lag_text(*partition(0, "a", 3, 5)) == "2");
  auto one = partition(0, "a", 3, 5);
  one->commit_time_ms = 1'000;
  CHECK(commit_age_text(4'000, *one) == "3 s");
  CHECK(commit_age_text(4'000, *partition(0, "a", -1, 5)) == "-");
}

TEST_CASE("a group as text begins with one line that sums it up") {
  const std::string text = group_text(some_group());
  CHECK(text.substr(0, text.find('\n')) ==
        "Group billing is balancing: generation 7, round_robin, leader pod-0. 1 member, "
        "3 partitions (1 unowned), lag 30 (unknown for 1 partition).");
}

TEST_CASE("what is unowned and what is being revoked stand in one parenthesis") {
  GroupView view = some_group();
  view.group.revoking = 2;
  CHECK(group_text(view).find("3 partitions (1 unowned, 2 being revoked), lag") !=
        std::string::npos);
  view.group.unowned = 0;
  CHECK(group_text(view).find("3 partitions (2 being revoked), lag") != std::string::npos);
}

TEST_CASE("a partition that moves shows from whom to whom") {
  GroupView view = some_group();
  view.partitions[0]->revoking = true;
  view.partitions[0]->target = "pod-1";
  const std::string text = group_text(view);
  CHECK(text.find("pod-0 → pod-1") != std::string::npos);
  CHECK(text.find("pod-0 → pod-1") == text.rfind("→") - std::string("pod-0 ").size());
}

TEST_CASE("a group folded from a journal says nothing of connections") {
  GroupView view = some_group();
  CHECK(group_json(view)["members"][0].contains("connected"));
  CHECK(group_text(view).find("CONNECTED") != std::string::npos);
  view.live = false;
  CHECK_FALSE(group_json(view)["members"][0].contains("connected"));
  CHECK(group_text(view).find("CONNECTED") == std::string::npos);
}

TEST_CASE("a group shows its settings where they are not the usual ones") {
  GroupView view = some_group();
  const std::string usual = group_text(view);
  CHECK(usual.find("at most") == std::string::npos);
  CHECK(usual.find("Frozen") == std::string::npos);
  CHECK(member_count_text(view.group) == "1");
  CHECK(state_text(view.group) == "balancing");

  view.group.max_members = 5;
  view.group.frozen = true;
  const std::string text = group_text(view);
  CHECK(text.find(". 1 member of at most 5, 3 partitions (1 unowned)") != std::string::npos);
  CHECK(text.find("\nFrozen: its plan does not change until muster group unfreeze, and what is "
                  "unowned (1 partition) stays so.\n") != std::string::npos);
  CHECK(member_count_text(view.group) == "1/5");
  CHECK(state_text(view.group) == "balancing, frozen");
  const Json json = group_json(view);
  CHECK(json["max_members"] == 5);
  CHECK(json["frozen"] == true);
  CHECK(group_summary_json(view.group)["max_members"] == 5);
  CHECK(group_summary_json(view.group)["frozen"] == true);
}

TEST_CASE("a group names who drains, present or not, and marks those that are") {
  GroupView view = some_group();
  CHECK(group_text(view).find("DRAINING") == std::string::npos);
  CHECK(group_json(view)["draining"].empty());

  view.draining = {"pod-0", "pod-7"};
  view.members[0]->draining = true;
  const std::string text = group_text(view);
  CHECK(text.find("\nDraining: pod-0, pod-7 (absent). Nobody is left to own partitions") !=
        std::string::npos);
  CHECK(text.find("DRAINING") != std::string::npos);
  CHECK(group_json(view)["draining"].dump() == R"(["pod-0","pod-7"])");
  CHECK(group_json(view)["members"][0]["draining"] == true);

  view.members[0]->draining = false;
  view.draining = {"pod-7"};
  CHECK(group_text(view).find("Draining: pod-7 (absent).\n") != std::string::npos);
  CHECK(group_text(view).find("DRAINING") == std::string::npos);
}

TEST_CASE("pins and patterns have columns in the groups that use them") {
  GroupView view = some_group();
  CHECK(group_text(view).find("PINNED") == std::string::npos);
  CHECK(group_text(view).find("PATTERNS") == std::string::npos);
  CHECK(group_json(view)["partitions"][0]["pinned_to"].is_null());
  CHECK(group_json(view)["members"][0]["patterns"].empty());

  view.partitions[2]->pinned_to = "pod-9";
  view.members[0]->patterns = {"orders-.*", "audit"};
  const std::string text = group_text(view);
  CHECK(text.find("OWNER  PINNED TO  FENCE") != std::string::npos);
  CHECK(text.find("-      pod-9") != std::string::npos);
  CHECK(text.find("orders-.* audit") != std::string::npos);
  CHECK(group_json(view)["partitions"][2]["pinned_to"] == "pod-9");
  CHECK(group_json(view)["members"][0]["patterns"].dump() == R"(["orders-.*","audit"])");
}

TEST_CASE("an empty group is one line") {
  GroupView view;
  view.group.name = "idle";
  view.group.strategy = "round_robin";
  CHECK(group_text(view) ==
        "Group idle is empty: generation 0, round_robin. 0 members, 0 partitions, lag unknown.\n");
  CHECK(group_json(view)["leader"].is_null());
}
