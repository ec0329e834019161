// Subscriptions by pattern: what a pattern matches is decided with the command and recorded.
#include "domain/patterns.h"

#include "tests/unit/domain/invariants.h"
#include "tests/unit/domain/world.h"

namespace muster::domain {
namespace {

using Names = std::vector<std::string_view>;
using Partitions = std::vector<PartitionIndex>;

JoinGroup by_pattern(std::string member_id, Incarnation incarnation,
                     std::vector<std::string> patterns, std::vector<std::string> topics = {}) {
  JoinGroup join = joining(std::move(member_id), incarnation, std::move(topics));
  join.patterns = std::move(patterns);
  return join;
}

CreateTopic topic(std::string name, std::int32_t partitions = 1) {
  return {.name = std::move(name), .partition_count = partitions};
}

/// One group's matches, by topic name.
std::vector<std::string> matched(const World& world, const std::string& pattern) {
  std::vector<std::string> topics;
  for (const TopicId id : world.group().patterns.at(pattern).topics) {
    topics.push_back(world.state().topic(id)->name);
  }
  std::ranges::sort(topics);
  return topics;
}

void require_replays(const World& world) {
  CHECK(describe(world.replay()) == describe(world.state()));
}

TEST_CASE("a pattern is for the whole name of a topic") {
  World world;
  for (const char* name : {"orders", "orders-eu", "my-orders", "Orders"}) world.apply(topic(name));
  world.apply(by_pattern("a", 1, {"orders", "orders-.*", "(?i)ORDERS"}));
  CHECK(matched(world, "orders") == std::vector<std::string>{"orders"});
  CHECK(matched(world, "orders-.*") == std::vector<std::string>{"orders-eu"});
  CHECK(matched(world, "(?i)ORDERS") == std::vector<std::string>{"Orders", "orders"});
  world.settle();
  CHECK(world.group().owned_count == 3);
  CHECK(world.owner(0, "my-orders") == "");
  require_replays(world);
}

TEST_CASE("a pattern that is no regular expression is refused with the reason") {
  World world;
  const Rejection refused =
      world.refuse(by_pattern("a", 1, {"orders-("}), ErrorCode::kInvalidPattern);
  CHECK(refused.message.find("'orders-('") != std::string::npos);
  world.refuse(by_pattern("a", 1, {""}), ErrorCode::kInvalidName);
  world.refuse(by_pattern("a", 1, {std::string(256, 'x')}), ErrorCode::kInvalidName);
  world.refuse(by_pattern("a", 1, {"(a{1000}){1000}"}), ErrorCode::kInvalidPattern);  // too large
  world.refuse(by_pattern("a", 1, {"(a)\\1"}), ErrorCode::kInvalidPattern);  // no backreferences
}

TEST_CASE("patterns of a member are limited, and it needs one topic or pattern") {
  World world;
  world.limits.patterns_per_member_max = 2;
  world.refuse(by_pattern("a", 1, {"x", "y", "z"}), ErrorCode::kLimitReached);
  world.refuse(by_pattern("a", 1, {}), ErrorCode::kMalformedRequest);
  world.apply(by_pattern("a", 1, {"x", "y"}));
}

TEST_CASE("a pattern may match nothing yet: its member waits, and gets what is created later") {
  World world;
  CHECK(names(world.apply(by_pattern("a", 1, {"orders-.*"}))) == Names{"MemberJoined"});
  world.settle();
  CHECK(world.phase() == GroupPhase::kStable);
  CHECK(names(world.apply(topic("orders-eu", 2))) == Names{"TopicCreated", "TopicsMatched"});
  CHECK(world.phase() == GroupPhase::kBalancing);
  world.settle();
  CHECK(world.share("a", "orders-eu") == Partitions{0, 1});
  CHECK(names(world.apply(topic("payments"))) == Names{"TopicCreated"});
  CHECK(world.phase() == GroupPhase::kStable);
  require_replays(world);
}

TEST_CASE("a deleted topic is forgotten, and made anew it is matched again, with a clean start") {
  World world;
  world.apply(topic("orders-eu", 2));
  world.apply(by_pattern("a", 1, {"orders-.*"}));
  world.settle();
  const FencingToken former = world.token(0, "orders-eu");
  world.apply(DeleteTopic{.name = "orders-eu"});
  CHECK(matched(world, "orders-.*").empty());
  CHECK(world.group().subscriptions.empty());
  world.settle();
  CHECK(world.phase() == GroupPhase::kStable);
  world.apply(topic("orders-eu", 1));
  world.settle();
  CHECK(world.share("a", "orders-eu") == Partitions{0});
  CHECK(world.token(0, "orders-eu") > former);
  require_replays(world);
}

TEST_CASE("a topic that matched and was deleted before anybody owned it is forgotten, too") {
  World world;
  world.apply(by_pattern("a", 1, {"orders-.*"}));
  world.apply(topic("orders-eu"));
  CHECK(names(world.apply(DeleteTopic{.name = "orders-eu"})) ==
        Names{"GroupTopicDropped", "TopicDeleted"});
  CHECK(matched(world, "orders-.*").empty());
  require_replays(world);
}

TEST_CASE("two members with one pattern share its topics, and it is evaluated once") {
  World world;
  world.apply(topic("orders-eu", 4));
  CHECK(names(world.apply(by_pattern("a", 1, {"orders-.*"}))) ==
        Names{"MemberJoined", "TopicsMatched"});
  CHECK(names(world.apply(by_pattern("b", 2, {"orders-.*"}))) == Names{"MemberJoined"});
  world.settle();
  CHECK(world.share("a", "orders-eu") == Partitions{0, 2});
  CHECK(world.share("b", "orders-eu") == Partitions{1, 3});
  world.apply(leaving("a", 1));
  CHECK(world.group().patterns.size() == 1);
  world.settle();
  CHECK(world.share("b", "orders-eu") == Partitions{0, 1, 2, 3});
  require_replays(world);
}

TEST_CASE("a pattern that its last member gives up is forgotten with what it matched") {
  World world;
  world.apply(topic("orders-eu", 2));
  world.apply(topic("payments"));
  world.apply(by_pattern("a", 1, {"orders-.*"}));
  world.settle();
  SUBCASE("by another subscription") {
    CHECK(names(world.join("a", 1, {"payments"})) == Names{"MemberSubscribed"});
    CHECK(world.group().patterns.empty());
    world.settle();
    CHECK(world.owner(0, "payments") == "a");
  }
  SUBCASE("by leaving") { world.apply(leaving("a", 1)); }
  SUBCASE("by expiry") { world.expire("a"); }
  SUBCASE("by a new process that subscribes otherwise") {
    JoinGroup successor = joining("a", 2, {"payments"});
    successor.presence.connection_ended = true;
    world.apply(successor);
    world.settle();
    CHECK(world.owner(0, "payments") == "a");
  }
  CHECK(world.group().patterns.empty());
  CHECK(world.state().groups_with_patterns.empty());
  CHECK(world.group().owned_count == (world.group().members.empty() ? 0 : 1));
  CHECK(names(world.apply(topic("orders-us"))) == Names{"TopicCreated"});
  require_replays(world);
}

TEST_CASE("a list and patterns together: a topic that is in both counts once") {
  World world;
  world.apply(topic("audit", 2));
  world.apply(topic("orders-eu", 2));
  world.apply(by_pattern("a", 1, {"orders-.*", ".*-eu"}, {"audit", "orders-eu"}));
  CHECK(world.group().subscriptions.at("orders-eu") == 3);  // by name and by two patterns
  world.apply(by_pattern("b", 2, {"aud.t"}));
  world.settle();
  CHECK(world.share("a", "audit") == Partitions{0});
  CHECK(world.share("b", "audit") == Partitions{1});
  CHECK(world.share("a", "orders-eu") == Partitions{0, 1});
  require_replays(world);
}

TEST_CASE("a subscription changes from patterns to others without leaving") {
  World world;
  world.apply(topic("orders-eu", 2));
  world.apply(topic("payments-eu", 2));
  world.apply(by_pattern("a", 1, {"orders-.*"}));
  world.settle();
  const FencingToken kept = world.token(0, "orders-eu");
  CHECK(names(world.apply(by_pattern("a", 1, {"orders-.*", "payments-.*"}))) ==
        Names{"MemberSubscribed", "TopicsMatched"});
  CHECK(world.apply(by_pattern("a", 1, {"payments-.*", "orders-.*"})).events.empty());  // the same
  world.settle();
  CHECK(world.share("a", "payments-eu") == Partitions{0, 1});
  CHECK(world.token(0, "orders-eu") == kept);
  require_replays(world);
}

TEST_CASE("patterns that name topics which do not exist are no error, lists that do are") {
  World world;
  world.refuse(by_pattern("a", 1, {"orders"}, {"orders"}), ErrorCode::kUnknownResource);
  world.apply(by_pattern("a", 1, {"orders"}));
}

TEST_CASE("each group evaluates its own patterns") {
  World world;
  world.apply(by_pattern("a", 1, {"orders-.*"}));
  JoinGroup elsewhere = by_pattern("a", 1, {".*"});
  elsewhere.group = "h";
  world.apply(elsewhere);
  CHECK(names(world.apply(topic("orders-eu"))) ==
        Names{"TopicCreated", "TopicsMatched", "TopicsMatched"});
  CHECK(names(world.apply(topic("payments"))) == Names{"TopicCreated", "TopicsMatched"});
  CHECK(names(world.apply(DeleteTopic{.name = "orders-eu"})) ==
        Names{"GroupTopicDropped", "GroupTopicDropped", "TopicDeleted"});
  require_replays(world);
}

TEST_CASE("a topic matched in a frozen group waits until it thaws") {
  World world;
  world.apply(by_pattern("a", 1, {"orders-.*"}));
  world.settle();
  world.apply(FreezeGroup{.group = "g", .frozen = true});
  world.apply(topic("orders-eu", 2));
  CHECK(world.plan().events.empty());
  world.apply(FreezeGroup{.group = "g", .frozen = false});
  world.settle();
  CHECK(world.share("a", "orders-eu") == Partitions{0, 1});
}

}  // namespace
}  // namespace muster::domain
