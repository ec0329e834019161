// muster group configure | freeze | unfreeze
#include <memory>
#include <optional>

#include "tools/arguments.h"
#include "tools/group_actions.h"
#include "tools/group_outcomes.h"
#include "tools/group_questions.h"
#include "tools/output.h"

namespace muster::tools {
namespace {

struct ConfigureArguments {
  std::string group;
  std::optional<std::string> strategy;
  std::optional<std::int32_t> max_members;
  std::optional<std::uint64_t> offset_retention_ms;
};

void print_settings(const Context& context, const wire::GroupInfoT& group) {
  if (context.json()) {
    print_json({{"group", group.name},
                {"strategy", group.strategy},
                {"max_members", group.max_members},
                {"offset_retention_ms", group.offset_retention_ms},
                {"frozen", group.frozen}});
  } else {
    print_text("Group " + printable(group.name) + ": " + settings_text(group) +
               (group.frozen ? ", frozen.\n" : ".\n"));
  }
}

Outcome configure(const Context& context, const ConfigureArguments& arguments) {
  auto link = ServerLink::open(context.server);
  if (!link) return std::unexpected(link.error());
  auto before = ask_group(*link, arguments.group);
  const bool sets = arguments.strategy || arguments.max_members || arguments.offset_retention_ms;
  if (!before && !(sets && before.error().code == ErrorCode::kUnknownResource)) {
    return std::unexpected(before.error());
  }
  if (!sets) {
    print_settings(context, *before->group);
    return 0;
  }

  wire::ConfigureGroupT request;
  request.group = arguments.group;
  request.strategy = arguments.strategy.value_or("");
  request.max_members = arguments.max_members.value_or(-1);
  if (arguments.offset_retention_ms) {
    request.offset_retention_ms = static_cast<std::int64_t>(*arguments.offset_retention_ms);
  }
  const auto done = link->ask<wire::DoneT>(std::move(request));
  if (!done) return std::unexpected(done.error());
  auto after = ask_group(*link, arguments.group);
  if (!after) return std::unexpected(after.error());
  Configured outcome{.before = {}, .after = std::move(*after->group)};
  if (before) outcome.before = std::move(*before->group);
  print_outcome(context.json(), outcome);
  return 0;
}

void add_configure(CLI::App& noun, Context& context) {
  CLI::App& command = add_command(
      noun, "configure", "Change a group's settings, while it works; without options: show them",
      "  muster group configure billing --strategy sticky --max-members 50");
  const auto arguments = std::make_shared<ConfigureArguments>();
  add_group_argument(command, arguments->group);
  command
      .add_option("--strategy", arguments->strategy,
                  "Who plans, and how: one hand-over, and no member starts anew")
      ->check(CLI::IsMember({"round_robin", "range", "sticky", "leader"}).description(""))
      ->type_name("round_robin|range|sticky|leader");
  add_member_limit(command, "--max-members", arguments->max_members,
                   "Whoever would be one more is refused with GROUP_FULL; 0: no limit");
  add_retention_option(command, "--offset-retention", arguments->offset_retention_ms,
                       "Offsets expire when the group had no members for so long; off: never");
  on_run(command, context, [&context, arguments] { return configure(context, *arguments); });
}

Outcome freeze(const Context& context, const std::string& group, bool frozen) {
  auto link = ServerLink::open(context.server);
  if (!link) return std::unexpected(link.error());
  auto before = ask_group(*link, group);
  if (!before) return std::unexpected(before.error());
  wire::FreezeGroupT request;
  request.group = group;
  request.frozen = frozen;
  const auto done = link->ask<wire::DoneT>(std::move(request));
  if (!done) return std::unexpected(done.error());
  print_outcome(context.json(), Frozen{.before = std::move(*before->group), .frozen = frozen});
  return 0;
}

void add_freeze(CLI::App& noun, Context& context, bool frozen) {
  CLI::App& command =
      frozen ? add_command(noun, "freeze",
                           "Keep a group's plan as it is, whoever joins, leaves or dies",
                           "  muster group freeze billing")
             : add_command(noun, "unfreeze", "Let a frozen group plan again",
                           "  muster group unfreeze billing");
  const auto group = std::make_shared<std::string>();
  add_group_argument(command, *group);
  on_run(command, context, [&context, group, frozen] { return freeze(context, *group, frozen); });
}

}  // namespace

void add_group_settings(CLI::App& noun, Context& context) {
  add_configure(noun, context);
  add_freeze(noun, context, true);
  add_freeze(noun, context, false);
}

}  // namespace muster::tools
