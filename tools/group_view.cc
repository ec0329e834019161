#include "tools/group_view.h"

#include <algorithm>

#include "tools/arguments.h"
#include "tools/group_questions.h"
#include "tools/offset_view.h"
#include "tools/partition_rows.h"
#include "tools/why_words.h"

namespace muster::tools {
namespace {

using TopicPartitionsList = std::vector<std::unique_ptr<wire::TopicPartitionsT>>;

constexpr std::size_t kNamesColumns = 40;

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

std::string count_text(const TopicPartitionsList& topics) {
  return std::to_string(partition_count(topics));
}

Json member_json(const wire::MemberInfoT& member, bool live) {
  Json json{
      {"member_id", member.member_id}, {"client_id", member.client_id}, {"host", member.host}};
  if (live) json["connected"] = member.connected;
  if (live) json["stalled_ms"] = member.stalled_ms == 0 ? Json() : Json(member.stalled_ms);
  json.update({{"session_timeout_ms", member.session_timeout_ms},
               {"disconnect_grace_ms", member.disconnect_grace_ms},
               {"rebalance_timeout_ms", member.rebalance_timeout_ms},
               {"topics", member.topics},
               {"patterns", member.patterns},
               {"draining", member.draining},
               {"owned", partitions_json(member.owned)},
               {"revoking", partitions_json(member.revoking)},
               {"pending", partitions_json(member.pending)}});
  return json;
}

/// Null: it was never granted.
Json grant_json(const wire::GrantInfoT* grant) {
  if (grant == nullptr) return {};
  const auto number = [](std::uint64_t sequence) {
    return sequence == 0 ? Json() : Json(sequence);
  };
  return {
      {"fence", grant->fence},
      {"ended",
       grant->ended == wire::TokenEnd::none ? Json() : Json(wire::EnumNameTokenEnd(grant->ended))},
      {"time", time_text(grant->time_ms)},
      {"sequence", number(grant->sequence)},
      {"generation", grant->generation},
      {"because", name_or_null(grant->because)},
      {"because_sequence", number(grant->because_sequence)},
      {"other_changes", grant->other_changes}};
}

Json partition_json(const wire::PartitionInfoT& partition) {
  const std::optional<std::int64_t> lag = lag_of(partition);
  return {
      {"topic", partition.topic},
      {"partition", partition.partition},
      {"owner", name_or_null(partition.owner)},
      {"target", name_or_null(partition.target)},
      {"pinned_to", name_or_null(partition.pinned_to)},
      {"revoking", partition.revoking},
      {"fence", partition.fence},
      {"committed", number_or_null(partition.committed)},
      {"commit_time", partition.committed < 0 ? Json() : Json(time_text(partition.commit_time_ms))},
      {"start", number_or_null(partition.start)},
      {"end", number_or_null(partition.end)},
      {"lag", lag ? Json(*lag) : Json()},
      {"metadata", partition.metadata},
      {"last_grant", grant_json(partition.last_grant.get())}};
}

/// "^orders-.* ^audit$"
std::string names_text(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : " ") + name;
  return text.empty() ? "-" : shortened(text, kNamesColumns);
}

/// How long its owner has had it; "-" for nobody.
std::string owned_for(const GroupView& view, const wire::PartitionInfoT& partition) {
  if (partition.fence == 0 || partition.last_grant == nullptr) return "-";
  return elapsed_text(view.now_ms - partition.last_grant->time_ms);
}

/// Columns of what only some groups use are there in those alone.
std::string members_text(const GroupView& view) {
  const auto any = [&](auto has) {
    return std::ranges::any_of(view.members, [&](const auto& member) { return has(*member); });
  };
  const bool patterns = any([](const auto& member) { return !member.patterns.empty(); });
  const bool draining = any([](const auto& member) { return member.draining; });
  const bool stalled = any([](const auto& member) { return member.stalled_ms > 0; });
  std::vector<Column> columns{{"MEMBER"},
                              {"CLIENT"},
                              {"HOST"},
                              {"SESSION", Align::kRight},
                              {"OWNED", Align::kRight},
                              {"REVOKING", Align::kRight},
                              {"PENDING", Align::kRight}};
  if (view.live) columns.push_back({"CONNECTED"});
  if (stalled) columns.push_back({"STUCK FOR", Align::kRight});
  if (draining) columns.push_back({"DRAINING"});
  columns.push_back({"TOPICS"});
  if (patterns) columns.push_back({"PATTERNS"});
  Table table(std::move(columns));
  for (const auto& member : view.members) {
    std::vector<std::string> row{member->member_id,
                                 member->client_id,
                                 member->host,
                                 duration_text(member->session_timeout_ms),
                                 count_text(member->owned),
                                 count_text(member->revoking),
                                 count_text(member->pending)};
    if (view.live) row.emplace_back(member->connected ? "yes" : "no");
    if (stalled) {
      row.push_back(member->stalled_ms == 0
                        ? "-"
                        : elapsed_text(static_cast<std::int64_t>(member->stalled_ms)));
    }
    if (draining) row.emplace_back(member->draining ? "yes" : "-");
    row.push_back(names_text(member->topics));
    if (patterns) row.push_back(names_text(member->patterns));
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

Colour partition_colour(const wire::PartitionInfoT& partition) {
  if (partition.owner.empty()) return Colour::kRed;
  return partition.revoking || partition.owner != partition.target ? Colour::kYellow
                                                                   : Colour::kPlain;
}

std::string partitions_text(const GroupView& view, std::size_t most) {
  const bool pins = std::ranges::any_of(
      view.partitions, [](const auto& partition) { return !partition->pinned_to.empty(); });
  std::vector<Column> columns{{"TOPIC"},
                              {"PARTITION", Align::kRight},
                              {"OWNER"},
                              {"FENCE", Align::kRight},
                              {"COMMITTED", Align::kRight},
                              {"END", Align::kRight},
                              {"LAG", Align::kRight},
                              {"METADATA"}};
  const bool ages = view.now_ms != 0;
  if (ages) columns.insert(columns.end() - 1, {"COMMIT AGE", Align::kRight});
  if (ages) columns.insert(columns.begin() + 3, {"OWNED FOR", Align::kRight});
  if (pins) columns.insert(columns.begin() + 3, {"PINNED TO"});
  Table table(std::move(columns));
  const auto shown = telling_partitions(view, most);
  for (const wire::PartitionInfoT* partition : shown) {
    std::vector<std::string> row{partition->topic,
                                 std::to_string(partition->partition),
                                 owner_text(*partition),
                                 partition->fence == 0 ? "-" : std::to_string(partition->fence),
                                 number_or_dash(partition->committed),
                                 end_text(partition->end),
                                 lag_text(*partition),
                                 shortened(partition->metadata, kMetadataColumns)};
    if (ages) row.insert(row.end() - 1, commit_age_text(view.now_ms, *partition));
    if (ages) row.insert(row.begin() + 3, owned_for(view, *partition));
    if (pins) row.insert(row.begin() + 3, name_or_dash(partition->pinned_to));
    table.add_row(std::move(row));
    table.paint(2, partition_colour(*partition));
  }
  const std::size_t left_out = view.partitions.size() - shown.size();
  return (table.empty() ? "" : "\n" + table.text()) +
         (left_out == 0 ? ""
                        : "… and " + counted(left_out, "partition") +
                              " that are owned and lag less. --all shows them.\n");
}

std::string summary_text(const GroupView& view) {
  const wire::GroupInfoT& group = view.group;
  std::string text = "Group " + printable(group.name) + " is " +
                     wire::EnumNameGroupState(group.state) + ": generation " +
                     std::to_string(group.generation) + ", " + printable(group.strategy);
  if (!group.leader.empty()) text += ", leader " + printable(group.leader);
  text += ". " + counted(group.members, "member");
  if (group.max_members > 0) text += " of at most " + std::to_string(group.max_members);
  text += ", " + counted(view.partitions.size(), "partition");
  if (group.unowned > 0) text += " (" + std::to_string(group.unowned) + " unowned";
  if (group.revoking > 0) {
    text += group.unowned > 0 ? ", " : " (";
    text += std::to_string(group.revoking) + " being revoked";
  }
  if (group.unowned > 0 || group.revoking > 0) text += ")";
  if (group.offset_retention_ms > 0) {
    text += ", offsets kept " + retention_text(group.offset_retention_ms) + " without members";
  }
  return text + ", " + lag_summary(view.partitions) + ".\n";
}

/// A process that lives and an application in it that does not go on: easily missed.
std::string stalled_text(const GroupView& view) {
  std::string text;
  for (const auto& member : view.members) {
    if (member->stalled_ms == 0) continue;
    text += (text.empty() ? "Stuck: " : ", ") + printable(member->member_id) + " for " +
            elapsed_text(static_cast<std::int64_t>(member->stalled_ms));
  }
  if (text.empty()) return {};
  return text + ". Its process lives, its application makes no progress; look at what it waits " +
         "for, or restart it.\n";
}

std::string quiet_time_text(const GroupView& view) {
  if (view.quiet_remaining_ms == 0) return {};
  return "Quiet time: " + quiet_text(view.quiet_remaining_ms) + ".\n";
}

std::string reset_text(const GroupView& view) {
  if (view.resetting == 0) return {};
  return "A live reset of offsets waits for " + counted(view.resetting, "partition") +
         " to be handed over.\n";
}

std::string frozen_text(const GroupView& view) {
  if (!view.group.frozen) return {};
  const std::string text = "Frozen: its plan does not change until muster group unfreeze";
  if (view.group.unowned == 0) return text + ".\n";
  return text + ", and what is unowned (" + counted(view.group.unowned, "partition") +
         ") stays so.\n";
}

/// "Draining: pod-1, pod-7 (absent)."
std::string draining_text(const GroupView& view) {
  if (view.draining.empty()) return {};
  std::string text;
  std::size_t present = 0;
  for (const std::string& member_id : view.draining) {
    const bool is_here = std::ranges::any_of(
        view.members, [&](const auto& member) { return member->member_id == member_id; });
    if (is_here) ++present;
    text += (text.empty() ? "Draining: " : ", ") + printable(member_id);
    if (!is_here) text += " (absent)";
  }
  text += ".";
  if (!view.members.empty() && present == view.members.size()) {
    text += " Nobody is left to own partitions: undrain a member, or let another join.";
  }
  return text + "\n";
}

}  // namespace

std::string member_count_text(const wire::GroupInfoT& group) {
  const std::string text = std::to_string(group.members);
  return group.max_members == 0 ? text : text + "/" + std::to_string(group.max_members);
}

std::string state_text(const wire::GroupInfoT& group) {
  const std::string text = wire::EnumNameGroupState(group.state);
  return group.frozen ? text + ", frozen" : text;
}

std::string quiet_text(std::uint32_t remaining_ms) {
  return "restored from a backup, nothing is assigned for " +
         std::to_string((remaining_ms + 999) / 1'000) +
         " s more, until no worker of the time before can still be at work";
}

std::string end_text(std::int64_t end) { return end < 0 ? kUnknown : std::to_string(end); }

std::string lag_text(const wire::PartitionInfoT& partition) {
  if (partition.end < 0) return kUnknown;
  return number_or_dash(lag_of(partition).value_or(-1));
}

std::string commit_age_text(std::int64_t now_ms, const wire::PartitionInfoT& partition) {
  return partition.committed < 0 ? "-" : elapsed_text(now_ms - partition.commit_time_ms);
}

std::string lag_summary(const std::vector<std::unique_ptr<wire::PartitionInfoT>>& partitions) {
  std::int64_t sum = 0;
  std::size_t unknown = 0;
  for (const auto& partition : partitions) {
    const auto lag = lag_of(*partition);
    if (lag) sum += *lag;
    if (!lag) ++unknown;
  }
  if (unknown == partitions.size()) return "lag unknown";
  const std::string text = "lag " + std::to_string(sum);
  return unknown == 0 ? text : text + " (unknown for " + counted(unknown, "partition") + ")";
}

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
          {"max_members", view.group.max_members},
          {"frozen", view.group.frozen},
          {"offset_retention_ms", view.group.offset_retention_ms},
          {"resetting", view.resetting},
          {"draining", view.draining},
          {"leader", name_or_null(view.group.leader)},
          {"members", std::move(members)},
          {"partitions", std::move(partitions)},
          {"unowned", view.group.unowned},
          {"revoking", view.group.revoking},
          {"quiet_remaining_ms", view.quiet_remaining_ms}};
}

Colour state_colour(const wire::GroupInfoT& group) {
  if (group.frozen || group.state == wire::GroupState::balancing) return Colour::kYellow;
  return group.state == wire::GroupState::stable ? Colour::kGreen : Colour::kDim;
}

std::string group_text(const GroupView& view, std::size_t partitions_most) {
  return summary_text(view) + quiet_time_text(view) + reset_text(view) + frozen_text(view) +
         draining_text(view) + stalled_text(view) + members_text(view) +
         partitions_text(view, partitions_most);
}

Json group_summary_json(const wire::GroupInfoT& group) {
  return {{"group", group.name},
          {"state", wire::EnumNameGroupState(group.state)},
          {"generation", group.generation},
          {"strategy", group.strategy},
          {"max_members", group.max_members},
          {"frozen", group.frozen},
          {"leader", name_or_null(group.leader)},
          {"members", group.members},
          {"partitions", group.partitions},
          {"unowned", group.unowned},
          {"revoking", group.revoking}};
}

}  // namespace muster::tools
