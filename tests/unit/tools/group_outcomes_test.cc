#include "tools/group_outcomes.h"

#include <doctest/doctest.h>

using namespace muster;
using namespace muster::tools;

namespace {

wire::GroupInfoT configured_group(std::uint32_t members = 3) {
  wire::GroupInfoT info;
  info.name = "billing";
  info.strategy = "round_robin";
  info.members = members;
  return info;
}

wire::GroupInfoT frozen_group() {
  wire::GroupInfoT info = configured_group();
  info.frozen = true;
  return info;
}

Drained drained_member(std::size_t held) {
  return {.before = configured_group(),
          .member_id = "pod-1",
          .draining = true,
          .drained_before = false,
          .present = true,
          .held = held};
}

Pinned pinned_partition(std::string owner) {
  return {.before = configured_group(),
          .at = {.topic = "outbox", .partition = 3},
          .member_id = "pod-1",
          .pinned_before = {},
          .owner = std::move(owner),
          .present = true,
          .draining = false};
}

}  // namespace

TEST_CASE("configure says what is different, and what that leads to") {
  Configured outcome{.before = configured_group(), .after = configured_group()};
  CHECK_FALSE(outcome.changed());
  CHECK(text_of(outcome) ==
        "Group billing has these settings already: strategy round_robin, no limit of members.");

  outcome.after.strategy = "sticky";
  CHECK(text_of(outcome) ==
        "Group billing: strategy sticky instead of round_robin (one plan follows at once, and only "
        "what it moves is handed over).");
  outcome.after.max_members = 2;
  CHECK(text_of(outcome).find("; at most 2 members instead of no limit of members (the 3 members "
                              "that it has may stay: the limit is for those who join).") !=
        std::string::npos);
  CHECK(
      json_of(outcome).dump() ==
      R"({"group":"billing","strategy":"sticky","max_members":2,"offset_retention_ms":0,"frozen":false,)"
      R"("created":false,"changed":true})");

  outcome.after = configured_group();
  outcome.after.max_members = 3;
  CHECK(text_of(outcome) == "Group billing: at most 3 members instead of no limit of members.");

  outcome.after = configured_group();
  outcome.after.offset_retention_ms = 7ULL * 24 * 3'600'000;
  CHECK(text_of(outcome) ==
        "Group billing: offsets expire after 7d without members instead of offsets kept for ever.");
}

TEST_CASE("configure says when a strategy has to wait") {
  Configured outcome{.before = configured_group(0), .after = configured_group(0)};
  outcome.after.strategy = "range";
  CHECK(text_of(outcome).find("(for the plan that the next join makes)") != std::string::npos);
  outcome = {.before = frozen_group(), .after = frozen_group()};
  outcome.after.strategy = "range";
  CHECK(text_of(outcome).find("nothing moves until muster group unfreeze") != std::string::npos);
}

TEST_CASE("configure says that it created the group") {
  const Configured outcome{.before = {}, .after = configured_group(0)};
  CHECK(text_of(outcome) == "Created group billing: strategy round_robin, no limit of members.");
  CHECK(json_of(outcome)["created"] == true);
  CHECK(json_of(outcome)["changed"] == true);
}

TEST_CASE("freeze and unfreeze say what follows, and when there was nothing to do") {
  CHECK(text_of(Frozen{.before = configured_group(), .frozen = true}) ==
        "Group billing is frozen: until muster group unfreeze, who joins gets nothing, and what a "
        "member leaves behind stays unowned.");
  CHECK(text_of(Frozen{.before = frozen_group(), .frozen = true}) ==
        "Group billing is frozen already: nothing changed.");
  CHECK(text_of(Frozen{.before = configured_group(), .frozen = false}) ==
        "Group billing is not frozen: nothing changed.");
  Frozen thaw{.before = frozen_group(), .frozen = false};
  CHECK(text_of(thaw) ==
        "Group billing is no longer frozen: what changed meanwhile makes one plan now.");
  thaw.before.unowned = 2;
  CHECK(text_of(thaw).ends_with("one plan now; 2 partitions were unowned."));
  CHECK(json_of(thaw).dump() == R"({"group":"billing","frozen":false,"unowned":2,"changed":true})");
}

TEST_CASE("remove-member says what becomes of the partitions") {
  Removed outcome{.before = configured_group(), .member_id = "pod-3", .held = 2};
  CHECK(text_of(outcome) ==
        "Removed member pod-3 from group billing: its process is told and does not rejoin; "
        "2 partitions go to others, as far as they subscribe and do not drain.");
  outcome.held = 1;
  CHECK(text_of(outcome).find("; 1 partition goes to others, as far") != std::string::npos);
  outcome.held = 0;
  CHECK(text_of(outcome).ends_with("it held nothing."));
  outcome = {.before = configured_group(1), .member_id = "pod-3", .held = 2};
  CHECK(text_of(outcome).ends_with("it was the last, and leaves 2 partitions unowned."));
  outcome.before = frozen_group();
  CHECK(text_of(outcome).ends_with(
      "group billing is frozen, so 2 partitions may stay unowned until muster group unfreeze."));
  CHECK(json_of(outcome).dump() ==
        R"({"group":"billing","member_id":"pod-3","removed":true,"held":2})");
}

