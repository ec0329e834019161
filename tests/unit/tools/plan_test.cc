#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/sanitized.h"
#include "tools/plan_input.h"
#include "tools/plan_prediction.h"
#include "tools/plan_scenario.h"
#include "tools/plan_view.h"

using namespace muster;
using namespace muster::tools;

namespace {

using nlohmann::json;

Scenario scenario_of(const std::string& input) {
  auto scenario = read_plan_input(input, Limits{});
  REQUIRE_MESSAGE(scenario.has_value(), scenario.error().message);
  return std::move(*scenario);
}

json planned(const Scenario& scenario) {
  const auto prediction = predict(scenario);
  REQUIRE(prediction.has_value());
  return json::parse(prediction_json(*prediction));
}

json planned(const std::string& input) { return planned(scenario_of(input)); }

/// The message of what the input is refused with.
std::string refusal(const std::string& input, ErrorCode code = ErrorCode::kInvalidArgument) {
  const auto scenario = read_plan_input(input, Limits{});
  REQUIRE_FALSE(scenario.has_value());
  CHECK(scenario.error().code == code);
  return scenario.error().message;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// One member "a" with more fields, among other keys of the document.
std::string one_member(const std::string& fields, const std::string& document = "") {
  return R"({"topics":{"t":6},"members":[{"id":"a")" + fields + "}]" + document + "}";
}

const std::string kTwoMembers =
    R"({"strategy":"sticky","topics":{"t":6},"members":[
        {"id":"a","topics":["t"],"owned":{"t":[0,1,2,3,4,5]}},{"id":"b","topics":["t"]}]})";

}  // namespace

TEST_CASE("plan: the shape of the answer, for one member alone") {
  CHECK(planned(R"({"strategy":"sticky","topics":{"t":6},
                    "members":[{"id":"a","topics":["t"],"owned":{"t":[0,1]}}]})") ==
        json::parse(R"({"assignment":{"a":{"t":[0,1,2,3,4,5]}},"moves":[],
                        "balance":{"min":6,"max":6,"spread":0},
                        "strategy":"sticky","unowned":{},"idle_pins":[]})"));
}

TEST_CASE("plan: sticky moves half to a newcomer, and a first assignment is no move") {
  const json plan = planned(kTwoMembers);
  CHECK(plan["assignment"]["a"]["t"].size() == 3);
  CHECK(plan["moves"].size() == 3);
  for (const json& move : plan["moves"]) {
    CHECK(move["topic"] == "t");
    CHECK(move["from"] == "a");
    CHECK(move["to"] == "b");
  }
  CHECK(plan["balance"] == json::parse(R"({"min":3,"max":3,"spread":0})"));
  CHECK(planned(one_member(R"(,"topics":["t"])"))["moves"].empty());
}

TEST_CASE("plan: round_robin when no strategy is given, range as asked") {
  const std::string rest =
      R"("topics":{"t":5},"members":[{"id":"b","topics":["t"]},{"id":"a","topics":["t"]}]})";
  CHECK(planned("{" + rest)["assignment"] == json::parse(R"({"a":{"t":[0,2,4]},"b":{"t":[1,3]}})"));
  CHECK(planned(R"({"strategy":"range",)" + rest)["assignment"] ==
        json::parse(R"({"a":{"t":[0,1,2]},"b":{"t":[3,4]}})"));
}

TEST_CASE("plan: what can't be kept is a move, not an error") {
  // Unsubscribed; a topic that is gone; an owner who is no member.
  const json plan = planned(R"({"strategy":"sticky","topics":{"t":2,"u":2},
      "members":[{"id":"a","topics":["t"],"owned":{"t":[0],"u":[1],"old":[7]}},{"id":"idle"}],
      "owned":{"ghost":{"t":[1]}}})");
  CHECK(plan["assignment"] == json::parse(R"({"a":{"t":[0,1]},"idle":{}})"));
  CHECK(plan["moves"] == json::parse(R"([{"topic":"old","partition":7,"from":"a","to":null},
                        {"topic":"t","partition":1,"from":"ghost","to":"a"},
                        {"topic":"u","partition":1,"from":"a","to":null}])"));
  CHECK(plan["balance"] == json::parse(R"({"min":0,"max":2,"spread":2})"));
}

