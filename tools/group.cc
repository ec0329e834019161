// muster group list | describe | delete. What operators set on a group: group_actions.h.
#include <memory>

#include "tools/arguments.h"
#include "tools/commands.h"
#include "tools/group_actions.h"
#include "tools/group_questions.h"
#include "tools/group_view.h"
#include "tools/output.h"
#include "tools/server_link.h"

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
               {"UNOWNED", Align::kRight}});
  for (const auto& group : groups) {
    members += group->members;
    table.add_row({group->name, state_text(*group), std::to_string(group->generation),
                   group->strategy, group->leader.empty() ? "-" : group->leader,
                   member_count_text(*group), std::to_string(group->partitions),
                   std::to_string(group->unowned)});
  }
  print_text(counted(groups.size(), "group") + ", " + counted(members, "member") + "\n");
  if (!table.empty()) print_text("\n" + table.text());
}

Outcome list_groups(const Context& context, const std::string& state) {
  auto link = ServerLink::open(context.server);
  if (!link) return std::unexpected(link.error());
  Groups groups;
  const auto asked = link->ask_pages<wire::GroupsReplyT>(
      wire::ListGroupsT{}, [&](wire::GroupsReplyT& page, wire::ListGroupsT& request) {
        if (!page.groups.empty()) request.after = page.groups.back()->name;
        for (auto& group : page.groups) {
          const bool wanted = state.empty() || state == wire::EnumNameGroupState(group->state);
          if (wanted) groups.push_back(std::move(group));
        }
        return page.groups.size();
      });
  if (!asked) return std::unexpected(asked.error());
  print_groups(context, groups);
  return 0;
}

void add_list(CLI::App& noun, Context& context) {
  CLI::App& command =
      add_command(noun, "list", "All groups", "  muster group list --state balancing");
  const auto state = std::make_shared<std::string>();
  command.add_option("--state", *state, "Only groups in this state")
      ->check(CLI::IsMember({"empty", "balancing", "stable"}).description(""))
      ->type_name("empty|balancing|stable");
  on_run(command, context, [&context, state] { return list_groups(context, *state); });
}

void add_group_describe(CLI::App& noun, Context& context) {
  CLI::App& command = add_command(noun, "describe", "One group: its members, partitions and lag",
                                  "  muster group describe billing");
  const auto group = std::make_shared<std::string>();
  add_group_argument(command, *group);
  on_run(command, context, [&context, group]() -> Outcome {
    auto link = ServerLink::open(context.server);
    if (!link) return std::unexpected(link.error());
    const auto view = gather_live_group(*link, *group);
    if (!view) return std::unexpected(view.error());
    if (context.json()) {
      print_json(group_json(*view));
    } else {
      print_text(group_text(*view));
    }
    return 0;
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