TEST_CASE("drain-member says how much is handed over") {
  CHECK(text_of(drained_member(3)) ==
        "Member pod-1 drains: it hands over 3 partitions, and gets none until muster group "
        "undrain-member.");
  CHECK(text_of(drained_member(0)).find("it holds nothing") != std::string::npos);
  Drained outcome = drained_member(1);
  outcome.before.frozen = true;
  CHECK(text_of(outcome) ==
        "Member pod-1 drains, but group billing is frozen, so it keeps 1 partition until muster "
        "group unfreeze.");
  CHECK(json_of(drained_member(3)).dump() ==
        R"({"group":"billing","member_id":"pod-1","draining":true,"present":true,"held":3,)"
        R"("changed":true})");
}

TEST_CASE("drain-member and undrain-member say when there was nothing to do") {
  Drained outcome = drained_member(2);
  outcome.drained_before = true;
  CHECK(text_of(outcome) == "Member pod-1 drains already and holds 2 partitions: nothing changed.");
  outcome.held = 0;
  CHECK(text_of(outcome) == "Member pod-1 drains already and holds nothing: nothing changed.");
  outcome.present = false;
  CHECK(text_of(outcome) == "Member pod-1 drains already and is absent: nothing changed.");
  outcome.draining = false;
  CHECK(text_of(outcome).find("no longer drains: it is absent") != std::string::npos);
  outcome.drained_before = false;
  CHECK(text_of(outcome) == "Member pod-1 does not drain: nothing changed.");
  outcome = drained_member(0);
  outcome.draining = false;
  outcome.drained_before = true;
  CHECK(text_of(outcome) ==
        "Member pod-1 no longer drains: a plan at once gives it its share again.");
}

TEST_CASE("pin says when the partition gets to its member") {
  CHECK(text_of(pinned_partition("pod-0")) ==
        "Pinned outbox/3 to pod-1, which gets it as soon as pod-0 has released it.");
  CHECK(text_of(pinned_partition("pod-1")) ==
        "Pinned outbox/3 to pod-1, which owns it and keeps it.");
  CHECK(text_of(pinned_partition("")) ==
        "Pinned outbox/3 to pod-1, which gets it with the plan that follows at once.");
  Pinned outcome = pinned_partition("");
  outcome.quiet_remaining_ms = 4'200;
  CHECK(text_of(outcome).find("which gets it later: restored from a backup, nothing is assigned "
                              "for 5 s more") != std::string::npos);
  outcome = pinned_partition("pod-0");
  outcome.draining = true;
  CHECK(text_of(outcome).find("does nothing until muster group undrain-member") !=
        std::string::npos);
  outcome.present = false;
  CHECK(text_of(outcome) ==
        "Pinned outbox/3 to pod-1, which is absent: the partition stays unowned until it comes.");
  CHECK(json_of(outcome).dump() ==
        R"({"group":"billing","topic":"outbox","partition":3,"pinned_to":"pod-1","present":false,)"
        R"("owner":"pod-0","revoking":false,"changed":true})");
  outcome.before.frozen = true;
  CHECK(text_of(outcome).find("nothing moves until muster group unfreeze") != std::string::npos);
}

TEST_CASE("pin to the member that is asked to release the partition does not promise it stays") {
  Pinned outcome = pinned_partition("pod-1");
  outcome.revoking = true;
  CHECK(text_of(outcome) ==
        "Pinned outbox/3 to pod-1, which is asked to release it already: then it gets it again, "
        "under a new token.");
  CHECK(json_of(outcome)["revoking"] == true);
  outcome.before.frozen = true;
  CHECK(text_of(outcome) ==
        "Pinned outbox/3 to pod-1, which is asked to release it already, and group billing is "
        "frozen, so the pin does nothing until muster group unfreeze.");
}

TEST_CASE("unpin says who had the pin, and both when there was nothing to do") {
  Pinned outcome = pinned_partition("pod-1");
  outcome.pinned_before = "pod-1";
  CHECK(text_of(outcome) == "Partition outbox/3 is pinned to pod-1 already: nothing changed.");
  outcome.member_id = "";
  CHECK(text_of(outcome) == "Unpinned outbox/3 from pod-1: the group's strategy places it again.");
  CHECK(json_of(outcome)["pinned_to"].is_null());
  outcome.pinned_before = "";
  CHECK(text_of(outcome) == "Partition outbox/3 is not pinned: nothing changed.");
}
