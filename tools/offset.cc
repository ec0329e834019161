// muster offset commit | fetch. What else can be done to offsets: offset_actions.h.
#include <memory>
#include <optional>

#include "tools/arguments.h"
#include "tools/commands.h"
#include "tools/offset_actions.h"
#include "tools/offset_questions.h"
#include "tools/offset_view.h"
#include "tools/output.h"
#include "tools/server_link.h"

namespace muster::tools {
namespace {

struct CommitArguments {
  std::string group;
  std::optional<PartitionArgument> at;
  std::int64_t offset = 0;
  std::uint64_t fence = 0;
  std::string metadata;
  std::int64_t end = -1;
  std::int64_t start = -1;
  std::optional<std::int64_t> expected;
};

struct FetchArguments {
  std::string group;
  std::optional<PartitionArgument> at;
};

Outcome commit(const Context& context, const CommitArguments& arguments) {
  auto item = std::make_unique<wire::CommitItemT>();
  item->topic = arguments.at->topic;
  item->partition = arguments.at->partition;
  item->offset = arguments.offset;
  item->fence = arguments.fence;
  item->metadata = arguments.metadata;
  item->end = arguments.end;
  item->start = arguments.start;
  item->expected = arguments.expected;
  wire::CommitT request;
  request.group = arguments.group;
  request.items.push_back(std::move(item));
  const auto reply = ask_once<wire::CommitReplyT>(context.server, std::move(request));
  if (!reply) return std::unexpected(reply.error());
  const bool superseded =
      !reply->outcomes.empty() && reply->outcomes.front() == wire::CommitOutcome::superseded;
  const std::string place = printable(arguments.group) + " " + printable(arguments.at->text());
  if (context.json()) {
    print_json({{"outcome", superseded ? "superseded" : "applied"}, {"offset", arguments.offset}});
  } else if (superseded) {
    print_text("Superseded: " + place + " was committed further than " +
               std::to_string(arguments.offset) + " under this token already; nothing changed.\n");
  } else {
    print_text("Committed " + place + " at offset " + std::to_string(arguments.offset) + ".\n");
  }
  return 0;
}

Outcome fetch_one(const Context& context, const FetchArguments& arguments) {
  auto name = std::make_unique<wire::PartitionNameT>();
  name->topic = arguments.at->topic;
  name->partition = arguments.at->partition;
  wire::FetchOffsetsT request;
  request.group = arguments.group;
  request.partitions.push_back(std::move(name));
  auto reply = ask_once<wire::OffsetsReplyT>(context.server, std::move(request));
  if (!reply) return std::unexpected(reply.error());
  wire::CommittedOffsetT offset;
  offset.topic = arguments.at->topic;
  offset.partition = arguments.at->partition;
  offset.offset = -1;
  if (!reply->offsets.empty()) offset = std::move(*reply->offsets.front());
  if (context.json()) {
    print_json(offset_json(offset));
  } else {
    print_text(offset_text(arguments.group, offset));
  }
  return 0;
}

Outcome fetch_all(const Context& context, const FetchArguments& arguments) {
  auto link = ServerLink::open(context.server);
  if (!link) return std::unexpected(link.error());
  const auto offsets = ask_offsets(*link, arguments.group);
  if (!offsets) return std::unexpected(offsets.error());
  if (context.json()) {
    print_json(offsets_json(arguments.group, *offsets));
  } else {
    print_text(offsets_text(arguments.group, *offsets));
  }
  return 0;
}

void add_commit(CLI::App& noun, Context& context) {
  CLI::App& command = add_command(
      noun, "commit",
      "Say how far a partition is processed. A worker presents the token that it owns the\n"
      "partition under; without one it is an administrator's, and nobody may own the partition.",
      "  muster offset commit \"$MUSTER_GROUP\" \"$MUSTER_TOPIC/$MUSTER_PARTITION\" 100 \\\n"
      "         --fence \"$MUSTER_FENCE\"");
  const auto arguments = std::make_shared<CommitArguments>();
  add_group_argument(command, arguments->group);
  add_partition_argument(command, arguments->at)->required();
  add_offset(command, "OFFSET", arguments->offset, "The next offset to read, 0 or more")
      ->required();
  add_fence(command, "--fence", arguments->fence, "The token of the grant: $MUSTER_FENCE");
  command.add_option("--metadata", arguments->metadata, "A note kept with it, up to 4096 bytes")
      ->type_name("TEXT");
  add_offset(command, "--end", arguments->end, "Where the partition ends now: lag counts to it");
  add_offset(command, "--start", arguments->start, "Where the partition begins now");
  add_expected_offset(
      command, "--expect", arguments->expected,
      "Compare and set: only if this is what is committed (none: nothing); going back so can be "
      "undone with muster offset restore");
  on_run(command, context, [&context, arguments] { return commit(context, *arguments); });
}

void add_fetch(CLI::App& noun, Context& context) {
  CLI::App& command =
      add_command(noun, "fetch", "What was committed: for one partition, or all of the group's",
                  "  muster offset fetch billing outbox/0 --output json");
  const auto arguments = std::make_shared<FetchArguments>();
  add_group_argument(command, arguments->group);
  add_partition_argument(command, arguments->at);
  on_run(command, context, [&context, arguments] {
    return arguments->at ? fetch_one(context, *arguments) : fetch_all(context, *arguments);
  });
}

}  // namespace

void add_offset_commands(CLI::App& app, Context& context) {
  CLI::App& noun = add_command(app, "offset", "Committed offsets: the next one to read",
                               "  muster offset fetch billing");
  noun.require_subcommand(1);
  add_commit(noun, context);
  add_fetch(noun, context);
  add_offset_undo(noun, context);
  add_offset_transfer(noun, context);
  add_offset_ends(noun, context);
}

}  // namespace muster::tools
