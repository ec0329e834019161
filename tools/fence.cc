// muster fence check
#include <memory>
#include <optional>

#include "tools/arguments.h"
#include "tools/commands.h"
#include "tools/output.h"
#include "tools/server_link.h"

namespace muster::tools {
namespace {

struct CheckArguments {
  std::string group;
  std::optional<PartitionArgument> at;
  std::uint64_t fence = 0;
};

constexpr int kCurrent = 0;
constexpr int kNotCurrent = 1;

std::string sentence(const CheckArguments& arguments, const wire::FenceReplyT& reply) {
  const std::string token = "Token " + std::to_string(arguments.fence) + " of " +
                            printable(arguments.group) + " " + printable(arguments.at->text());
  if (reply.current) return token + " is current.\n";
  std::string text = token + " is not current";
  if (reply.ended == wire::TokenEnd::none) {
    text += ": it was never granted";
  } else {
    text += std::string(": ended as ") + wire::EnumNameTokenEnd(reply.ended);
  }
  return text + (reply.current_fence == 0
                     ? "; nobody owns the partition now.\n"
                     : "; the current one is " + std::to_string(reply.current_fence) + ".\n");
}

Outcome check(const Context& context, const CheckArguments& arguments) {
  wire::CheckFenceT request;
  request.group = arguments.group;
  request.topic = arguments.at->topic;
  request.partition = arguments.at->partition;
  request.fence = arguments.fence;
  const auto reply = ask_once<wire::FenceReplyT>(context.server, std::move(request));
  if (!reply) return std::unexpected(reply.error());
  if (context.json()) {
    const bool has_ended = !reply->current && reply->ended != wire::TokenEnd::none;
    print_json({{"current", reply->current},
                {"current_fence", reply->current_fence},
                {"ended", has_ended ? Json(wire::EnumNameTokenEnd(reply->ended)) : Json()}});
  } else {
    print_text(sentence(arguments, *reply));
  }
  return reply->current ? kCurrent : kNotCurrent;
}

}  // namespace

void add_fence_commands(CLI::App& app, Context& context) {
  CLI::App& noun = add_command(app, "fence", "Fencing tokens, for sinks that check them",
                               "  muster fence check billing outbox/0 42");
  noun.require_subcommand(1);
  CLI::App& command = add_command(
      noun, "check", "Is this token still the partition's current one? Exit status 0 yes, 1 no",
      "  muster fence check billing outbox/0 42 || echo 'a zombie writes'");
  const auto arguments = std::make_shared<CheckArguments>();
  add_group_argument(command, arguments->group);
  add_partition_argument(command, arguments->at)->required();
  add_fence(command, "TOKEN", arguments->fence, "The token that the writer presents")->required();
  on_run(command, context, [&context, arguments] { return check(context, *arguments); });
}

}  // namespace muster::tools