TEST_CASE("plan: without members everything that was owned goes to nobody") {
  const json plan = planned(R"({"topics":{"t":2},"members":[],"owned":{"ghost":{"t":[0]}}})");
  CHECK(plan["assignment"] == json::object());
  CHECK(plan["moves"] == json::parse(R"([{"topic":"t","partition":0,"from":"ghost","to":null}])"));
  CHECK(plan["balance"] == json::parse(R"({"min":0,"max":0,"spread":0})"));
  CHECK(plan["unowned"] == json::parse(R"({"t":[0]})"));
}

TEST_CASE("plan: the last member's partitions are unowned when it is removed") {
  Scenario scenario = scenario_of(one_member(R"(,"topics":["t"],"owned":{"t":[0,1,2,3,4,5]})"));
  REQUIRE(apply({.remove_members = {"a"}}, Limits{}, scenario));
  const auto prediction = predict(scenario);
  REQUIRE(prediction.has_value());
  CHECK(prediction_text(*prediction)
            .starts_with("By round_robin: 0 members, 6 partitions (6 unowned), 6 moves.\n"));
}

TEST_CASE("plan: no balance is claimed where nobody can own anything") {
  const auto prediction = [](const std::string& fields) {
    const Scenario scenario = scenario_of(one_member(fields));
    return prediction_text(*predict(scenario));
  };
  CHECK(prediction(R"(,"topics":["t"],"draining":true)")
            .ends_with("\nBalance: nobody gets a partition.\n"));
  CHECK(prediction("").ends_with("\nBalance: nobody gets a partition.\n"));
  CHECK(prediction(R"(,"topics":["t"])").ends_with("\nBalance: each member has 6 partitions.\n"));
}

TEST_CASE("plan: idle pins say which reason holds") {
  const Scenario scenario = scenario_of(R"({"topics":{"t":3,"u":1},
      "members":[{"id":"drains","topics":["t"],"draining":true},{"id":"other","topics":["u"]},
                 {"id":"both","draining":true}],
      "pins":{"t":{"0":"drains","1":"other","2":"both"}}})");
  const auto prediction = predict(scenario);
  REQUIRE(prediction.has_value());
  const std::string text = prediction_text(*prediction);
  CHECK(has(text, "The pin of t/0 to drains does nothing: the member drains.\n"));
  CHECK(has(text, "to other does nothing: the member does not subscribe to the topic.\n"));
  CHECK(has(text, "to both does nothing: the member drains, and does not subscribe to the topic."));
  CHECK(json::parse(prediction_json(*prediction))["idle_pins"] ==
        json::parse(R"([{"topic":"t","partition":0,"member":"drains","reasons":["draining"]},
            {"topic":"t","partition":1,"member":"other","reasons":["not_subscribed"]},
            {"topic":"t","partition":2,"member":"both","reasons":["draining","not_subscribed"]}])"));
}

TEST_CASE("plan: a leader's group can be asked about with another strategy, and not without") {
  const std::string input =
      R"({"strategy":"leader","topics":{"t":2},"members":[{"id":"a","topics":["t"]}]})";
  Scenario scenario = scenario_of(input);
  REQUIRE(apply({.strategy = "sticky"}, Limits{}, scenario));
  CHECK(planned(scenario)["strategy"] == "sticky");
  Scenario unchanged = scenario_of(input);
  const auto refused = apply({}, Limits{}, unchanged);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == ErrorCode::kInvalidStrategy);
  CHECK(has(refused.error().message, "stands in"));
}

