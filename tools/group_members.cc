// muster group remove-member | drain-member | undrain-member
#include <memory>

#include "tools/arguments.h"
#include "tools/group_actions.h"
#include "tools/group_outcomes.h"
#include "tools/group_questions.h"
#include "tools/output.h"

namespace muster::tools {
namespace {

struct MemberArguments {
  std::string group;
  std::string member_id;
};

/// The group, and its member if that is present.
struct Before {
  wire::GroupReplyT group;
  std::unique_ptr<wire::MemberInfoT> member;

  std::size_t held() const {
    return member == nullptr ? 0
                             : partition_count(member->owned) + partition_count(member->revoking);
  }
};

std::expected<Before, Error> ask_before(ServerLink& link, const MemberArguments& arguments) {
  auto group = ask_group(link, arguments.group);
  if (!group) return std::unexpected(group.error());
  auto member = ask_member(link, arguments.group, arguments.member_id);
  if (!member) return std::unexpected(member.error());
  return Before{.group = std::move(*group), .member = std::move(*member)};
}

Outcome remove(const Context& context, const MemberArguments& arguments) {
  auto link = ServerLink::open(context.server);
  if (!link) return std::unexpected(link.error());
  const auto before = ask_before(*link, arguments);
  if (!before) return std::unexpected(before.error());
  wire::RemoveMemberT request;
  request.group = arguments.group;
  request.member_id = arguments.member_id;
  const auto done = link->ask<wire::DoneT>(std::move(request));
  if (!done) return std::unexpected(done.error());
  print_outcome(context.json(), Removed{.before = *before->group.group,
                                        .member_id = arguments.member_id,
                                        .held = before->held()});
  return 0;
}

Outcome drain(const Context& context, const MemberArguments& arguments, bool draining) {
  auto link = ServerLink::open(context.server);
  if (!link) return std::unexpected(link.error());
  const auto before = ask_before(*link, arguments);
  if (!before) return std::unexpected(before.error());
  wire::DrainMemberT request;
  request.group = arguments.group;
  request.member_id = arguments.member_id;
  request.draining = draining;
  const auto done = link->ask<wire::DoneT>(std::move(request));
  if (!done) return std::unexpected(done.error());
  print_outcome(context.json(),
                Drained{.before = *before->group.group,
                        .member_id = arguments.member_id,
                        .draining = draining,
                        .drained_before = drains(before->group, arguments.member_id),
                        .present = before->member != nullptr,
                        .held = before->held()});
  return 0;
}

CLI::App& add_of_member(CLI::App& noun, const char* name, const char* description,
                        const char* example, MemberArguments& arguments) {
  CLI::App& command = add_command(noun, name, description, example);
  add_group_argument(command, arguments.group);
  command.add_option("MEMBER", arguments.member_id, "The member's id, as describe shows it")
      ->required()
      ->type_name("");
  return command;
}

void add_remove(CLI::App& noun, Context& context) {
  const auto arguments = std::make_shared<MemberArguments>();
  CLI::App& command = add_of_member(noun, "remove-member",
                                    "End a member's seat: its process is told, and does not rejoin",
                                    "  muster group remove-member billing pod-3", *arguments);
  on_run(command, context, [&context, arguments] { return remove(context, *arguments); });
}

void add_drain(CLI::App& noun, Context& context) {
  const auto arguments = std::make_shared<MemberArguments>();
  CLI::App& command =
      add_of_member(noun, "drain-member",
                    "Let a member hand over all that it has, and get nothing until undrain-member",
                    "  muster group drain-member billing pod-3", *arguments);
  on_run(command, context, [&context, arguments] { return drain(context, *arguments, true); });
}

void add_undrain(CLI::App& noun, Context& context) {
  const auto arguments = std::make_shared<MemberArguments>();
  CLI::App& command =
      add_of_member(noun, "undrain-member", "Let a member that drains have partitions again",
                    "  muster group undrain-member billing pod-3", *arguments);
  on_run(command, context, [&context, arguments] { return drain(context, *arguments, false); });
}

}  // namespace

void add_group_members(CLI::App& noun, Context& context) {
  add_remove(noun, context);
  add_drain(noun, context);
  add_undrain(noun, context);
}

}  // namespace muster::tools
