// muster group reset-offsets
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "tools/arguments.h"
#include "tools/group_actions.h"
#include "tools/group_questions.h"
#include "tools/offset_changes.h"
#include "tools/offset_file.h"
#include "tools/offset_history.h"
#include "tools/output.h"
#include "tools/time_argument.h"

namespace muster::tools {
namespace {

/// A topic, all of it or some partitions.
struct Scope {
  std::string topic;
  std::set<std::int32_t> partitions;  // empty: all
};

struct ResetArguments {
  std::string group;
  std::vector<std::string> topics;
  std::int64_t to_offset = -1;
  bool to_earliest = false;
  bool to_latest = false;
  bool to_current = false;
  std::optional<std::int64_t> shift_by;
  std::optional<std::int64_t> to_time_ms;
  std::string from_file;
  bool execute = false;
  bool live = false;
};

/// "0,2,5-7"; nothing when it is no list of partitions.
std::optional<std::set<std::int32_t>> parse_partitions(std::string_view text) {
  std::set<std::int32_t> all;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const std::string_view one = text.substr(0, comma);
    text.remove_prefix(std::min(comma + 1, text.size()));
    const std::size_t dash = one.find('-');
    const auto first = parse_partition("t/" + std::string(one.substr(0, dash)));
    const auto last = dash == std::string_view::npos
                          ? first
                          : parse_partition("t/" + std::string(one.substr(dash + 1)));
    constexpr std::int32_t kMost = 100'000;
    const bool right = first && last && first->partition <= last->partition &&
                       last->partition - first->partition <= kMost;
    if (!right) return std::nullopt;
    for (std::int32_t i = first->partition; i <= last->partition; ++i) all.insert(i);
  }
  if (all.empty()) return std::nullopt;
  return all;
}

/// TOPIC or TOPIC:0,1,2. Names may contain colons: the last one divides, if partitions follow it.
Scope scope_of(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  if (colon != std::string::npos && colon > 0) {
    if (auto partitions = parse_partitions(std::string_view(text).substr(colon + 1))) {
      return {.topic = text.substr(0, colon), .partitions = std::move(*partitions)};
    }
  }
  return {.topic = text, .partitions = {}};
}

using Places = std::vector<PartitionArgument>;

std::expected<Places, Error> places_of(ServerLink& link, const Scope& scope) {
  Places places;
  if (!scope.partitions.empty()) {
    for (const std::int32_t index : scope.partitions) {
      places.push_back({.topic = scope.topic, .partition = index});
    }
    return places;
  }
  wire::DescribeTopicT request;
  request.name = scope.topic;
  const auto reply = link.ask<wire::TopicReplyT>(std::move(request));
  if (!reply) return std::unexpected(reply.error());
  for (std::int32_t index = 0; index < reply->topic->partitions; ++index) {
    places.push_back({.topic = scope.topic, .partition = index});
  }
  return places;
}

/// What is to be reset: what is named, or all that the group works on and has committed.
std::expected<Places, Error> places_of(ServerLink& link, const ResetArguments& arguments) {
  std::set<std::pair<std::string, std::int32_t>> unique;
  for (const std::string& text : arguments.topics) {
    const auto places = places_of(link, scope_of(text));
    if (!places) return std::unexpected(places.error());
    for (const PartitionArgument& at : *places) unique.emplace(at.topic, at.partition);
  }
  if (arguments.topics.empty()) {
    const auto partitions = ask_partitions(link, arguments.group);
    if (!partitions) return std::unexpected(partitions.error());
    for (const auto& one : *partitions) unique.emplace(one->topic, one->partition);
  }
  Places places;
  for (const auto& [topic, index] : unique) places.push_back({.topic = topic, .partition = index});
  return places;
}

/// As they are now, in that order.
std::expected<std::vector<OffsetNow>, Error> ask_now(ServerLink& link, const std::string& group,
                                                     const Places& places) {
  constexpr std::size_t kMostAtOnce = 1'000;
  std::vector<OffsetNow> all;
  while (all.size() < places.size()) {
    wire::FetchOffsetsT request;
    request.group = group;
    const std::size_t end = std::min(all.size() + kMostAtOnce, places.size());
    for (std::size_t i = all.size(); i < end; ++i) {
      auto& name = *request.partitions.emplace_back(std::make_unique<wire::PartitionNameT>());
      name.topic = places[i].topic;
      name.partition = places[i].partition;
    }
    const auto reply = link.ask<wire::OffsetsReplyT>(std::move(request));
    if (!reply) return std::unexpected(reply.error());
    for (const auto& one : reply->offsets) {  // perhaps fewer than were asked for
      all.push_back({.at = {.topic = one->topic, .partition = one->partition},
                     .committed = one->offset,
                     .metadata = one->metadata,
                     .commit_time_ms = one->commit_time_ms,
                     .end = one->end,
                     .start = one->start});
    }
  }
  return all;
}

// ---- where to -----------------------------------------------------------------------------------

std::expected<OffsetWish, Error> latest(const OffsetNow& now) {
  if (now.end >= 0) return OffsetWish{.at = now.at, .offset = now.end, .metadata = {}};
  const std::string at = printable(now.at.text());
  return std::unexpected(make_error(
      ErrorCode::kEndUnknown,
      fmt::format("Nobody has reported where {} ends: say it with muster offset report-end {} END, "
                  "or leave the partition out with --topic.",
                  at, at)));
}

/// Not before the partition's beginning, nor behind its end where that is known.
std::expected<OffsetWish, Error> shifted(const OffsetNow& now, std::int64_t by) {
  if (now.committed < 0) {
    return std::unexpected(make_error(
        ErrorCode::kInvalidArgument,
        fmt::format("Nothing is committed of {}, so there is nothing to shift: name other "
                    "partitions with --topic, or use --to-offset.",
                    printable(now.at.text()))));
  }
  const std::int64_t first = std::max<std::int64_t>(now.start, 0);
  const std::int64_t last = now.end >= 0 ? now.end : std::numeric_limits<std::int64_t>::max();
  std::int64_t offset = 0;
  if (__builtin_add_overflow(now.committed, by, &offset)) offset = by > 0 ? last : first;
  offset = std::max(std::min(offset, last), std::min(first, last));
  return OffsetWish{.at = now.at, .offset = offset, .metadata = {}};
}

std::expected<OffsetWish, Error> target_of(const ResetArguments& arguments, const OffsetNow& now) {
  if (arguments.to_latest) return latest(now);
  if (arguments.shift_by) return shifted(now, *arguments.shift_by);
  OffsetWish wish{.at = now.at, .offset = arguments.to_offset, .metadata = {}};
  if (arguments.to_earliest) wish.offset = std::max<std::int64_t>(now.start, 0);
  if (arguments.to_current) {
    wish.offset = now.committed;
    wish.metadata = now.metadata;
  }
  return wish;
}

struct Proposal {
  std::vector<OffsetNow> now;
  std::vector<OffsetWish> wishes;  // of the same partitions
};

bool is_within(const std::vector<std::string>& topics, const PartitionArgument& at) {
  return topics.empty() || std::ranges::any_of(topics, [&](const std::string& text) {
           const Scope scope = scope_of(text);
           return scope.topic == at.topic &&
                  (scope.partitions.empty() || scope.partitions.contains(at.partition));
         });
}

std::expected<Proposal, Error> propose_from_file(ServerLink& link,
                                                 const ResetArguments& arguments) {
  auto wishes = read_offsets_file(arguments.from_file);
  if (!wishes) return std::unexpected(wishes.error());
  std::erase_if(*wishes, [&](const auto& one) { return !is_within(arguments.topics, one.at); });
  Places places;
  for (const OffsetWish& wish : *wishes) places.push_back(wish.at);
  auto now = ask_now(link, arguments.group, places);
  if (!now) return std::unexpected(now.error());
  return Proposal{.now = std::move(*now), .wishes = std::move(*wishes)};
}

std::expected<Proposal, Error> propose(ServerLink& link, const ResetArguments& arguments) {
  if (!arguments.from_file.empty()) return propose_from_file(link, arguments);
  const auto places = places_of(link, arguments);
  if (!places) return std::unexpected(places.error());
  auto now = ask_now(link, arguments.group, *places);
  if (!now) return std::unexpected(now.error());
  Proposal proposal{.now = std::move(*now), .wishes = {}};
  if (arguments.to_time_ms) {
    auto then = offsets_at(link, arguments.group, *arguments.to_time_ms, arguments.topics.empty(),
                           proposal.now);
    if (!then) return std::unexpected(then.error());
    proposal.wishes = std::move(*then);
    return proposal;
  }
  for (const OffsetNow& one : proposal.now) {
    auto wish = target_of(arguments, one);
    if (!wish) return std::unexpected(wish.error());
    proposal.wishes.push_back(std::move(*wish));
  }
  return proposal;
}

// ---- showing and doing --------------------------------------------------------------------------

std::vector<OffsetChange> changes_of(const Proposal& proposal) {
  std::vector<OffsetChange> changes;
  for (std::size_t i = 0; i < proposal.now.size(); ++i) {
    changes.push_back({.at = proposal.now[i].at,
                       .before = proposal.now[i].committed,
                       .after = proposal.wishes[i].offset});
  }
  return changes;
}

Outcome show(const Context& context, const ResetArguments& arguments, const wire::GroupInfoT& group,
             const Proposal& proposal) {
  const std::vector<OffsetChange> changes = changes_of(proposal);
  if (context.json()) {
    print_json({{"group", arguments.group},
                {"dry_run", true},
                {"live", arguments.live},
                {"members", group.members},
                {"changes", changes_json(changes)}});
    return 0;
  }
  std::string text =
      fmt::format("Group {}: {} would be set so. Nothing was changed: --execute does it.\n",
                  printable(arguments.group), counted(changes.size(), "offset"));
  if (group.members > 0 && !arguments.live) {
    text += fmt::format(
        "The group has {}: stop them first, or add --live to have the partitions "
        "handed over for it.\n",
        counted(group.members, "member"));
  }
  print_text(text + "\n" + changes_table(changes));
  return 0;
}

Outcome carry_out(const Context& context, const ResetArguments& arguments, ServerLink& link,
                  Proposal proposal) {
  const std::size_t named = proposal.wishes.size();
  OffsetChanges done;
  const ResetWishes wishes{
      .group = arguments.group, .wishes = std::move(proposal.wishes), .live = arguments.live};
  if (auto reset = reset_offsets(link, wishes, done); !reset) {
    return std::unexpected(with_what_stays(reset.error(), arguments.group, done));
  }
  if (context.json()) {
    print_json({{"group", arguments.group},
                {"dry_run", false},
                {"live", arguments.live},
                {"sequences", done.sequences},
                {"changes", changes_json(done.changes)}});
    return 0;
  }
  std::string text = fmt::format("Group {}: {} of {} set.\n", printable(arguments.group),
                                 done.changes.size(), counted(named, "offset"));
  text += how_to_undo(arguments.group, done);
  if (!done.changes.empty()) text += "\n" + changes_table(done.changes);
  print_text(text);
  return 0;
}

Outcome reset(const Context& context, const ResetArguments& arguments) {
  auto link = ServerLink::open(context.server);
  if (!link) return std::unexpected(link.error());
  const auto group = ask_group(*link, arguments.group);
  if (!group) return std::unexpected(group.error());
  auto proposal = propose(*link, arguments);
  if (!proposal) return std::unexpected(proposal.error());
  if (proposal->now.empty() && !arguments.from_file.empty()) {
    return std::unexpected(make_error(
        ErrorCode::kInvalidArgument,
        fmt::format(
            "{} names no offset that is asked for: see what is in it, and leave --topic out "
            "or let it name a topic of the file.",
            printable(arguments.from_file))));
  }
  if (proposal->now.empty()) {
    return std::unexpected(make_error(
        ErrorCode::kInvalidArgument,
        fmt::format("Group '{}' works on no topic and has nothing committed: name partitions with "
                    "--topic.",
                    printable(arguments.group))));
  }
  if (!arguments.execute) return show(context, arguments, *group->group, *proposal);
  return carry_out(context, arguments, *link, std::move(*proposal));
}

void add_targets(CLI::App& command, const std::shared_ptr<ResetArguments>& arguments) {
  CLI::Option_group& where = *command.add_option_group("Where to, one of");
  where.require_option(1);
  add_offset(where, "--to-offset", arguments->to_offset, "To this offset");
  where.add_flag("--to-earliest", arguments->to_earliest,
                 "To where the partition begins, as it was reported; otherwise to 0");
  where.add_flag("--to-latest", arguments->to_latest,
                 "To where the partition ends; somebody must have reported it");
  where.add_flag("--to-current", arguments->to_current, "To what is committed");
  where
      .add_option("--shift-by", arguments->shift_by,
                  "Forward, or back if it is negative, within what is known of the partition")
      ->type_name("N");
  add_time_option(where, "--to-time", arguments->to_time_ms,
                  "To what was committed at that time, by the journal");
  where
      .add_option("--from-file", arguments->from_file,
                  "To what a file says, CSV or JSON as of muster offset export; - is standard "
                  "input")
      ->type_name("FILE");
}

}  // namespace

void add_group_reset(CLI::App& noun, Context& context) {
  CLI::App& command = add_command(
      noun, "reset-offsets",
      "Say where a group goes on. Without --execute: show what would change. A group with members\n"
      "needs --live: its members hand the partitions over, and get them again with the new offsets",
      "  muster group reset-offsets billing --topic outbox:0,3 --to-offset 100 --execute\n"
      "  muster group reset-offsets billing --to-time 2h --execute --live");
  const auto arguments = std::make_shared<ResetArguments>();
  add_group_argument(command, arguments->group);
  command
      .add_option("--topic", arguments->topics,
                  "Only this topic, or these partitions of it; may be given several times")
      ->allow_extra_args(false)
      ->type_name("TOPIC[:0,1,5-7]");
  add_targets(command, arguments);
  const auto dry_run = std::make_shared<bool>(false);
  CLI::Option* dry = command.add_flag("--dry-run", *dry_run, "Change nothing; so it is anyway");
  command.add_flag("--execute", arguments->execute, "Do it")->excludes(dry);
  command.add_flag("--live", arguments->live, "While the group works");
  on_run(command, context, [&context, arguments, dry_run] { return reset(context, *arguments); });
}

}  // namespace muster::tools
