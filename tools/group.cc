// muster group list | describe | delete. What operators set on a group: group_actions.h.
#include <algorithm>
#include <memory>
#include <utility>

#include "tools/arguments.h"
#include "tools/commands.h"
#include "tools/group_actions.h"
#include "tools/group_questions.h"
#include "tools/group_view.h"
#include "tools/output.h"
#include "tools/server_link.h"
#include "tools/watch.h"

namespace muster::tools {
namespace {

using Groups = std::vector<std::unique_ptr<wire::GroupInfoT>>;

void print_groups(const Context& context, const Groups& groups) {
  if (context.json()) {
    Json list = Json::array();
    for (const auto& group : groups) list.push_back(group_summary_json(*group));
    print_json({{"groups", std::move(list)}});
    return;
  }
  std::uint64_t members = 0;
  Table table({{"GROUP"},
               {"STATE"},
               {"GENERATION", Align::kRight},
               {"STRATEGY"},
               {"LEADER"},
               {"MEMBERS", Align::kRight},
               {"PARTITIONS", Align::kRight},
               {"UNOWNED", Align::kRight},
               {"MOVING", Align::kRight}});
  for (const auto& group : groups) {
    members += group->members;
    table.add_row({group->name, state_text(*group), std::to_string(group->generation),
                   group->strategy, group->leader.empty() ? "-" : group->leader,
                   member_count_text(*group), std::to_string(group->partitions),
                   std::to_string(group->unowned), std::to_string(group->revoking)});
    table.paint(1, state_colour(*group));
    if (group->unowned > 0) table.paint(7, Colour::kRed);
    if (group->revoking > 0) table.paint(8, Colour::kYellow);
  }
  print_text(counted(groups.size(), "group") + ", " + counted(members, "member") + "\n");
  if (!table.empty()) print_text("\n" + table.text());
}

/// By name they come; other orders have the most noteworthy first.
void sort_groups(Groups& groups, const std::string& order) {
  const auto by = [&](auto key) {
    std::ranges::sort(groups, [&](const auto& one, const auto& other) {
      return std::pair(key(*one), std::string_view(one->name)) <
             std::pair(key(*other), std::string_view(other->name));
    });
  };
  const auto most = [](std::uint32_t count) { return -std::int64_t{count}; };
  if (order == "state") {
    by([](const auto& group) {
      return std::pair(group.state != wire::GroupState::balancing,
                       group.state == wire::GroupState::empty);
    });
  }
  if (order == "members") by([&](const auto& group) { return most(group.members); });
  if (order == "partitions") by([&](const auto& group) { return most(group.partitions); });
  if (order == "unowned") by([&](const auto& group) { return most(group.unowned); });
}

struct ListArguments {
  std::string state;
  std::string sort = "name";
  Watching watching;
};

struct DescribeArguments {
  std::string group;
  bool all = false;
  Watching watching;
};

Outcome list_groups(const Context& context, const ListArguments& arguments) {
  auto link = ServerLink::open(context.server);
  if (!link) return std::unexpected(link.error());
  Groups groups;
  const auto asked = link->ask_pages<wire::GroupsReplyT>(
      wire::ListGroupsT{}, [&](wire::GroupsReplyT& page, wire::ListGroupsT& request) {
        if (!page.groups.empty()) request.after = page.groups.back()->name;
        for (auto& group : page.groups) {
          const bool wanted =
              arguments.state.empty() || arguments.state == wire::EnumNameGroupState(group->state);
          if (wanted) groups.push_back(std::move(group));
        }
        return page.groups.size();
      });
  if (!asked) return std::unexpected(asked.error());
  sort_groups(groups, arguments.sort);
  print_groups(context, groups);
  return 0;
}

void add_list(CLI::App& noun, Context& context) {
  CLI::App& command = add_command(noun, "list", "All groups, with their states",
                                  "  muster group list --state balancing\n"
                                  "  muster group list --sort unowned --watch");
  const auto arguments = std::make_shared<ListArguments>();
  command.add_option("--state", arguments->state, "Only groups in this state")
      ->check(CLI::IsMember({"empty", "balancing", "stable"}).description(""))
      ->type_name("empty|balancing|stable");
  command.add_option("--sort", arguments->sort, "By name, or the most of it first")
      ->check(CLI::IsMember({"name", "state", "members", "partitions", "unowned"}).description(""))
      ->type_name("name|state|members|partitions|unowned")
      ->capture_default_str();
  add_watch_option(command, arguments->watching);
  on_run(command, context, [&context, arguments] {
    return show_watching(arguments->watching, context,
                         [&] { return list_groups(context, *arguments); });
  });
}

// A screen of them or two; on a terminal alone.
constexpr std::size_t kPartitionsOnTerminal = 100;

Outcome describe_group(const Context& context, const DescribeArguments& arguments) {
  auto link = ServerLink::open(context.server);
  if (!link) return std::unexpected(link.error());
  const auto view = gather_live_group(*link, arguments.group);
  if (!view) return std::unexpected(view.error());
  if (context.json()) {
    print_json(group_json(*view));
  } else {
    const bool whole = arguments.all || output_style().width == 0;
    print_text(group_text(*view, whole ? 0 : kPartitionsOnTerminal));
  }
  return 0;
}

void add_group_describe(CLI::App& noun, Context& context) {
  CLI::App& command = add_command(noun, "describe", "One group: its members, partitions and lag",
                                  "  muster group describe billing\n"
                                  "  muster group describe billing --watch=5s");
  const auto arguments = std::make_shared<DescribeArguments>();
  add_group_argument(command, arguments->group);
  command.add_flag("--all", arguments->all,
                   "Every partition, also where a terminal shows the 100 that tell most");
  add_watch_option(command, arguments->watching);
  on_run(command, context, [&context, arguments] {
    return show_watching(arguments->watching, context,
                         [&] { return describe_group(context, *arguments); });
  });
}

void add_group_delete(CLI::App& noun, Context& context) {
  CLI::App& command =
      add_command(noun, "delete", "Delete a group that has no members, with its offsets",
                  "  muster group delete billing");
  const auto group = std::make_shared<std::string>();
  add_group_argument(command, *group);
  on_run(command, context, [&context, group]() -> Outcome {
    wire::DeleteGroupT request;
    request.group = *group;
    const auto done = ask_once<wire::DoneT>(context.server, std::move(request));
    if (!done) return std::unexpected(done.error());
    if (context.json()) {
      print_json({{"group", *group}, {"deleted", true}});
    } else {
      print_text("Deleted group " + printable(*group) + ".\n");
    }
    return 0;
  });
}

}  // namespace

void add_group_commands(CLI::App& app, Context& context) {
  CLI::App& noun = add_command(app, "group", "Consumer groups: who owns what, how far they are",
                               "  muster group describe billing");
  noun.require_subcommand(1);
  add_list(noun, context);
  add_group_describe(noun, context);
  add_group_delete(noun, context);
  add_group_settings(noun, context);
  add_group_members(noun, context);
  add_group_pins(noun, context);
  add_group_lag(noun, context);
  add_group_reset(noun, context);
  add_group_why(noun, context);
}

}  // namespace muster::tools
