// Plans of the leader, and changes of subscription.
#include "tests/unit/client/conversation.h"

namespace muster::testing::plan_test {
namespace {

std::unique_ptr<wire::PlanTopicT> topic(const std::string& name, std::int32_t partitions,
                                        std::vector<std::int32_t> current, bool continued = false) {
  auto entry = std::make_unique<wire::PlanTopicT>();
  entry->topic = name;
  entry->partitions = partitions;
  entry->current = std::move(current);
  entry->continued = continued;
  return entry;
}

std::unique_ptr<wire::PlanSubscriptionT> subscription(std::vector<std::uint32_t> topics,
                                                      bool continued = false) {
  auto entry = std::make_unique<wire::PlanSubscriptionT>();
  entry->topics = std::move(topics);
  entry->continued = continued;
  return entry;
}

std::unique_ptr<wire::PlanMemberT> member(const std::string& id, std::uint32_t subscription,
                                          const std::string& metadata = "") {
  auto entry = std::make_unique<wire::PlanMemberT>();
  entry->member_id = id;
  entry->subscription = subscription;
  entry->metadata = {metadata.begin(), metadata.end()};
  return entry;
}

wire::PlanWantedT page(std::uint64_t membership, bool more = false) {
  wire::PlanWantedT wanted;
  wanted.membership = membership;
  wanted.timeout_ms = 5'000;
  wanted.more = more;
  return wanted;
}

/// Topic "t" of two partitions, members "a" and "m".
wire::PlanWantedT whole(std::uint64_t membership) {
  wire::PlanWantedT wanted = page(membership);
  wanted.topics.push_back(topic("t", 2, {1, -1}));
  wanted.subscriptions.push_back(subscription({0}));
  wanted.members.push_back(member("a", 0));
  wanted.members.push_back(member("m", 0, "zone=1"));
  return wanted;
}

const Plan kPlan = {{"a", {{"t", {1}}}}, {"m", {{"t", {0}}}}};

TEST_CASE("plan: metadata and the will to plan go with every join") {
  SessionOptions options = Conversation::default_options();
  options.metadata = std::string("a\0b", 3);
  options.patterns = {"t-.*"};
  Conversation c(std::move(options));
  c.session.compute_plans();
  c.connect();
  c.session.join(c.now_ms, Conversation::kJoinCall);
  c.collect();
  const auto [id, join] = c.take<wire::JoinT>();
  CHECK(join.computes_plans);
  CHECK(join.metadata == std::vector<std::uint8_t>{'a', '\0', 'b'});
  CHECK(join.patterns == std::vector<std::string>{"t-.*"});
}

TEST_CASE("plan: pages are put together") {
  Conversation c;
  c.join_holding({});
  wire::PlanWantedT first = page(9, true);
  first.topics.push_back(topic("t", 3, {1, -1}));
  wire::PlanWantedT second = page(9, true);
  second.topics.push_back(topic("t", 3, {0}, true));
  second.topics.push_back(topic("u", 1, {-1}));
  second.subscriptions.push_back(subscription({1}));
  wire::PlanWantedT third = page(9);
  third.subscriptions.push_back(subscription({0}, true));
  third.subscriptions.push_back(subscription({}));
  third.members.push_back(member("a", 0));
  third.members.push_back(member("m", 1, "zone=1"));
  c.push(std::move(first));
  c.push(std::move(second));
  CHECK(c.session.take_plan_notices().empty());
  c.push(std::move(third));
  const auto notices = c.session.take_plan_notices();
  REQUIRE(notices.size() == 1);
  const PlanRequest& request = *notices[0].request;
  CHECK(notices[0].membership == 9);
  CHECK(request.group == "g");
  CHECK(request.timeout == std::chrono::milliseconds(5'000));
  REQUIRE(request.topics.size() == 2);
  CHECK(request.topics[0].name == "t");
  CHECK(request.topics[0].partitions == 3);
  CHECK(request.topics[0].owners == std::vector<std::optional<std::size_t>>{1, std::nullopt, 0});
  REQUIRE(request.members.size() == 2);
  CHECK(request.members[1].metadata == "zone=1");
  CHECK(request.topics_of(request.members[0]) == std::vector<std::size_t>{0, 1});
  CHECK(request.topics_of(request.members[1]).empty());
}

std::unique_ptr<wire::PlanPinT> pin(std::uint32_t topic, std::int32_t partition,
                                    std::int32_t member) {
  auto entry = std::make_unique<wire::PlanPinT>();
  entry->topic = topic;
  entry->partition = partition;
  entry->member = member;
  return entry;
}

TEST_CASE("plan: it is told what is pinned, and to whom") {
  Conversation c;
  c.join_holding({});
  wire::PlanWantedT wanted = whole(9);
  wanted.pins.push_back(pin(0, 0, 1));
  wanted.pins.push_back(pin(0, 1, -1));
  c.push(std::move(wanted));
  const auto notices = c.session.take_plan_notices();
  REQUIRE(notices.size() == 1);
  const auto& pins = notices[0].request->pins;
  REQUIRE(pins.size() == 2);
  CHECK(pins[0].partition == 0);
  CHECK(pins[0].member == 1);
  CHECK(pins[1].partition == 1);
  CHECK_FALSE(pins[1].member.has_value());
}

TEST_CASE("plan: what contradicts itself is not handed on") {
  Conversation c;
  c.join_holding({});
  const auto ignored = [&](wire::PlanWantedT wanted) {
    c.push(std::move(wanted));
    return c.session.take_plan_notices().empty();
  };
  wire::PlanWantedT wanted = whole(9);
  wanted.topics[0]->current.push_back(0);
  CHECK(ignored(std::move(wanted)));
  wanted = whole(9);
  wanted.topics[0]->current[0] = 2;
  CHECK(ignored(std::move(wanted)));
  wanted = whole(9);
  wanted.topics[0]->continued = true;
  CHECK(ignored(std::move(wanted)));
  wanted = whole(9);
  wanted.subscriptions[0]->topics[0] = 1;
  CHECK(ignored(std::move(wanted)));
  wanted = whole(9);
  wanted.members[0]->subscription = 1;
  CHECK(ignored(std::move(wanted)));
  for (const auto& [topic, partition, member] :
       std::vector<std::tuple<std::uint32_t, std::int32_t, std::int32_t>>{
           {1, 0, 0}, {0, 2, 0}, {0, -1, 0}, {0, 0, 2}}) {
    wanted = whole(9);
    wanted.pins.push_back(pin(topic, partition, member));
    CHECK(ignored(std::move(wanted)));
  }
  CHECK_FALSE(ignored(whole(9)));
}

TEST_CASE("plan: it is submitted for the membership that it was made for, once") {
  Conversation c;
  c.join_holding({});
  c.push(whole(9));
  CHECK(c.session.wants_plan(9));
  c.session.submit_plan(c.now_ms, 9, kPlan);
  c.collect();
  const auto [id, submit] = c.take<wire::SubmitPlanT>();
  CHECK(submit.membership == 9);
  CHECK(submit.incarnation == c.session.incarnation());
  CHECK(submit.members == std::vector<std::string>{"a", "m"});
  REQUIRE(submit.topics.size() == 1);
  REQUIRE(submit.topics[0]->owners.size() == 2);
  CHECK(submit.topics[0]->owners[0].partition() == 1);
  CHECK(submit.topics[0]->owners[0].member() == 0);
  c.session.submit_plan(c.now_ms, 9, kPlan);
  c.collect();
  CHECK_FALSE(c.sent<wire::SubmitPlanT>());
  CHECK(c.reply(id, wire::DoneT()));
}

TEST_CASE("plan: one that was outrun, or whose connection broke, is not submitted") {
  Conversation c;
  c.join_holding({});
  c.push(whole(9));
  c.push(whole(12));
  CHECK_FALSE(c.session.wants_plan(9));
  c.session.submit_plan(c.now_ms, 9, kPlan);
  c.collect();
  CHECK_FALSE(c.sent<wire::SubmitPlanT>());
  c.disconnect();
  c.session.submit_plan(c.now_ms, 12, kPlan);
  c.collect();
  CHECK_FALSE(c.sent<wire::SubmitPlanT>());
  c.connect();
  c.reply(c.take<wire::JoinT>().first, join_reply());
  c.push(whole(12));  // the reminder
  c.session.submit_plan(c.now_ms, 12, kPlan);
  c.collect();
  CHECK(c.sent<wire::SubmitPlanT>());
}

TEST_CASE("plan: pages of a broken connection are forgotten") {
  Conversation c;
  c.join_holding({});
  wire::PlanWantedT first = whole(9);
  first.more = true;
  c.push(std::move(first));
  c.disconnect();
  c.connect();
  c.reply(c.take<wire::JoinT>().first, join_reply());
  c.push(whole(9));
  const auto notices = c.session.take_plan_notices();
  REQUIRE(notices.size() == 1);
  CHECK(notices[0].request->topics.size() == 1);
}

TEST_CASE("plan: a stale one is dropped in silence, a wrong one is reported") {
  Conversation c;
  c.join_holding({});
  const auto refused_with = [&](ErrorCode code) {
    c.push(whole(9));
    c.session.take_plan_notices();
    c.session.submit_plan(c.now_ms, 9, kPlan);
    c.collect();
    c.reply(c.take<wire::SubmitPlanT>().first, refusal(code));
    return c.session.take_plan_notices();
  };
  CHECK(refused_with(ErrorCode::kStalePlan).empty());
  CHECK(refused_with(ErrorCode::kNotLeader).empty());
  CHECK(refused_with(ErrorCode::kStorageFull).empty());
  const auto notices = refused_with(ErrorCode::kInvalidPlan);
  REQUIRE(notices.size() == 1);
  CHECK(notices[0].request == nullptr);
  CHECK(notices[0].refused.code == ErrorCode::kInvalidPlan);
  CHECK(c.session.is_member());
  CHECK(refused_with(ErrorCode::kNotBound).empty());
  CHECK(c.take<wire::JoinT>().second.resume);
}

// ---- subscriptions ----------------------------------------------------------------------------

constexpr CallId kSubscribe = 7;

void subscribe(Conversation& c, std::vector<std::string> topics,
               std::vector<std::string> patterns = {}, CallId call = kSubscribe) {
  c.session.subscribe(c.now_ms, call, std::move(topics), std::move(patterns));
  c.collect();
}

std::vector<std::string> topics_of_resume(Conversation& c) {
  c.disconnect();
  c.connect();
  const auto [id, join] = c.take<wire::JoinT>();
  c.reply(id, join_reply());
  return join.topics;
}

using Topics = std::vector<std::string>;

TEST_CASE("subscribe: it is a join of the same incarnation, and what is held goes on") {
  Conversation c;
  c.join_holding({{.partition = 0, .fence = 7}});
  subscribe(c, {"t", "u"}, {"v.*"});
  CHECK_FALSE(c.outcome(kSubscribe));
  const auto [id, join] = c.take<wire::JoinT>();
  CHECK(join.resume);
  CHECK(join.incarnation == c.session.incarnation());
  CHECK(join.topics == Topics{"t", "u"});
  CHECK(join.patterns == Topics{"v.*"});
  c.reply(id, join_reply({{.partition = 0, .fence = 7}}));
  CHECK(c.code(kSubscribe) == ErrorCode::kNone);
  CHECK(c.take_notices().empty());
  CHECK(topics_of_resume(c) == Topics{"t", "u"});
}

TEST_CASE("subscribe: what is refused changes nothing") {
  Conversation c;
  c.join_holding({{.partition = 0, .fence = 7}});
  subscribe(c, {"nowhere"});
  c.reply(c.take<wire::JoinT>().first, refusal(ErrorCode::kUnknownResource));
  CHECK(c.code(kSubscribe) == ErrorCode::kUnknownResource);
  CHECK(c.session.is_member());
  CHECK(c.holds(0));
  CHECK_FALSE(c.sent<wire::JoinT>());
  CHECK(topics_of_resume(c) == Topics{"t"});
}

TEST_CASE("subscribe: over a broken connection it goes with the resume, refused or not") {
  Conversation c;
  c.join_holding({{.partition = 0, .fence = 7}});
  c.disconnect();
  subscribe(c, {"u"});
  c.connect();
  const auto [id, join] = c.take<wire::JoinT>();
  CHECK(join.topics == Topics{"u"});
  SUBCASE("accepted") {
    c.reply(id, join_reply());
    CHECK(c.code(kSubscribe) == ErrorCode::kNone);
  }
  SUBCASE("refused") {
    c.reply(id, refusal(ErrorCode::kUnknownResource));
    CHECK(c.code(kSubscribe) == ErrorCode::kUnknownResource);
    const auto again = c.take<wire::JoinT>();
    CHECK(again.second.topics == Topics{"t"});
    CHECK(again.second.resume);
    c.reply(again.first, join_reply({{.partition = 0, .fence = 7}}));
    CHECK(c.holds(0));
  }
}

TEST_CASE("subscribe: without a seat it is for the next join") {
  Conversation c;
  subscribe(c, {"u"});
  CHECK(c.code(kSubscribe) == ErrorCode::kNone);
  c.connect();
  c.session.join(c.now_ms, Conversation::kJoinCall);
  c.collect();
  CHECK(c.take<wire::JoinT>().second.topics == Topics{"u"});
}

TEST_CASE("subscribe: while a join is under way it follows it") {
  Conversation c;
  c.connect();
  c.session.join(c.now_ms, Conversation::kJoinCall);
  c.collect();
  subscribe(c, {"u"});
  c.reply(c.take<wire::JoinT>().first, join_reply());
  CHECK_FALSE(c.outcome(kSubscribe));
  const auto [id, join] = c.take<wire::JoinT>();
  CHECK(join.topics == Topics{"u"});
  c.reply(id, join_reply());
  CHECK(c.code(kSubscribe) == ErrorCode::kNone);
}

TEST_CASE("subscribe: what is not answered in time does not hold") {
  Conversation c;
  c.join_holding({});
  subscribe(c, {"u"});
  const RequestId id = c.take<wire::JoinT>().first;
  subscribe(c, {"v"}, {}, 8);
  CHECK(c.code(8) == ErrorCode::kInvalidArgument);  // one at a time
  c.run_until(kStartMs + 5'000);
  CHECK(c.code(kSubscribe) == ErrorCode::kTimedOut);
  c.reply(id, join_reply());  // and yet it was accepted
  CHECK(c.take<wire::JoinT>().second.topics == Topics{"t"});
}

TEST_CASE("subscribe: it ends with the membership") {
  Conversation c;
  c.join_holding({});
  subscribe(c, {"u"});
  SUBCASE("left") {
    c.session.leave(c.now_ms, 9);
    c.collect();
    CHECK(c.code(kSubscribe) == ErrorCode::kClosed);
  }
  SUBCASE("removed") {
    c.push_lost(0, 7, wire::TokenEnd::removed, true);
    CHECK(c.code(kSubscribe) == ErrorCode::kMemberRemoved);
  }
  SUBCASE("closed") {
    c.session.close(c.now_ms);
    c.collect();
    CHECK(c.code(kSubscribe) == ErrorCode::kClosed);
  }
}

TEST_CASE("subscribe: a member that expired meanwhile joins with the new topics") {
  Conversation c;
  c.join_holding({});
  subscribe(c, {"u"});
  c.reply(c.take<wire::JoinT>().first, refusal(ErrorCode::kUnknownMember));
  const auto [id, join] = c.take<wire::JoinT>();
  CHECK_FALSE(join.resume);
  CHECK(join.topics == Topics{"u"});
  c.reply(id, join_reply());
  CHECK(c.code(kSubscribe) == ErrorCode::kNone);
}

}  // namespace
}  // namespace muster::testing::plan_test