TEST_CASE("plan: patterns, drains and pins mean what they mean to the coordinator") {
  const json plan = planned(R"({"strategy":"sticky","topics":{"orders-a":2,"orders-b":2,"x":9},
      "members":[{"id":"a","patterns":["orders-.*"],"owned":{"orders-a":[0,1],"orders-b":[0,1]}},
                 {"id":"b","patterns":["orders-.*"]},
                 {"id":"c","patterns":["orders-."],"draining":true}],
      "pins":{"orders-a":{"0":"b"},"orders-b":{"1":"absent"}}})");
  CHECK(plan["assignment"]["c"] == json::object());
  CHECK(plan["assignment"]["b"]["orders-a"][0] == 0);
  for (const json& move : plan["moves"]) {
    const bool held_back = move["topic"] == "orders-b" && move["partition"] == 1;
    CHECK(move["to"] == (held_back ? json() : json("b")));
  }
  CHECK(plan["balance"]["max"] == 2);  // c does not count: it drains
  CHECK(plan["balance"]["min"] == 1);
}

TEST_CASE("plan: the order of members and of keys decides nothing") {
  CHECK(planned(R"({"members":[{"topics":["t"],"id":"b"},
                     {"owned":{"t":[5,4,3,2,1,0]},"topics":["t"],"id":"a"}],
                    "topics":{"t":6},"strategy":"sticky"})") == planned(kTwoMembers));
}

TEST_CASE("plan: supposed changes: members more or less, larger topics, another strategy") {
  Scenario scenario = scenario_of(kTwoMembers);
  REQUIRE(apply(
      {.strategy = "range", .add_members = 2, .remove_members = {"a"}, .partitions = {{"t", 7}}},
      Limits{}, scenario));
  const json plan = planned(scenario);
  CHECK(plan["assignment"] ==
        json::parse(R"({"b":{"t":[0,1,2]},"new-1":{"t":[3,4]},"new-2":{"t":[5,6]}})"));
  CHECK(plan["moves"].size() == 6);  // all that a had
}

TEST_CASE("plan: new members take free names") {
  Scenario scenario =
      scenario_of(R"({"topics":{"t":2},"members":[{"id":"new-1","topics":["t"]}]})");
  REQUIRE(apply({.add_members = 1}, Limits{}, scenario));
  CHECK(planned(scenario)["assignment"] == json::parse(R"({"new-1":{"t":[0]},"new-2":{"t":[1]}})"));
}

