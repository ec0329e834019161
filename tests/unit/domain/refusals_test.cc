// Every refusal that a decision can give: its code, and a message that says what to do. FENCED,
// MEMBER_ID_IN_USE, MEMBER_REMOVED, NOT_BOUND and PARTITION_OWNED are tested with their rules.
#include <set>

#include "tests/unit/domain/world.h"

namespace muster::domain {
namespace {

struct Refused {
  const char* asked;
  Command command;
  ErrorCode code;
  const char* advice;
};

const std::string kUnprintable = "\x1b[2J";
const std::string kHuge(1 << 20, 'x');
const std::string kTooLong(300, 'x');

/// A world with topic "t" (2 partitions), group "g" and member "a" of incarnation 1.
struct Small : World {
  Small() {
    apply(CreateTopic{.name = "t", .partition_count = 2});
    join("a", 1);
    plan();
    apply(leaving("a", 1));
    join("a", 1);
    plan();
  }
  void refuse_all(const std::vector<Refused>& table) {
    for (const Refused& row : table) {
      INFO(row.asked);
      const Rejection rejection = refuse(row.command, row.code);
      INFO(rejection.message);
      CHECK(rejection.message.find(row.advice) != std::string::npos);
      CHECK(rejection.message.back() == '.');
      CHECK(rejection.message.find('\x1b') == std::string::npos);
      CHECK(rejection.message.size() < 1'000);
    }
  }
};

JoinGroup with(JoinGroup join, void (*change)(JoinGroup&)) {
  change(join);
  return join;
}

TEST_CASE("Refusals of topic commands") {
  Small world;
  world.limits.topics_max = 1;
  world.refuse_all({
      {"no name", CreateTopic{.name = "", .partition_count = 1}, ErrorCode::kInvalidName, "use 1"},
      {"long name", CreateTopic{.name = kTooLong, .partition_count = 1}, ErrorCode::kInvalidName,
       "use 1 to 255"},
      {"unprintable", DeleteTopic{.name = kUnprintable}, ErrorCode::kInvalidName, "use letters"},
      {"unprintable", ExpandTopic{.name = kUnprintable, .partition_count = 1},
       ErrorCode::kInvalidName, "use letters"},
      {"no partitions", CreateTopic{.name = "u", .partition_count = 0},
       ErrorCode::kInvalidPartitionCount, "use 1 to 100000"},
      {"too many", CreateTopic{.name = "u", .partition_count = 100'001},
       ErrorCode::kInvalidPartitionCount, "use 1 to 100000"},
      {"exists", CreateTopic{.name = "t", .partition_count = 2}, ErrorCode::kTopicExists,
       "use muster topic expand"},
      {"one too many", CreateTopic{.name = "u", .partition_count = 1}, ErrorCode::kLimitReached,
       "raise max-topics"},
      {"absent", ExpandTopic{.name = "u", .partition_count = 3}, ErrorCode::kUnknownResource,
       "create it with muster topic create"},
      {"absent", DeleteTopic{.name = "u"}, ErrorCode::kUnknownResource, "create it"},
      {"shrinks", ExpandTopic{.name = "t", .partition_count = 1}, ErrorCode::kInvalidPartitionCount,
       "make another topic"},
      {"too many", ExpandTopic{.name = "t", .partition_count = 100'001},
       ErrorCode::kInvalidPartitionCount, "use 1 to 100000"},
  });
}

TEST_CASE("Refusals of joins") {
  Small world;
  world.limits.members_per_group_max = 1;
  world.limits.groups_max = 1;
  world.limits.topics_per_member_max = 3;
  const JoinGroup good = joining("b", 2);
  world.refuse_all({
      {"group", with(good, [](JoinGroup& j) { j.group = ""; }), ErrorCode::kInvalidName, "use 1"},
      {"member", with(good, [](JoinGroup& j) { j.member_id = kUnprintable; }),
       ErrorCode::kInvalidName, "use letters"},
      {"topic", with(good, [](JoinGroup& j) { j.topics = {kTooLong}; }), ErrorCode::kInvalidName,
       "use 1 to 255"},
      {"incarnation", with(good, [](JoinGroup& j) { j.incarnation = 0; }),
       ErrorCode::kMalformedRequest, "draw a random number"},
      {"no topic", with(good, [](JoinGroup& j) { j.topics = {}; }), ErrorCode::kMalformedRequest,
       "name at least one"},
      {"many topics", with(good, [](JoinGroup& j) { j.topics = {"t", "u", "v", "w"}; }),
       ErrorCode::kLimitReached, "use at most 3"},
      {"short session", with(good, [](JoinGroup& j) { j.session_timeout_ms = 999; }),
       ErrorCode::kInvalidTimeout, "1000 to 1800000 ms: choose one within"},
      {"long session", with(good, [](JoinGroup& j) { j.session_timeout_ms = 1'800'001; }),
       ErrorCode::kInvalidTimeout, "choose one within"},
      {"short grace", with(good, [](JoinGroup& j) { j.disconnect_grace_ms = 99; }),
       ErrorCode::kInvalidTimeout, "disconnect grace of 99 ms"},
      {"long grace", with(good, [](JoinGroup& j) { j.disconnect_grace_ms = 1'800'001; }),
       ErrorCode::kInvalidTimeout, "disconnect grace"},
      {"rebalance below the lease",
       with(good, [](JoinGroup& j) { j.rebalance_timeout_ms = 9'999; }), ErrorCode::kInvalidTimeout,
       "10000 to 3600000 ms"},
      {"long rebalance", with(good, [](JoinGroup& j) { j.rebalance_timeout_ms = 3'600'001; }),
       ErrorCode::kInvalidTimeout, "rebalance timeout"},
      {"unknown topic", with(good, [](JoinGroup& j) { j.topics = {"t", "u"}; }),
       ErrorCode::kUnknownResource, "muster topic create"},
      {"one member too many", good, ErrorCode::kLimitReached, "raise max-members-per-group"},
      {"one group too many", with(good, [](JoinGroup& j) { j.group = "h"; }),
       ErrorCode::kLimitReached, "raise max-groups"},
      {"resume of nobody", with(good, [](JoinGroup& j) { j.resume = true; }),
       ErrorCode::kUnknownMember, "Join again"},
      {"resume in no group",
       with(good,
            [](JoinGroup& j) {
              j.group = "h";
              j.resume = true;
            }),
       ErrorCode::kUnknownMember, "Join again"},
  });
}

TEST_CASE("Refusals of leaves, removals and deletions") {
  Small world;
  const auto leave = [](std::string group) {
    LeaveGroup command = leaving("a", 1);
    command.group = std::move(group);
    return command;
  };
  world.refuse_all({
      {"leave", leave(kUnprintable), ErrorCode::kInvalidName, "use letters"},
      {"removal", RemoveMember{.group = "", .member_id = "a"}, ErrorCode::kInvalidName, "use 1"},
      {"removal", RemoveMember{.group = "g", .member_id = ""}, ErrorCode::kInvalidName, "use 1"},
      {"removal", RemoveMember{.group = "h", .member_id = "a"}, ErrorCode::kUnknownResource,
       "created by its first join"},
      {"removal", RemoveMember{.group = "g", .member_id = "b"}, ErrorCode::kUnknownMember,
       "see muster group describe"},
      {"deletion", DeleteGroup{.group = kTooLong}, ErrorCode::kInvalidName, "use 1 to 255"},
      {"deletion", DeleteGroup{.group = "h"}, ErrorCode::kUnknownResource, "created by"},
      {"deletion", DeleteGroup{.group = "g"}, ErrorCode::kGroupNotEmpty, "stop them, or remove"},
  });
}

TEST_CASE("Refusals of commits and releases") {
  Small world;
  world.limits.items_per_request_max = 2;
  world.limits.groups_max = 1;
  const CommitItem good{.topic = "t", .partition = 0, .offset = 1, .fence = world.token(0)};
  const auto commit = [&](void (*change)(CommitItem&)) {
    CommitItem item = good;
    change(item);
    return committing({item});
  };
  const auto commit_of = [](std::string group, std::vector<CommitItem> items) {
    return CommitOffsets{.group = std::move(group), .items = std::move(items)};
  };
  const auto release_of = [](std::string group, std::vector<ReleaseItem> items) {
    ReleasePartitions release = releasing("a", 1, std::move(items));
    release.group = std::move(group);
    return release;
  };
  world.refuse_all({
      {"group", commit_of("", {good}), ErrorCode::kInvalidName, "use 1"},
      {"nothing", committing({}), ErrorCode::kMalformedRequest, "name at least one"},
      {"too many", committing({good, good, good}), ErrorCode::kLimitReached, "use at most 2"},
      {"group too many", commit_of("h", {good}), ErrorCode::kLimitReached, "raise max-groups"},
      {"twice", committing({good, good}), ErrorCode::kMalformedRequest, "name it once"},
      {"topic", commit([](CommitItem& i) { i.topic = "u"; }), ErrorCode::kUnknownResource,
       "create it"},
      {"unprintable topic", commit([](CommitItem& i) { i.topic = kUnprintable; }),
       ErrorCode::kInvalidName, "use letters"},
      {"huge topic", commit([](CommitItem& i) { i.topic = kHuge; }), ErrorCode::kInvalidName,
       "use 1 to 255"},
      {"partition", commit([](CommitItem& i) { i.partition = 2; }), ErrorCode::kUnknownResource,
       "partitions are 0 to 1"},
      {"partition", commit([](CommitItem& i) { i.partition = -1; }), ErrorCode::kUnknownResource,
       "partitions are 0 to 1"},
      {"start", commit([](CommitItem& i) { i.start = -2; }), ErrorCode::kInvalidOffset,
       "Start offset -2 of t/0"},
      {"offset", commit([](CommitItem& i) { i.offset = -1; }), ErrorCode::kInvalidOffset,
       "0 or more"},
      {"metadata", commit([](CommitItem& i) { i.metadata.assign(4'097, 'm'); }),
       ErrorCode::kMetadataTooLarge, "use at most 4096"},
      {"group", release_of("", {{.topic = "t"}}), ErrorCode::kInvalidName, "use 1"},
      {"nothing", release_of("g", {}), ErrorCode::kMalformedRequest, "name at least one"},
      {"too many", release_of("g", {{}, {}, {}}), ErrorCode::kLimitReached, "use at most 2"},
      {"absent", release_of("h", {{.topic = "t"}}), ErrorCode::kUnknownResource, "created by"},
  });
}

}  // namespace
}  // namespace muster::domain
