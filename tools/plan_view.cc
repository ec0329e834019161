#include "tools/plan_view.h"

#include <map>
#include <tuple>

#include "tools/output.h"

namespace muster::tools {
namespace {

std::string dumped(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string quoted(std::string_view name) { return dumped(Json(name)); }

std::string share_json(const std::vector<TopicShare>& topics) {
  std::string text = "{";
  for (const TopicShare& share : topics) {
    if (text.size() > 1) text += ',';
    text += quoted(share.topic) + ":" + dumped(share.partitions);
  }
  return text + "}";
}

std::string name_or_dash(std::string_view name) { return std::string(name.empty() ? "-" : name); }

std::size_t count_of(const std::vector<TopicShare>& topics) {
  std::size_t count = 0;
  for (const TopicShare& share : topics) count += share.partitions.size();
  return count;
}

std::string idle_text(const IdlePin& pin) {
  if (pin.subscribed) return "drains";
  const std::string text = "does not subscribe to the topic";
  return pin.draining ? "drains, and " + text : text;
}

std::string idle_pins_json(const std::vector<IdlePin>& pins) {
  Json all = Json::array();
  for (const IdlePin& pin : pins) {
    Json reasons = Json::array();
    if (pin.draining) reasons.push_back("draining");
    if (!pin.subscribed) reasons.push_back("not_subscribed");
    all.push_back({{"topic", pin.topic},
                   {"partition", pin.partition},
                   {"member", pin.member_id},
                   {"reasons", std::move(reasons)}});
  }
  return dumped(all);
}

std::string summary_text(const Prediction& prediction) {
  std::size_t partitions = count_of(prediction.unowned);
  for (const MemberShare& member : prediction.members) partitions += member.partitions;
  std::string text = "By " + std::string(prediction.strategy) + ": " +
                     counted(prediction.members.size(), "member") + ", " +
                     counted(partitions, "partition");
  if (!prediction.unowned.empty()) {
    text += " (" + std::to_string(count_of(prediction.unowned)) + " unowned)";
  }
  text += ", " + counted(prediction.moves.size(), "move") + ".\n";
  if (prediction.frozen.value_or(false)) {
    text += "The group is frozen: this is the plan that unfreezing it makes.\n";
  }
  for (const IdlePin& pin : prediction.idle_pins) {
    text += "The pin of " + printable(pin.topic) + "/" + std::to_string(pin.partition) + " to " +
            printable(pin.member_id) + " does nothing: the member " + idle_text(pin) + ".\n";
  }
  return text;
}

void add_rows(Table& table, const std::string& member, const std::vector<TopicShare>& topics) {
  for (const TopicShare& share : topics) {
    table.add_row({member, std::string(share.topic), std::to_string(share.partitions.size()),
                   ranges_text(share.partitions)});
  }
}

std::string members_text(const Prediction& prediction) {
  Table table({{"MEMBER"}, {"TOPIC"}, {"COUNT", Align::kRight}, {"PARTITIONS"}});
  for (const MemberShare& member : prediction.members) {
    const std::string name = std::string(member.member_id) + (member.draining ? " (draining)" : "");
    if (member.topics.empty()) table.add_row({name, "-", "0", "-"});
    add_rows(table, name, member.topics);
  }
  add_rows(table, "-", prediction.unowned);
  return table.empty() ? "" : "\n" + table.text();
}

std::string moves_text(const std::vector<Move>& moves) {
  // Topic, from, to → partitions: one row for all that go the same way.
  std::map<std::tuple<std::string_view, std::string_view, std::string_view>,
           std::vector<PartitionIndex>>
      ways;
  for (const Move& move : moves) ways[{move.topic, move.from, move.to}].push_back(move.partition);
  Table table({{"MOVES OF"}, {"FROM"}, {"TO"}, {"COUNT", Align::kRight}, {"PARTITIONS"}});
  for (const auto& [way, partitions] : ways) {
    const auto& [topic, from, to] = way;
    table.add_row({std::string(topic), std::string(from), name_or_dash(to),
                   std::to_string(partitions.size()), ranges_text(partitions)});
  }
  return table.empty() ? "" : "\n" + table.text();
}

std::string balance_text(const Balance& balance) {
  if (balance.max == 0) return "Balance: nobody gets a partition.\n";
  if (balance.spread == 0) {
    return "Balance: each member has " + counted(balance.max, "partition") + ".\n";
  }
  return "Balance: members have " + std::to_string(balance.min) + " to " +
         counted(balance.max, "partition") + ", a spread of " + std::to_string(balance.spread) +
         ".\n";
}

}  // namespace

std::string prediction_json(const Prediction& prediction) {
  // Piece by piece: a tree of half a million moves would take more memory than the plan did.
  std::string text = R"({"assignment":{)";
  for (const MemberShare& member : prediction.members) {
    if (text.back() == '}') text += ',';
    text += quoted(member.member_id) + ":" + share_json(member.topics);
  }
  text += R"(},"moves":[)";
  for (const Move& move : prediction.moves) {
    if (text.back() == '}') text += ',';
    text += R"({"topic":)" + quoted(move.topic) + R"(,"partition":)" +
            std::to_string(move.partition) + R"(,"from":)" + quoted(move.from) + R"(,"to":)" +
            (move.to.empty() ? "null" : quoted(move.to)) + "}";
  }
  const Balance& balance = prediction.balance;
  return text + R"(],"balance":)" +
         dumped({{"min", balance.min}, {"max", balance.max}, {"spread", balance.spread}}) +
         R"(,"strategy":)" + quoted(prediction.strategy) + R"(,"unowned":)" +
         share_json(prediction.unowned) + R"(,"idle_pins":)" +
         idle_pins_json(prediction.idle_pins) +
         (prediction.frozen ? R"(,"frozen":)" + dumped(*prediction.frozen) : "") + "}";
}

std::string prediction_text(const Prediction& prediction) {
  std::string text =
      summary_text(prediction) + members_text(prediction) + moves_text(prediction.moves);
  return text + "\n" + balance_text(prediction.balance);
}

std::string ranges_text(const std::vector<PartitionIndex>& partitions) {
  std::string text;
  for (std::size_t i = 0; i < partitions.size(); ++i) {
    const std::size_t first = i;
    while (i + 1 < partitions.size() && partitions[i + 1] == partitions[i] + 1) ++i;
    if (!text.empty()) text += ", ";
    text += std::to_string(partitions[first]);
    if (i > first) text += "-" + std::to_string(partitions[i]);
  }
  return text;
}

}  // namespace muster::tools
