// muster offset report-end
#include <fmt/format.h>

#include <memory>
#include <optional>

#include "tools/arguments.h"
#include "tools/offset_actions.h"
#include "tools/output.h"
#include "tools/server_link.h"

namespace muster::tools {
namespace {

struct ReportArguments {
  std::optional<PartitionArgument> at;
  std::int64_t end = -1;
  std::int64_t start = -1;
};

Outcome report(const Context& context, const ReportArguments& arguments) {
  wire::ReportEndsT request;
  auto& item = *request.items.emplace_back(std::make_unique<wire::EndReportT>());
  item.topic = arguments.at->topic;
  item.partition = arguments.at->partition;
  item.end = arguments.end;
  item.start = arguments.start;
  const auto done = ask_once<wire::DoneT>(context.server, std::move(request));
  if (!done) return std::unexpected(done.error());
  const bool starts = arguments.start >= 0;
  if (context.json()) {
    print_json({{"topic", arguments.at->topic},
                {"partition", arguments.at->partition},
                {"end", arguments.end},
                {"start", starts ? Json(arguments.start) : Json()}});
  } else {
    print_text(fmt::format(
        "Partition {} {}ends at offset {}: all groups' lag counts to it, until "
        "the server restarts.\n",
        printable(arguments.at->text()),
        starts ? fmt::format("begins at {} and ", arguments.start) : "", arguments.end));
  }
  return 0;
}

}  // namespace

void add_offset_ends(CLI::App& noun, Context& context) {
  CLI::App& command = add_command(
      noun, "report-end",
      "Say where a partition ends: lag counts to it, and resets --to-latest go there. It is the\n"
      "topic's, the same for every group; not journaled, so report it again and again",
      "  muster offset report-end outbox/0 1500 --start 200");
  const auto arguments = std::make_shared<ReportArguments>();
  add_partition_argument(command, arguments->at)->required();
  add_offset(command, "END", arguments->end, "The offset after the last record")->required();
  add_offset(command, "--start", arguments->start,
             "The first offset that is still there; it counts as 0 until it is reported");
  on_run(command, context, [&context, arguments] { return report(context, *arguments); });
}

}  // namespace muster::tools
