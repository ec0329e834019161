// A story whose first events were trimmed: it begins with what is remembered.
#include "tools/why_memory.h"

#include "tests/unit/tools/why_teller.h"

namespace muster::tools::why_memory_test {
namespace {

constexpr TopicId kTopic = 3;
constexpr SeatId kPod = 11;  // pod-3's seat

std::unique_ptr<wire::MemberInfoT> member(std::string id, SeatId seat,
                                          std::vector<std::string> topics = {"t"},
                                          std::vector<std::string> patterns = {}) {
  auto info = std::make_unique<wire::MemberInfoT>();
  info->member_id = std::move(id);
  info->seat = seat;
  info->topics = std::move(topics);
  info->patterns = std::move(patterns);
  info->session_timeout_ms = 30'000;
  info->disconnect_grace_ms = 10'000;
  info->rebalance_timeout_ms = 60'000;
  return info;
}

/// Of a journal that begins with event 1,001: t/0 was granted to pod-3 long ago.
Memory remembered() {
  Memory memory;
  memory.first_sequence = 1'001;
  memory.topic = std::make_unique<wire::TopicInfoT>();
  memory.topic->name = "t";
  memory.topic->id = kTopic;
  memory.topic->partitions = 2;
  memory.group.emplace();
  memory.group->group = std::make_unique<wire::GroupInfoT>();
  memory.members.push_back(member("pod-3", kPod));
  memory.partition = std::make_unique<wire::PartitionInfoT>();
  memory.partition->topic = "t";
  memory.partition->owner = memory.partition->target = "pod-3";
  memory.partition->fence = 900;
  memory.partition->committed = 55;
  auto grant = std::make_unique<wire::GrantInfoT>();
  grant->fence = 900;
  grant->sequence = 900;
  grant->time_ms = kStartMs - 60'000;
  grant->generation = 17;
  grant->because = "member 'pod-3' joined";
  grant->because_sequence = 890;
  grant->other_changes = 2;
  memory.partition->last_grant = std::move(grant);
  return memory;
}

/// What is left begins with event 1,001.
struct Trimmed : Teller {
  explicit Trimmed(const Memory& memory) : Teller(0, 1'000) {
    story.recall(memory);
    topic = kTopic;
  }
  std::vector<std::string> told_after_note() const {
    const auto all = lines();
    std::vector<std::string> told(all.begin() + 3, all.end());
    for (std::string& line : told) line.erase(0, line.find('#'));
    return told;
  }
};

constexpr const char* kNote =
    "The journal begins with event 1001: what was before was trimmed, but for the last grant of "
    "each partition. A greater --history-max-bytes of musterd keeps more.";

}  // namespace

TEST_CASE("a last grant that was trimmed begins the story, with what it was for") {
  Trimmed t(remembered());
  CHECK(t.head() ==
        "t/0 of group g is owned by pod-3 under token 900, since 2023-11-14T22:12:20.000Z (1 m 0 s "
        "ago). Committed: offset 55.");
  CHECK(t.lines()[1] == kNote);
  CHECK(t.told_after_note() ==
        std::vector<std::string>{"#900  granted to pod-3 under token 900 (generation 17), because "
                                 "member 'pod-3' joined (#890) and 2 more changes; the event was "
                                 "trimmed since"});
  const Json json = story_json(t.story);
  CHECK(json.at("first_sequence") == 1'001);
  CHECK(json.at("story").at(0).at("trimmed") == true);
  CHECK(json.at("story").at(0).at("kind") == "granted");
}

TEST_CASE("what is left goes on from there") {
  Trimmed t(remembered());
  const SeatId b = t.join("b");
  t.after(200);
  t.happens(t.plan_for(b, "b", kPod, "pod-3"));
  t.after(5);
  t.release(kPod, "pod-3", 900);
  t.grant(b, "b");
  const auto told = t.told_after_note();
  REQUIRE(told.size() == 4);
  CHECK(told[1] ==
        "#1002  asked back from pod-3 and planned for b (generation 1, sticky): b joined");
  CHECK(told[2] == "#1003  released by pod-3 under token 900 after 5 ms");
  CHECK(
      told[3] ==
      "#1004  granted to b under token 1004. The hand-over took 205 ms: 200 ms gathering changes, "
      "5 ms waiting for pod-3's release");
}

TEST_CASE("an owner that is gone since is named by the events that are left") {
  Memory memory = remembered();
  memory.members.clear();
  memory.members.push_back(member("b", 12));
  memory.partition->owner = memory.partition->target = "b";
  memory.partition->fence = 1'003;  // the last grant is not trimmed
  memory.partition->last_grant->fence = 1'003;
  memory.partition->last_grant->sequence = 1'003;
  Trimmed t(memory);
  t.happens(t.plan_for(12, "b", kPod, "pod-3"));
  t.release(kPod, "pod-3", 900);
  t.grant(12, "b");
  const auto told = t.told_after_note();
  REQUIRE(told.size() == 3);
  CHECK(told[0] == "#1001  asked back from pod-3 and planned for b (generation 1, sticky)");
  CHECK(told[1] == "#1002  released by pod-3 under token 900 after 0 ms");
  CHECK(told[2].starts_with("#1003  granted to b under token 1003. The hand-over took 0 ms"));
}

TEST_CASE("a token that has ended says how, though nobody knows any more whose it was") {
  Memory memory = remembered();
  memory.partition->owner = memory.partition->target = "";
  memory.partition->fence = 0;
  memory.partition->last_grant->ended = wire::TokenEnd::expired;
  memory.partition->pinned_to = "z";
  Trimmed t(memory);
  CHECK(
      t.head() ==
      "t/0 of group g has no owner: it waits for z, to which it is pinned and which is no member. "
      "Committed: offset 55.");
  CHECK(t.told_after_note().front().ends_with(
      "; the event was trimmed since, and its owner has expired since"));
}

TEST_CASE("a grant from before a restore has no sequence any more") {
  Memory memory = remembered();
  memory.partition->last_grant->sequence = 0;
  Trimmed t(memory);
  CHECK(t.lines().back().starts_with("2023-11-14T22:12:20.000Z   -  granted to pod-3 under"));
  CHECK(story_json(t.story).at("story").at(0).at("sequence").is_null());
}

TEST_CASE("members that the trimmed events seated count by what they subscribe to") {
  Memory memory = remembered();
  memory.members.push_back(member("stranger", 13, {"u"}));
  memory.members.push_back(member("matched", 14, {}, {"^t$"}));
  Trimmed t(memory);
  t.expire(13, "stranger", domain::ExpiryReason::kSilence);
  t.expire(14, "matched", domain::ExpiryReason::kSilence);
  t.expire(15, "unheard-of", domain::ExpiryReason::kDisconnect);
  const SeatId b = t.join("b");
  t.happens(t.plan_for(b, "b", kPod, "pod-3"));
  const auto told = t.told_after_note();
  REQUIRE(told.size() == 4);
  CHECK(told[1] == "#1002  matched expired: it was silent for its session timeout (30 s)");
  CHECK(told[2] == "#1003  unheard-of expired");
  CHECK(told[3].ends_with(": matched and unheard-of expired; b joined"));
}

TEST_CASE("when nothing is known any more the story says so, and how to keep more") {
  Memory memory;
  memory.first_sequence = 1'001;
  Story story("g", "t", 0);
  story.recall(memory);
  REQUIRE(story.unknown().has_value());
  CHECK(story.unknown()->message ==
        "There is no group g: 'muster group list' shows those that are. What was before event 1001 "
        "is not known any more: it was trimmed. A greater --history-max-bytes of musterd keeps "
        "more.");
  Memory idle = remembered();
  idle.partition->last_grant.reset();
  idle.partition->owner = idle.partition->target = "";
  idle.partition->fence = 0;
  Trimmed t(idle);
  CHECK(t.lines()[1].find("Of this partition nothing is known from then on.") != std::string::npos);
}

TEST_CASE("a topic whose creation was trimmed is known when it is deleted") {
  Memory memory = remembered();
  memory.topic.reset();
  memory.partition.reset();
  Trimmed t(memory);
  t.happens(domain::TopicDeleted{.topic = kTopic, .name = "t", .former_partition_count = 2},
            kOperator);
  CHECK_FALSE(t.story.unknown().has_value());
  CHECK(t.told_after_note().back() == "#1001  topic t was deleted by muster:ann at 10.0.0.9");
}

}  // namespace muster::tools::why_memory_test
