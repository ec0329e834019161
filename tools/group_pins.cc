// muster group pin | unpin
#include <memory>
#include <optional>

#include "tools/arguments.h"
#include "tools/group_actions.h"
#include "tools/group_outcomes.h"
#include "tools/group_questions.h"
#include "tools/output.h"

namespace muster::tools {
namespace {

struct PinArguments {
  std::string group;
  std::optional<PartitionArgument> at;
  std::string member_id;  // empty: takes the pin off
};

std::expected<Pinned, Error> ask_before(ServerLink& link, const PinArguments& arguments) {
  const auto group = ask_group(link, arguments.group);
  if (!group) return std::unexpected(group.error());
  const auto partition = ask_partition(link, arguments.group, *arguments.at);
  if (!partition) return std::unexpected(partition.error());
  Pinned pinned{.before = *group->group,
                .at = *arguments.at,
                .member_id = arguments.member_id,
                .pinned_before = {},
                .owner = {},
                .revoking = false,
                .present = false,
                .draining = drains(*group, arguments.member_id),
                .quiet_remaining_ms = group->quiet_remaining_ms};
  if (*partition != nullptr) {
    pinned.pinned_before = (*partition)->pinned_to;
    pinned.owner = (*partition)->owner;
    pinned.revoking = (*partition)->revoking;
  }
  if (arguments.member_id.empty()) return pinned;
  const auto member = ask_member(link, arguments.group, arguments.member_id);
  if (!member) return std::unexpected(member.error());
  pinned.present = *member != nullptr;
  return pinned;
}

Outcome pin(const Context& context, const PinArguments& arguments) {
  auto link = ServerLink::open(context.server);
  if (!link) return std::unexpected(link.error());
  const auto outcome = ask_before(*link, arguments);
  if (!outcome) return std::unexpected(outcome.error());
  wire::PinPartitionT request;
  request.group = arguments.group;
  request.topic = arguments.at->topic;
  request.partition = arguments.at->partition;
  request.member_id = arguments.member_id;
  const auto done = link->ask<wire::DoneT>(std::move(request));
  if (!done) return std::unexpected(done.error());
  print_outcome(context.json(), *outcome);
  return 0;
}

}  // namespace

void add_group_pins(CLI::App& noun, Context& context) {
  const auto pinning = std::make_shared<PinArguments>();
  CLI::App& pin_command =
      add_command(noun, "pin", "Fix a partition to a member, whatever the strategy says",
                  "  muster group pin billing outbox/3 pod-1");
  add_group_argument(pin_command, pinning->group);
  add_partition_argument(pin_command, pinning->at)->required();
  pin_command
      .add_option("MEMBER", pinning->member_id, "The member's id; it may be absent at the moment")
      ->required()
      ->check(CLI::Validator(
          [](const std::string& id) { return id.empty() ? "name a member" : std::string(); }, ""))
      ->type_name("");
  on_run(pin_command, context, [&context, pinning] { return pin(context, *pinning); });

  const auto unpinning = std::make_shared<PinArguments>();
  CLI::App& unpin_command =
      add_command(noun, "unpin", "Leave a pinned partition to the group's strategy again",
                  "  muster group unpin billing outbox/3");
  add_group_argument(unpin_command, unpinning->group);
  add_partition_argument(unpin_command, unpinning->at)->required();
  on_run(unpin_command, context, [&context, unpinning] { return pin(context, *unpinning); });
}

}  // namespace muster::tools
