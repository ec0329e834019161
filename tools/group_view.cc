#include "tools/group_view.h"

#include <algorithm>

#include "tools/arguments.h"

namespace muster::tools {
namespace {

using TopicPartitionsList = std::vector<std::unique_ptr<wire::TopicPartitionsT>>;

Json name_or_null(const std::string& name) { return name.empty() ? Json() : Json(name); }

Json number_or_null(std::int64_t number) { return number < 0 ? Json() : Json(number); }

std::string number_or_dash(std::int64_t number) {
  return number < 0 ? "-" : std::to_string(number);
}

std::string name_or_dash(const std::string& name) { return name.empty() ? "-" : name; }

/// {"outbox":[0,3]}
Json partitions_json(const TopicPartitionsList& topics) {
  Json json = Json::object();
  for (const auto& topic : topics) json[topic->topic] = topic->partitions;
  return json;
}

std::string partition_count(const TopicPartitionsList& topics) {
  std::size_t count = 0;
  for (const auto& topic : topics) count += topic->partitions.size();
  return std::to_string(count);
}

Json member_json(const wire::MemberInfoT& member, bool live) {
  Json json{
      {"member_id", member.member_id}, {"client_id", member.client_id}, {"host", member.host}};
  if (live) json["connected"] = member.connected;
  json.update({{"session_timeout_ms", member.session_timeout_ms},
               {"disconnect_grace_ms", member.disconnect_grace_ms},
               {"rebalance_timeout_ms", member.rebalance_timeout_ms},
               {"topics", member.topics},
               {"owned", partitions_json(member.owned)},
               {"revoking", partitions_json(member.revoking)},
               {"pending", partitions_json(member.pending)}});
  return json;
}

Json partition_json(const wire::PartitionInfoT& partition) {
  const std::optional<std::int64_t> lag = lag_of(partition);
  return {{"topic", partition.topic},
          {"partition", partition.partition},
          {"owner", name_or_null(partition.owner)},
          {"target", name_or_null(partition.target)},
          {"revoking", partition.revoking},
          {"fence", partition.fence},
          {"committed", number_or_null(partition.committed)},
          {"end", number_or_null(partition.end)},
          {"lag", lag ? Json(*lag) : Json()},
          {"metadata", partition.metadata}};
}

std::string members_text(const GroupView& view) {
  std::vector<Column> columns{{"MEMBER"},
                              {"CLIENT"},
                              {"HOST"},
                              {"SESSION", Align::kRight},
                              {"OWNED", Align::kRight},
                              {"REVOKING", Align::kRight},
                              {"PENDING", Align::kRight}};
  if (view.live) columns.push_back({"CONNECTED"});
  Table table(std::move(columns));
  for (const auto& member : view.members) {
    std::vector<std::string> row{member->member_id,
                                 member->client_id,
                                 member->host,
                                 duration_text(member->session_timeout_ms),
                                 partition_count(member->owned),
                                 partition_count(member->revoking),
                                 partition_count(member->pending)};
    if (view.live) row.emplace_back(member->connected ? "yes" : "no");
    table.add_row(std::move(row));
  }
  return table.empty() ? "" : "\n" + table.text();
}

/// "pod-0", "pod-0 → pod-1" while it moves, "-" for nobody.
std::string owner_text(const wire::PartitionInfoT& partition) {
  if (!partition.revoking && partition.owner == partition.target) {
    return name_or_dash(partition.owner);
  }
  if (partition.target.empty() && !partition.revoking) return name_or_dash(partition.owner);
  return name_or_dash(partition.owner) + " → " + name_or_dash(partition.target);
}

std::string partitions_text(const GroupView& view) {
  Table table({{"TOPIC"},
               {"PARTITION", Align::kRight},
               {"OWNER"},
               {"FENCE", Align::kRight},
               {"COMMITTED", Align::kRight},
               {"END", Align::kRight},
               {"LAG", Align::kRight},
               {"METADATA"}});
  for (const auto& partition : view.partitions) {
    const auto lag = lag_of(*partition);
    table.add_row({partition->topic, std::to_string(partition->partition), owner_text(*partition),
                   partition->fence == 0 ? "-" : std::to_string(partition->fence),
                   number_or_dash(partition->committed), number_or_dash(partition->end),
                   number_or_dash(lag.value_or(-1)),
                   shortened(partition->metadata, kMetadataColumns)});
  }
  return table.empty() ? "" : "\n" + table.text();
}

/// "lag 12", with how many partitions the sum leaves out.
std::string lag_text(const GroupView& view) {
  std::int64_t sum = 0;
  std::size_t unknown = 0;
  for (const auto& partition : view.partitions) {
    const auto lag = lag_of(*partition);
    if (lag) sum += *lag;
    if (!lag) ++unknown;
  }
  if (unknown == view.partitions.size()) return "lag unknown";
  const std::string text = "lag " + std::to_string(sum);
  return unknown == 0 ? text : text + " (unknown for " + counted(unknown, "partition") + ")";
}

std::string summary_text(const GroupView& view) {
  const wire::GroupInfoT& group = view.group;
  std::string text = "Group " + printable(group.name) + " is " +
                     wire::EnumNameGroupState(group.state) + ": generation " +
                     std::to_string(group.generation) + ", " + printable(group.strategy);
  if (!group.leader.empty()) text += ", leader " + printable(group.leader);
  text +=
      ". " + counted(group.members, "member") + ", " + counted(view.partitions.size(), "partition");
  if (group.unowned > 0) text += " (" + std::to_string(group.unowned) + " unowned)";
  if (group.revoking > 0) text += " (" + std::to_string(group.revoking) + " being revoked)";
  return text + ", " + lag_text(view) + ".\n";
}

}  // namespace

std::optional<std::int64_t> lag_of(const wire::PartitionInfoT& partition) {
  if (partition.end < 0 || partition.committed < 0) return std::nullopt;
  return std::max<std::int64_t>(0, partition.end - partition.committed);
}

Json group_json(const GroupView& view) {
  Json members = Json::array();
  for (const auto& member : view.members) members.push_back(member_json(*member, view.live));
  Json partitions = Json::array();
  for (const auto& each : view.partitions) partitions.push_back(partition_json(*each));
  return {{"group", view.group.name},
          {"state", wire::EnumNameGroupState(view.group.state)},
          {"generation", view.group.generation},
          {"strategy", view.group.strategy},
          {"leader", name_or_null(view.group.leader)},
          {"members", std::move(members)},
          {"partitions", std::move(partitions)},
          {"unowned", view.group.unowned},
          {"revoking", view.group.revoking}};
}

std::string group_text(const GroupView& view) {
  return summary_text(view) + members_text(view) + partitions_text(view);
}

Json group_summary_json(const wire::GroupInfoT& group) {
  return {{"group", group.name},
          {"state", wire::EnumNameGroupState(group.state)},
          {"generation", group.generation},
          {"strategy", group.strategy},
          {"leader", name_or_null(group.leader)},
          {"members", group.members},
          {"partitions", group.partitions},
          {"unowned", group.unowned},
          {"revoking", group.revoking}};
}

}  // namespace muster::tools
