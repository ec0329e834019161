// muster offset delete | restore
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "tools/arguments.h"
#include "tools/event_words.h"
#include "tools/offset_actions.h"
#include "tools/offset_changes.h"
#include "tools/output.h"

namespace muster::tools {
namespace {

struct OffsetDeleteArguments {
  std::string group;
  std::string what;  // TOPIC or TOPIC/PARTITION
};

/// A topic of that very name comes first, since names may contain slashes.
std::expected<PartitionArgument, Error> place_of(ServerLink& link, const std::string& what) {
  const auto partition = parse_partition(what);
  if (!partition) return PartitionArgument{.topic = what, .partition = -1};
  wire::DescribeTopicT request;
  request.name = what;
  const auto topic = link.ask<wire::TopicReplyT>(std::move(request));
  if (topic) return PartitionArgument{.topic = what, .partition = -1};
  if (topic.error().code != ErrorCode::kUnknownResource) return std::unexpected(topic.error());
  return *partition;
}

Outcome erase(const Context& context, const OffsetDeleteArguments& arguments) {
  auto link = ServerLink::open(context.server);
  if (!link) return std::unexpected(link.error());
  const auto place = place_of(*link, arguments.what);
  if (!place) return std::unexpected(place.error());
  wire::DeleteOffsetsT request;
  request.group = arguments.group;
  request.topic = place->topic;
  request.partition = place->partition;
  const auto reply = link->ask<wire::OffsetsChangedReplyT>(std::move(request));
  if (!reply) return std::unexpected(reply.error());
  const std::string name = place->partition < 0 ? place->topic : place->text();
  if (context.json()) {
    print_json({{"group", arguments.group},
                {"topic", place->topic},
                {"partition", place->partition < 0 ? Json() : Json(place->partition)},
                {"deleted", reply->changed},
                {"sequence", reply->sequence == 0 ? Json() : Json(reply->sequence)}});
  } else if (reply->changed == 0) {
    print_text(fmt::format("Group {} has nothing committed for {}: nothing changed.\n",
                           printable(arguments.group), printable(name)));
  } else {
    print_text(
        fmt::format("Deleted {} of {} in group {}. To undo it: muster offset restore {} "
                    "--at {}\n",
                    counted(reply->changed, "committed offset"), printable(name),
                    printable(arguments.group), printable(arguments.group), reply->sequence));
  }
  return 0;
}

// ---- restore ------------------------------------------------------------------------------------

struct OffsetRestoreArguments {
  std::string group;
  std::uint64_t at = 0;  // 0: list what there is
  bool live = false;
};

/// The former values that an event keeps; null for one that keeps none.
const std::vector<domain::OffsetValue>* former_of(const domain::EventBody& event) {
  if (const auto* reset = std::get_if<domain::OffsetsReset>(&event)) return &reset->former;
  if (const auto* deleted = std::get_if<domain::OffsetsDeleted>(&event)) return &deleted->former;
  if (const auto* expired = std::get_if<domain::OffsetsExpired>(&event)) return &expired->former;
  if (const auto* erased = std::get_if<domain::GroupDeleted>(&event)) return &erased->former;
  return nullptr;
}

void print_undoable(const Context& context, const std::string& group,
                    const std::vector<ListedEvent>& events, const TopicNames& names) {
  if (context.json()) {
    Json list = Json::array();
    for (const auto& [sequence, event] : events) list.push_back(event_json(sequence, event, names));
    print_json({{"group", group}, {"events", std::move(list)}});
    return;
  }
  Table table({{"SEQUENCE", Align::kRight}, {"TIME"}, {"EVENT"}, {"BY"}, {"WHAT"}});
  for (const auto& [sequence, event] : events) {
    table.add_row({std::to_string(sequence), time_text(event.time_ms),
                   std::string(domain::event_name(event.body)), cause_text(event.cause),
                   event_summary(event, names)});
  }
  std::string text = fmt::format("Group {}: {} that can be undone", printable(group),
                                 counted(events.size(), "event"));
  text += table.empty() ? ".\n"
                        : fmt::format(", each with muster offset restore {} --at SEQUENCE\n\n{}",
                                      printable(group), table.text());
  print_text(text);
}

Outcome list_undoable(const Context& context, ServerLink& link, const std::string& group) {
  const auto names = ask_topic_names(link);
  if (!names) return std::unexpected(names.error());
  std::vector<ListedEvent> events;
  const auto asked = ask_events(link, group, 0, [&](ListedEvent listed) {
    const bool of_group = domain::event_group(listed.event.body) == group;
    const auto* former = of_group ? former_of(listed.event.body) : nullptr;
    if (former != nullptr && !former->empty()) events.push_back(std::move(listed));
    return true;
  });
  if (!asked) return std::unexpected(asked.error());
  if (events.empty()) {
    wire::DescribeGroupT request;
    request.group = group;
    if (auto known = link.ask<wire::GroupReplyT>(std::move(request)); !known) {
      return std::unexpected(std::move(known.error()));
    }
  }
  print_undoable(context, group, events, *names);
  return 0;
}

std::expected<ResetWishes, Error> wishes_of(ServerLink& link,
                                            const OffsetRestoreArguments& arguments) {
  const auto listed = ask_event(link, arguments.group, arguments.at);
  if (!listed) return std::unexpected(listed.error());
  const std::vector<domain::OffsetValue>* former = former_of(listed->event.body);
  if (former == nullptr || former->empty() ||
      domain::event_group(listed->event.body) != arguments.group) {
    return std::unexpected(make_error(
        ErrorCode::kInvalidArgument,
        fmt::format("Event {} is a {} and keeps no former offsets of group '{}': muster offset "
                    "restore {} without --at lists those that can be undone.",
                    arguments.at, domain::event_name(listed->event.body),
                    printable(arguments.group), printable(arguments.group))));
  }
  const auto names = ask_topic_names(link);
  if (!names) return std::unexpected(names.error());
  ResetWishes wishes{
      .group = arguments.group, .wishes = {}, .live = arguments.live, .undoes = arguments.at};
  for (const domain::OffsetValue& value : *former) {
    const std::string& topic = names->of(value.at.topic);
    if (topic.starts_with('#')) {  // offsets hang on the topic's id, not on its name
      return std::unexpected(make_error(
          ErrorCode::kUnknownResource,
          fmt::format("Event {} is of topic {}, which was deleted since: its offsets mean nothing "
                      "in a topic made anew.",
                      arguments.at, topic)));
    }
    wishes.wishes.push_back({.at = {.topic = topic, .partition = value.at.partition},
                             .offset = value.offset,
                             .metadata = value.metadata});
  }
  return wishes;
}

Outcome restore(const Context& context, const OffsetRestoreArguments& arguments) {
  auto link = ServerLink::open(context.server);
  if (!link) return std::unexpected(link.error());
  if (arguments.at == 0) return list_undoable(context, *link, arguments.group);
  const auto wishes = wishes_of(*link, arguments);
  if (!wishes) return std::unexpected(wishes.error());
  OffsetChanges done;
  if (auto reset = reset_offsets(*link, *wishes, done); !reset) {
    return std::unexpected(with_what_stays(reset.error(), arguments.group, done));
  }
  if (context.json()) {
    print_json({{"group", arguments.group},
                {"undoes", arguments.at},
                {"sequences", done.sequences},
                {"changes", changes_json(done.changes)}});
  } else if (done.changes.empty()) {
    print_text(fmt::format("Group {} is as it was before {} already: nothing changed.\n",
                           printable(arguments.group), arguments.at));
  } else {
    print_text(fmt::format("Restored {} of group {} to what it was before {}.\n{}\n{}",
                           counted(done.changes.size(), "offset"), printable(arguments.group),
                           arguments.at, how_to_undo(arguments.group, done),
                           changes_table(done.changes)));
  }
  return 0;
}

}  // namespace

void add_offset_undo(CLI::App& noun, Context& context) {
  CLI::App& erasing = add_command(
      noun, "delete",
      "Forget what a group has committed of a topic that nobody in it subscribes to any more",
      "  muster offset delete billing outbox\n  muster offset delete billing outbox/3");
  const auto deletion = std::make_shared<OffsetDeleteArguments>();
  add_group_argument(erasing, deletion->group);
  erasing
      .add_option("TOPIC", deletion->what, "A topic, or one of its partitions as TOPIC/PARTITION")
      ->required()
      ->type_name("");
  on_run(erasing, context, [&context, deletion] { return erase(context, *deletion); });

  CLI::App& restoring = add_command(
      noun, "restore",
      "Put back what a deletion, an expiry or a reset of offsets took away, from the journal.\n"
      "Without --at: list the events that can be undone",
      "  muster offset restore billing --at 4711");
  const auto restoration = std::make_shared<OffsetRestoreArguments>();
  add_group_argument(restoring, restoration->group);
  add_sequence(restoring, "--at", restoration->at,
               "Sequence of the event that is undone, as it was printed");
  restoring.add_flag("--live", restoration->live,
                     "While the group works: its members hand the partitions over for it");
  on_run(restoring, context, [&context, restoration] { return restore(context, *restoration); });
}

}  // namespace muster::tools
