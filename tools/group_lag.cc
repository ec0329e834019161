// muster group lag
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "tools/arguments.h"
#include "tools/commands.h"
#include "tools/group_actions.h"
#include "tools/group_questions.h"
#include "tools/group_view.h"
#include "tools/offset_view.h"
#include "tools/output.h"
#include "tools/time_argument.h"
#include "tools/watch.h"

namespace muster::tools {
namespace {

struct LagArguments {
  std::string group;
  std::string topic;
  Watching watching;
};

std::expected<GroupPartitions, Error> ask_lag(ServerLink& link, const LagArguments& arguments) {
  auto partitions = ask_partitions(link, arguments.group);
  if (!partitions || arguments.topic.empty()) return partitions;
  std::erase_if(*partitions, [&](const auto& one) { return one->topic != arguments.topic; });
  if (!partitions->empty()) return partitions;
  return std::unexpected(make_error(
      ErrorCode::kUnknownResource,
      fmt::format("Group '{}' has nothing to do with topic '{}': muster group lag {} without "
                  "--topic shows its topics.",
                  printable(arguments.group), printable(arguments.topic),
                  printable(arguments.group))));
}

Json lag_json(const std::string& group, const GroupPartitions& partitions, std::int64_t now_ms) {
  Json list = Json::array();
  std::int64_t sum = 0;
  std::size_t unknown = 0;
  for (const auto& one : partitions) {
    const auto lag = lag_of(*one);
    sum += lag.value_or(0);
    unknown += lag ? 0 : 1;
    const auto number = [](std::int64_t value) { return value < 0 ? Json() : Json(value); };
    list.push_back(
        {{"topic", one->topic},
         {"partition", one->partition},
         {"owner", one->owner.empty() ? Json() : Json(one->owner)},
         {"committed", number(one->committed)},
         {"start", number(one->start)},
         {"end", number(one->end)},
         {"lag", lag ? Json(*lag) : Json()},
         {"commit_time", one->committed < 0 ? Json() : Json(time_text(one->commit_time_ms))},
         {"commit_age_ms", one->committed < 0
                               ? Json()
                               : Json(std::max<std::int64_t>(now_ms - one->commit_time_ms, 0))}});
  }
  return {{"group", group},
          {"lag", unknown == partitions.size() ? Json() : Json(sum)},
          {"unknown", unknown},
          {"partitions", std::move(list)}};
}

std::string lag_table(const std::string& group, const GroupPartitions& partitions,
                      std::int64_t now_ms) {
  Table table({{"TOPIC"},
               {"PARTITION", Align::kRight},
               {"COMMITTED", Align::kRight},
               {"END", Align::kRight},
               {"LAG", Align::kRight},
               {"COMMIT AGE", Align::kRight},
               {"OWNER"}});
  for (const auto& one : partitions) {
    table.add_row({one->topic, std::to_string(one->partition),
                   one->committed < 0 ? "-" : std::to_string(one->committed), end_text(one->end),
                   lag_text(*one), commit_age_text(now_ms, *one),
                   one->owner.empty() ? "-" : one->owner});
  }
  const std::string summary =
      fmt::format("Group {}: {}, {}\n", printable(group), counted(partitions.size(), "partition"),
                  lag_summary(partitions));
  return table.empty() ? summary : summary + "\n" + table.text();
}

void print_lag(const Context& context, const LagArguments& arguments,
               const GroupPartitions& partitions, std::int64_t now_ms) {
  if (context.json()) {
    print_json(lag_json(arguments.group, partitions, now_ms));
  } else {
    print_text(lag_table(arguments.group, partitions, now_ms));
  }
}

/// Whether the two show anything else but older commits.
bool same(const GroupPartitions& one, const GroupPartitions& other) {
  return std::ranges::equal(one, other, [](const auto& left, const auto& right) {
    return left->topic == right->topic && left->partition == right->partition &&
           left->committed == right->committed && left->end == right->end &&
           left->start == right->start && left->owner == right->owner;
  });
}

/// Watched on a terminal, ages and all are drawn anew each time; otherwise only what changed is.
Outcome show_lag(const Context& context, const LagArguments& arguments) {
  const bool redraws = !context.json() && ::isatty(STDOUT_FILENO) == 1;
  std::optional<GroupPartitions> shown;
  return show_changes(arguments.watching, context,
                      [&](const std::function<void()>& begin) -> Outcome {
                        auto link = ServerLink::open(context.server);
                        if (!link) return std::unexpected(link.error());
                        auto partitions = ask_lag(*link, arguments);
                        if (!partitions) return std::unexpected(partitions.error());
                        if (!redraws && shown && same(*shown, *partitions)) return 0;
                        begin();
                        print_lag(context, arguments, *partitions, wall_clock_ms());
                        shown = std::move(*partitions);
                        return 0;
                      });
}

}  // namespace

void add_group_lag(CLI::App& noun, Context& context) {
  CLI::App& command = add_command(
      noun, "lag",
      "How far a group is behind: committed, end, lag and the age of the last commit. The end is\n"
      "unknown until a client or muster offset report-end reports it",
      "  muster group lag billing --watch");
  const auto arguments = std::make_shared<LagArguments>();
  add_group_argument(command, arguments->group);
  command.add_option("--topic", arguments->topic, "Only this topic")->type_name("NAME");
  add_watch_option(command, arguments->watching);
  on_run(command, context, [&context, arguments] { return show_lag(context, *arguments); });
}

}  // namespace muster::tools
