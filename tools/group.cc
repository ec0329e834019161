// muster group list | describe | delete | remove-member
#include <memory>

#include "tools/arguments.h"
#include "tools/commands.h"
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
    table.add_row({group->name, wire::EnumNameGroupState(group->state),
                   std::to_string(group->generation), group->strategy,
                   group->leader.empty() ? "-" : group->leader, std::to_string(group->members),
                   std::to_string(group->partitions), std::to_string(group->unowned)});
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

std::expected<void, Error> gather_members(ServerLink& link, GroupView& view) {
  wire::ListMembersT request;
  request.group = view.group.name;
  return link.ask_pages<wire::MembersReplyT>(
      std::move(request), [&](wire::MembersReplyT& page, wire::ListMembersT& next) {
        for (auto& member : page.members) view.members.push_back(std::move(member));
        if (!view.members.empty()) next.after = view.members.back()->member_id;
        return page.members.size();
      });
}

std::expected<void, Error> gather_partitions(ServerLink& link, GroupView& view) {
  wire::ListPartitionsT request;
  request.group = view.group.name;
  return link.ask_pages<wire::PartitionsReplyT>(
      std::move(request), [&](wire::PartitionsReplyT& page, wire::ListPartitionsT& next) {
        for (auto& each : page.partitions) view.partitions.push_back(std::move(each));
        if (!view.partitions.empty()) {
          next.after_topic = view.partitions.back()->topic;
          next.after_partition = view.partitions.back()->partition;
        }
        return page.partitions.size();
      });
}

std::expected<GroupView, Error> gather_group(const Context& context, const std::string& name) {
  auto link = ServerLink::open(context.server);
  if (!link) return std::unexpected(link.error());
  wire::DescribeGroupT request;
  request.group = name;
  auto reply = link->ask<wire::GroupReplyT>(std::move(request));
  if (!reply) return std::unexpected(reply.error());
  GroupView view;
  view.group = std::move(*reply->group);
  if (auto got = gather_members(*link, view); !got) return std::unexpected(got.error());
  if (auto got = gather_partitions(*link, view); !got) return std::unexpected(got.error());
  return view;
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
    const auto view = gather_group(context, *group);
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

void add_remove_member(CLI::App& noun, Context& context) {
  CLI::App& command = add_command(noun, "remove-member",
                                  "End a member's seat: its process is told, and does not rejoin",
                                  "  muster group remove-member billing pod-3");
  struct Arguments {
    std::string group;
    std::string member;
  };
  const auto arguments = std::make_shared<Arguments>();
  add_group_argument(command, arguments->group);
  command.add_option("MEMBER", arguments->member, "The member's id, as describe shows it")
      ->required()
      ->type_name("");
  on_run(command, context, [&context, arguments]() -> Outcome {
    wire::RemoveMemberT request;
    request.group = arguments->group;
    request.member_id = arguments->member;
    const auto done = ask_once<wire::DoneT>(context.server, std::move(request));
    if (!done) return std::unexpected(done.error());
    if (context.json()) {
      print_json(
          {{"group", arguments->group}, {"member_id", arguments->member}, {"removed", true}});
    } else {
      print_text("Removed member " + printable(arguments->member) + " from group " +
                 printable(arguments->group) + ".\n");
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
  add_remove_member(noun, context);
}

}  // namespace muster::tools
