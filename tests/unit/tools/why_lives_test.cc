// A partition's story: where it begins and ends, what is now, and how it is said.
#include <doctest/doctest.h>

#include "tests/unit/tools/why_teller.h"
#include "tools/why_words.h"

using namespace muster;
using namespace muster::tools;

TEST_CASE("a deleted topic takes the partition with it, and one made anew starts clean") {
  Owned t;
  t.commit(33, 4);
  t.happens(domain::GroupTopicDropped{.group = "g", .topic = 1});
  t.happens(domain::TopicDeleted{.topic = 1, .name = "t"}, kOperator);
  CHECK(t.last() ==
        "#7  topic t was deleted by muster:ann at 10.0.0.9; a lost t/0 (token 4); the "
        "committed offset 33 went with it");
  CHECK(t.head() == "t/0 of group g is no more: topic t was deleted.");
  t.topic = t.happens(domain::TopicCreated{.name = "t", .partition_count = 1}, kOperator);
  CHECK(t.last() ==
        "#8  topic t was made anew with 1 partition by muster:ann at 10.0.0.9: it "
        "starts without offsets");
  auto plan = t.plan_for(t.a, "a");
  plan.planned = {{.topic = t.topic, .partition_count = 1}};
  t.happens(plan);
  t.grant(t.a, "a");
  CHECK(t.last() ==
        "#10  granted to a under token 10; nobody had it before. That took 0 ms: 0 ms "
        "gathering changes");
  CHECK_FALSE(t.story.standing().committed.has_value());
}

TEST_CASE("a deleted group ends the story, and one made anew goes on with it") {
  Owned t;
  t.commit(33, 4);
  t.happens(domain::MemberLeft{.group = "g", .seat = t.a, .member_id = "a"});
  t.happens(domain::GroupDeleted{.group = "g"}, kOperator);
  CHECK(t.last() ==
        "#7  group g was deleted by muster:ann at 10.0.0.9; the committed offset 33 "
        "went with it");
  CHECK(t.head() == "t/0 of group g is no more: group g was deleted.");
  t.happens(domain::GroupConfigured{.group = "g", .strategy = "range"}, kOperator);
  CHECK(t.last() == "#8  group g was made anew by muster:ann at 10.0.0.9");
}

TEST_CASE("freezes from before the partition existed are left out, one that lasts is not") {
  Teller t;
  t.join("a");
  t.happens(domain::GroupFrozen{.group = "g", .frozen = true}, kOperator);
  t.happens(domain::GroupFrozen{.group = "g", .frozen = false}, kOperator);
  t.topic = t.happens(domain::TopicCreated{.name = "t", .partition_count = 1}, kOperator);
  CHECK(t.told() == std::vector<std::string>{
                        "#4  topic t was created with 1 partition by muster:ann at 10.0.0.9"});
  t.happens(domain::GroupTopicDropped{.group = "g", .topic = t.topic});
  t.happens(domain::TopicDeleted{.topic = t.topic, .name = "t"}, kOperator);
  t.happens(domain::GroupFrozen{.group = "g", .frozen = true}, kOperator);
  t.happens(domain::TopicCreated{.name = "t", .partition_count = 1}, kOperator);
  CHECK(t.last() ==
        "#8  topic t was made anew with 1 partition by muster:ann at 10.0.0.9: it starts without "
        "offsets; the group was frozen");
}

TEST_CASE("a partition that an expansion brought begins there") {
  Teller t(5);
  t.happens(domain::TopicCreated{.name = "t", .partition_count = 2});
  t.join("a");
  CHECK(t.story.unknown()->message == "Topic t never had a partition 5: use 0 to 1.");
  t.happens(domain::TopicExpanded{.topic = 1, .partition_count = 6}, kOperator);
  CHECK_FALSE(t.story.unknown().has_value());
  CHECK(t.last() ==
        "#3  topic t was expanded from 2 to 6 partitions by muster:ann at 10.0.0.9: t/5 is new");
}

TEST_CASE("why nobody owns it") {
  Teller t;
  t.happens(domain::TopicCreated{.name = "t", .partition_count = 1});
  SUBCASE("nobody subscribes") {
    t.join("a", {"u"});
    t.happens(t.plan());
    CHECK(t.head() == "t/0 of group g has no owner: no member subscribes to topic t.");
  }
  SUBCASE("everybody drains") {
    t.join("a");
    t.happens(domain::MemberDrained{.group = "g", .member_id = "a", .draining = true});
    t.happens(t.plan());
    CHECK(t.story.standing().why == "every member that subscribes to topic t drains");
  }
  SUBCASE("pinned to an absent member") {
    t.join("a");
    t.happens(domain::PartitionPinned{.group = "g", .at = {1, 0}, .member_id = "z"});
    t.happens(t.plan());
    CHECK(t.head() ==
          "t/0 of group g has no owner: it waits for z, to which it is pinned and which is no "
          "member.");
  }
  SUBCASE("a pattern that matches is a subscription") {
    t.join("a", {}, {"^t$"});
    t.happens(domain::TopicsMatched{.group = "g", .matches = {{.pattern = "^t$", .topics = {1}}}});
    t.happens(t.plan());
    CHECK(t.story.standing().why == "the last plan gives it to nobody");
  }
}