TEST_CASE("plan: changes that the coordinator would refuse") {
  const auto refused = [](const Changes& changes, const std::string& part) {
    Scenario scenario = scenario_of(kTwoMembers);
    scenario.max_members = 3;
    const auto applied = apply(changes, Limits{}, scenario);
    REQUIRE_FALSE(applied.has_value());
    CHECK_MESSAGE(has(applied.error().message, part), applied.error().message);
  };
  refused({.strategy = "leader"}, "--strategy sticky");
  refused({.strategy = "best"}, "use round_robin, range or sticky");
  refused({.add_members = 2}, "at most 3");
  refused({.add_members = 20'000}, "at most 10000");
  refused({.remove_members = {"z"}}, "no member 'z'");
  refused({.remove_members = {"a", "a"}}, "no member 'a'");
  refused({.partitions = {{"t", 5}}}, "only grow");
  refused({.partitions = {{"t", 100'001}}}, "up to 100000");
  refused({.partitions = {{"z", 5}}}, "no topic 'z'");
  refused({.partitions = {{"t", 12}, {"t", 9}}}, "'t' is given two partition counts");
}

TEST_CASE("plan: wrong input is refused with its place and the remedy") {
  const auto wrong = [](const std::string& input, const std::string& place,
                        const std::string& part) {
    const std::string message = refusal(input);
    CHECK_MESSAGE(has(message, place), message);
    CHECK_MESSAGE(has(message, part), message);
  };
  wrong("", "byte 1", "no JSON");
  wrong("{", "byte 2", "no JSON");
  wrong("{}", "beginning", "\"topics\" is missing");
  wrong("[]", "beginning", "found an array");
  wrong(R"({"topics":{},"members":[]} x)", "byte", "no JSON");
  wrong(one_member("", R"(,"strategie":"sticky")"), "beginning", "\"strategie\" is unknown");
  wrong(one_member("", R"(,"members":[])"), "/members", "given twice");
  wrong(one_member(R"(,"topic":["t"])"), "/members/0", "\"topic\" is unknown");
  wrong(R"({"topics":{},"members":[{}]})", "/members/0", "\"id\" is missing");
  wrong(one_member(R"(,"draining":1)"), "/members/0/draining", "found a number");
  wrong(one_member(R"(,"topics":"t")"), "/members/0/topics", "found a string");
  wrong(one_member(R"(,"topics":[null])"), "/members/0/topics/0", "found null");
  wrong(one_member(R"(,"owned":{"t":[0,1.5]})"), "/members/0/owned/t/1", "a fraction");
  wrong(one_member(R"(,"owned":{"t":[0,-1]})"), "/members/0/owned/t/1", "no partition -1");
  wrong(one_member(R"(,"owned":{"t":[6]})"), "/members/0/owned/t", "0 to 5");
  wrong(one_member(R"(,"owned":{"t":[99999999999]})"), "/members/0/owned/t/0", "no partition");
  wrong(one_member(R"(,"owned":{"t":[1e400]})"), "byte", "no JSON");
  wrong(one_member(R"(,"owned":{"t":[2,2]})"), "/members/0/owned/t", "listed twice");
  wrong(one_member(R"(,"owned":{"t":[2],"t":[2]})"), "/members/0/owned/t", "listed twice");
  wrong(one_member(R"(,"owned":{"a/b":[true]})"), "/members/0/owned/a~1b/0", "found true");
  wrong(R"({"topics":{"t":2,"t":3},"members":[]})", "/topics/t", "given twice");
  wrong(R"({"topics":{"t":2},"members":[{"id":"a"},{"id":"a"}]})", "/members/1", "two members");
  wrong(one_member("", R"(,"pins":{"t":{"03":"a"}})"), "/pins/t/03", "no partition");
  wrong(one_member("", R"(,"pins":{"t":{"3":"a","3":"b"}})"), "/pins/t/3", "pinned twice");
}

TEST_CASE("plan: what the coordinator has a code for is refused with that code") {
  CHECK(has(refusal(R"({"strategy":"best","topics":{},"members":[]})", ErrorCode::kInvalidStrategy),
            "/strategy: There is no strategy 'best'"));
  CHECK(has(refusal(R"({"topics":{"t":0},"members":[]})", ErrorCode::kInvalidPartitionCount),
            "/topics/t: a topic can't have 0 partitions"));
  CHECK(has(refusal(R"({"topics":{"":1},"members":[]})", ErrorCode::kInvalidName), "is empty"));
  CHECK(has(refusal(one_member(R"(,"topics":["t","u"])"), ErrorCode::kUnknownResource),
            "/members/0/topics: there is no topic 'u'"));
  CHECK(has(refusal(one_member(R"(,"patterns":["("])"), ErrorCode::kInvalidPattern),
            "/members/0/patterns/0"));
  CHECK(has(refusal(one_member("", R"(,"pins":{"t":{"6":"a"}})"), ErrorCode::kUnknownResource),
            "/pins/t/6"));
  CHECK(has(refusal(one_member("", R"(,"pins":{"u":{"0":"a"}})"), ErrorCode::kUnknownResource),
            "/pins/u"));
}

TEST_CASE("plan: a partition that two claim is refused, with both names") {
  const std::string message = refusal(R"({"topics":{"t":2},"members":[
      {"id":"a","owned":{"t":[0]}},{"id":"b","owned":{"t":[1,0]}}]})");
  CHECK(has(message, "/members/1/owned/t"));
  CHECK(has(message, "'a' and by 'b'"));
  CHECK(has(refusal(one_member(R"(,"owned":{"t":[0]})", R"(,"owned":{"z":{"t":[0]}})")),
            "/owned/z/t"));
}

TEST_CASE("plan: hostile input is refused in a few words") {
  constexpr std::size_t kGiant = kSanitized ? 1'000'000 : 10'000'000;
  constexpr std::size_t kDeep = kSanitized ? 100'000 : 1'000'000;
  const std::string giant(kGiant, 'x');
  const auto refused_briefly = [](const std::string& input, ErrorCode code) {
    const std::string message = refusal(input, code);
    CHECK_MESSAGE(message.size() < 600, message.size());
  };
  refused_briefly(R"({"topics":{")" + giant + R"(":1},"members":[]})", ErrorCode::kInvalidName);
  refused_briefly(R"({"topics":{},"members":[{"id":")" + giant + R"("}]})",
                  ErrorCode::kInvalidName);
  refused_briefly(R"({")" + giant + R"(":1})", ErrorCode::kInvalidArgument);
  refused_briefly("\"" + giant, ErrorCode::kInvalidArgument);
  refused_briefly(one_member(R"(,"topics":[")" + giant + R"("])"), ErrorCode::kUnknownResource);
  refused_briefly(std::string(kDeep, '['), ErrorCode::kInvalidArgument);
  refused_briefly(R"({"topics":)" + std::string(kDeep, '['), ErrorCode::kInvalidArgument);
  refused_briefly("{\"topics\":{\"\xff\":1}}", ErrorCode::kInvalidArgument);
  refused_briefly(R"({"topics":{"\ud800":1}})", ErrorCode::kInvalidArgument);
  refused_briefly(R"({"topics":{"a\u0007b":1}})", ErrorCode::kInvalidName);
}

TEST_CASE("plan: the coordinator's limits hold") {
  Limits limits;
  limits.members_per_group_max = 1;
  limits.topics_max = 2;
  limits.topics_per_member_max = 1;
  limits.patterns_per_member_max = 1;
  limits.draining_per_group_max = 0;
  limits.pins_per_group_max = 1;
  for (const std::string input : {R"({"topics":{},"members":[{"id":"a"},{"id":"b"}]})",
                                  R"({"topics":{"a":1,"b":1,"c":1},"members":[]})",
                                  R"({"topics":{},"members":[{"id":"a","topics":["t","u"]}]})",
                                  R"({"topics":{},"members":[{"id":"a","patterns":["t","u"]}]})",
                                  R"({"topics":{},"members":[{"id":"a","draining":true}]})",
                                  R"({"topics":{},"members":[],"pins":{"t":{"0":"a","1":"a"}}})"}) {
    CAPTURE(input);
    const auto scenario = read_plan_input(input, limits);
    REQUIRE_FALSE(scenario.has_value());
    CHECK(scenario.error().code == ErrorCode::kLimitReached);
  }
}

TEST_CASE("plan: more partitions than can be planned at once are refused") {
  std::string topics;
  for (int i = 0; i < 51; ++i) {
    topics += (i == 0 ? "\"t" : ",\"t") + std::to_string(i) + "\":100000";
  }
  const Scenario scenario =
      scenario_of(R"({"topics":{)" + topics + R"(},"members":[{"id":"a","patterns":[".*"]}]})");
  const auto prediction = predict(scenario);
  REQUIRE_FALSE(prediction.has_value());
  CHECK(prediction.error().code == ErrorCode::kLimitReached);
}

TEST_CASE("plan: partitions in ranges") {
  CHECK(ranges_text({}) == "");
  CHECK(ranges_text({5}) == "5");
  CHECK(ranges_text({0, 1, 2, 3, 7}) == "0-3, 7");
  CHECK(ranges_text({1, 3, 4}) == "1, 3-4");
}

TEST_CASE("plan: the table for people") {
  const Scenario scenario = scenario_of(R"({"strategy":"range","topics":{"t":5},
      "members":[{"id":"a","topics":["t"],"owned":{"t":[0,1,3]}},{"id":"b","topics":["t"]},
                 {"id":"c","topics":["t"],"draining":true,"owned":{"t":[4]}}],
      "owned":{"z":{"t":[2]}},"pins":{"t":{"4":"gone","0":"c"}}})");
  const auto prediction = predict(scenario);
  REQUIRE(prediction.has_value());
  CHECK(prediction_text(*prediction) ==
        R"(By range: 3 members, 5 partitions (1 unowned), 3 moves.
The pin of t/0 to c does nothing: the member drains.

MEMBER        TOPIC  COUNT  PARTITIONS
a             t          2  0-1
b             t          2  2-3
c (draining)  -          0  -
-             t          1  4

MOVES OF  FROM  TO  COUNT  PARTITIONS
t         a     b       1  3
t         c     -       1  4
t         z     b       1  2

Balance: each member has 2 partitions.
)");
}
