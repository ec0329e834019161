#include "tools/group_outcomes.h"

#include "tools/group_view.h"

namespace muster::tools {
namespace {

std::string group_named(const wire::GroupInfoT& group) { return "Group " + printable(group.name); }

std::string member_named(const std::string& member_id) { return "Member " + printable(member_id); }

std::string limit_text(std::uint32_t max_members) {
  return max_members == 0 ? "no limit of members" : "at most " + counted(max_members, "member");
}

/// "it keeps its 3 partitions until muster group unfreeze"
std::string frozen_text(const wire::GroupInfoT& group, const std::string& so) {
  return "group " + printable(group.name) + " is frozen, so " + so + " until muster group unfreeze";
}

std::string kept_text(std::uint64_t retention_ms) {
  return retention_ms == 0
             ? "offsets kept for ever"
             : "offsets expire after " + retention_text(retention_ms) + " without members";
}

std::string strategy_text(const wire::GroupInfoT& before, const wire::GroupInfoT& after) {
  const std::string text = "strategy " + after.strategy + " instead of " + before.strategy;
  if (after.frozen) return text + " (" + frozen_text(after, "nothing moves") + ")";
  if (after.members == 0) return text + " (for the plan that the next join makes)";
  return text + " (one plan follows at once, and only what it moves is handed over)";
}

std::string members_text(const wire::GroupInfoT& before, const wire::GroupInfoT& after) {
  const std::string text =
      limit_text(after.max_members) + " instead of " + limit_text(before.max_members);
  if (after.max_members == 0 || after.members <= after.max_members) return text;
  return text + " (the " + counted(after.members, "member") +
         " that it has may stay: the limit is for those who join)";
}

std::string drained_text(const Drained& drained) {
  const std::string text = member_named(drained.member_id) + " drains";
  if (drained.held == 0) {
    return text + ": it holds nothing, and gets nothing until muster group undrain-member.";
  }
  const std::string partitions = counted(drained.held, "partition");
  if (drained.before.frozen) {
    return text + ", but " + frozen_text(drained.before, "it keeps " + partitions) + ".";
  }
  return text + ": it hands over " + partitions + ", and gets none until muster group " +
         "undrain-member.";
}

std::string undrained_text(const Drained& drained) {
  const std::string text = member_named(drained.member_id) + " no longer drains";
  if (!drained.present) return text + ": it is absent, and gets partitions again when it comes.";
  if (drained.before.frozen) {
    return text + ", but " + frozen_text(drained.before, "it gets nothing") + ".";
  }
  return text + ": a plan at once gives it its share again.";
}

std::string unchanged_text(const Drained& drained) {
  std::string text = member_named(drained.member_id);
  if (!drained.draining) return text + " does not drain: nothing changed.";
  text += " drains already";
  if (!drained.present) return text + " and is absent: nothing changed.";
  const std::string held = drained.held == 0 ? "nothing" : counted(drained.held, "partition");
  return text + " and holds " + held + ": nothing changed.";
}

/// What a pin to its member leads to.
std::string pin_text(const Pinned& pinned) {
  if (pinned.draining && pinned.present) {
    return ", which drains: the pin does nothing until muster group undrain-member.";
  }
  if (!pinned.before.frozen && !pinned.present) {
    return ", which is absent: the partition stays unowned until it comes.";
  }
  if (pinned.owner == pinned.member_id && !pinned.revoking) return ", which owns it and keeps it.";
  if (pinned.owner == pinned.member_id) {
    const std::string text = ", which is asked to release it already";
    if (!pinned.before.frozen) return text + ": then it gets it again, under a new token.";
    return text + ", and " + frozen_text(pinned.before, "the pin does nothing") + ".";
  }
  if (pinned.before.frozen) return ", but " + frozen_text(pinned.before, "nothing moves") + ".";
  if (pinned.owner.empty() && pinned.quiet_remaining_ms > 0) {
    return ", which gets it later: " + quiet_text(pinned.quiet_remaining_ms) + ".";
  }
  if (pinned.owner.empty()) return ", which gets it with the plan that follows at once.";
  return ", which gets it as soon as " + printable(pinned.owner) + " has released it.";
}

}  // namespace

bool Configured::changed() const {
  return !before || before->strategy != after.strategy ||
         before->max_members != after.max_members ||
         before->offset_retention_ms != after.offset_retention_ms;
}

Json json_of(const Configured& configured) {
  return {{"group", configured.after.name},
          {"strategy", configured.after.strategy},
          {"max_members", configured.after.max_members},
          {"offset_retention_ms", configured.after.offset_retention_ms},
          {"frozen", configured.after.frozen},
          {"created", !configured.before.has_value()},
          {"changed", configured.changed()}};
}

Json json_of(const Frozen& frozen) {
  return {{"group", frozen.before.name},
          {"frozen", frozen.frozen},
          {"unowned", frozen.before.unowned},
          {"changed", frozen.changed()}};
}

Json json_of(const Removed& removed) {
  return {{"group", removed.before.name},
          {"member_id", removed.member_id},
          {"removed", true},
          {"held", removed.held}};
}

Json json_of(const Drained& drained) {
  return {{"group", drained.before.name}, {"member_id", drained.member_id},
          {"draining", drained.draining}, {"present", drained.present},
          {"held", drained.held},         {"changed", drained.changed()}};
}

Json json_of(const Pinned& pinned) {
  const bool pins = !pinned.member_id.empty();
  return {{"group", pinned.before.name},
          {"topic", pinned.at.topic},
          {"partition", pinned.at.partition},
          {"pinned_to", pins ? Json(pinned.member_id) : Json()},
          {"present", pins ? Json(pinned.present) : Json()},
          {"owner", pinned.owner.empty() ? Json() : Json(pinned.owner)},
          {"revoking", pinned.revoking},
          {"changed", pinned.changed()}};
}

std::string settings_text(const wire::GroupInfoT& group) {
  const std::string text = "strategy " + group.strategy + ", " + limit_text(group.max_members);
  return group.offset_retention_ms == 0 ? text : text + ", " + kept_text(group.offset_retention_ms);
}

std::string text_of(const Configured& configured) {
  const wire::GroupInfoT& after = configured.after;
  if (!configured.before) {
    return "Created group " + printable(after.name) + ": " + settings_text(after) + ".";
  }
  const wire::GroupInfoT& before = *configured.before;
  if (!configured.changed()) {
    return group_named(after) + " has these settings already: " + settings_text(after) + ".";
  }
  std::string text = group_named(after) + ": ";
  const bool other_strategy = before.strategy != after.strategy;
  if (other_strategy) text += strategy_text(before, after);
  if (before.max_members != after.max_members) {
    text += (other_strategy ? "; " : "") + members_text(before, after);
  }
  if (before.offset_retention_ms != after.offset_retention_ms) {
    const bool first = !other_strategy && before.max_members == after.max_members;
    text += (first ? "" : "; ") + kept_text(after.offset_retention_ms) + " instead of " +
            kept_text(before.offset_retention_ms);
  }
  return text + ".";
}

std::string text_of(const Frozen& frozen) {
  const std::string name = group_named(frozen.before);
  if (!frozen.changed()) {
    return name + (frozen.frozen ? " is frozen already" : " is not frozen") + ": nothing changed.";
  }
  if (frozen.frozen) {
    return name + " is frozen: until muster group unfreeze, who joins gets nothing, and what a " +
           "member leaves behind stays unowned.";
  }
  const std::string text = name + " is no longer frozen: what changed meanwhile makes one plan now";
  if (frozen.before.unowned == 0 || frozen.before.members == 0) return text + ".";
  const bool one = frozen.before.unowned == 1;
  return text + "; " + counted(frozen.before.unowned, "partition") +
         (one ? " was unowned." : " were unowned.");
}

std::string text_of(const Removed& removed) {
  const std::string text = "Removed member " + printable(removed.member_id) + " from group " +
                           printable(removed.before.name) +
                           ": its process is told and does not rejoin";
  if (removed.held == 0) return text + "; it held nothing.";
  const std::string partitions = counted(removed.held, "partition");
  if (removed.before.frozen) {
    return text + "; " + frozen_text(removed.before, partitions + " may stay unowned") + ".";
  }
  if (removed.before.members == 1) {
    return text + "; it was the last, and leaves " + partitions + " unowned.";
  }
  return text + "; " + partitions + " go" + (removed.held == 1 ? "es" : "") +
         " to others, as far as they subscribe and do not drain.";
}

std::string text_of(const Drained& drained) {
  if (!drained.changed()) return unchanged_text(drained);
  return drained.draining ? drained_text(drained) : undrained_text(drained);
}

std::string text_of(const Pinned& pinned) {
  const std::string partition = printable(pinned.at.text());
  if (!pinned.changed()) {
    if (pinned.member_id.empty())
      return "Partition " + partition + " is not pinned: nothing changed.";
    return "Partition " + partition + " is pinned to " + printable(pinned.member_id) +
           " already: nothing changed.";
  }
  if (!pinned.member_id.empty()) {
    return "Pinned " + partition + " to " + printable(pinned.member_id) + pin_text(pinned);
  }
  const std::string text = "Unpinned " + partition + " from " + printable(pinned.pinned_before);
  if (pinned.before.frozen) {
    return text + ", but " + frozen_text(pinned.before, "nothing moves") + ".";
  }
  return text + ": the group's strategy places it again.";
}

}  // namespace muster::tools