TEST_CASE("a group, a topic or a partition that never was is an error with its name") {
  Teller t(9);
  CHECK(t.story.unknown()->code == ErrorCode::kUnknownResource);
  CHECK(t.story.unknown()->message.find("group g") != std::string::npos);
  t.join("a");
  CHECK(t.story.unknown()->message.find("topic t") != std::string::npos);
  t.happens(domain::TopicCreated{.name = "t", .partition_count = 9});
  CHECK(t.story.unknown()->message.find("partition 9") != std::string::npos);
}

TEST_CASE("a storm of causes is summed up in the plan") {
  Owned t;
  std::vector<SeatId> seats;
  for (int i = 0; i < 10; ++i) seats.push_back(t.join("m" + std::to_string(i)));
  t.happens(t.plan());
  for (int i = 1; i < 10; ++i) {
    t.expire(seats[static_cast<std::size_t>(i)], "m" + std::to_string(i),
             domain::ExpiryReason::kSilence);
  }
  t.happens(t.plan_for(seats[0], "m0", t.a, "a"));
  CHECK(t.told().size() == 4);
  CHECK(t.last() ==
        "#25  asked back from a and planned for m0 (generation 3, sticky): m1, m2, m3 "
        "and 6 more expired");
}

TEST_CASE("a wall clock that was set back makes no negative times") {
  Owned t;
  const SeatId b = t.join("b");
  t.after(-60'000);
  t.happens(t.plan_for(b, "b", t.a, "a"));
  t.release(t.a, "a", 4);
  t.grant(b, "b");
  CHECK(t.last().find("took 0 ms: 0 ms gathering changes, 0 ms waiting") != std::string::npos);
}

TEST_CASE("events of other groups and topics leave the story alone") {
  Owned t;
  t.happens(domain::MemberJoined{
      .group = "other", .member_id = "a", .incarnation = 1, .settings = Teller::settings()});
  auto plan = t.plan();
  plan.group = "other";
  plan.targets = t.of(9, "z");
  t.happens(plan);
  t.happens(domain::TopicCreated{.name = "u", .partition_count = 2});
  CHECK(t.told().size() == 3);
}

TEST_CASE("the story as an object says the same in parts") {
  Owned t;
  const SeatId b = t.join("b");
  t.happens(t.plan_for(b, "b", t.a, "a"));
  t.after(3);
  t.release(t.a, "a", 4);
  t.grant(b, "b");
  const Json json = story_json(t.story);
  CHECK(json.at("now").at("owner") == "b");
  CHECK(json.at("now").at("fence") == 8);
  CHECK(json.at("now").at("state") == "owned");
  const Json& granted = json.at("story").back();
  CHECK(granted.at("kind") == "granted");
  CHECK(granted.at("sequence") == 8);
  CHECK(granted.at("former_owner") == "a");
  CHECK(granted.at("took_ms") == 3);
  CHECK(granted.at("legs").back() == Json{{"what", "waiting for a's release"}, {"ms", 3}});
}

TEST_CASE("a hundred thousand events are told in a moment") {
  Owned t;
  SeatId owner = t.a;
  FencingToken token = t.token;
  for (int i = 0; i < 25'000; ++i) {
    t.commit(i, token);
    t.happens(t.plan_for(owner, "a", owner, "a"));
    t.release(owner, "a", token);
    token = t.grant(owner, "a");
  }
  CHECK(t.story.entries().size() > 75'000);
  CHECK(t.story.standing().fence == token);
}

TEST_CASE("times are said as people say them") {
  CHECK(elapsed_text(-5) == "0 ms");
  CHECK(elapsed_text(999) == "999 ms");
  CHECK(elapsed_text(1'000) == "1 s");
  CHECK(elapsed_text(1'990) == "1.9 s");
  CHECK(elapsed_text(123'000) == "2 m 3 s");
  CHECK(elapsed_text(7'380'000) == "2 h 3 m");
  CHECK(elapsed_text(273'600'000) == "3 d 4 h");
}
