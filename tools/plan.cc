// muster plan: what would move if…
#include <memory>
#include <utility>

#include "tools/arguments.h"
#include "tools/commands.h"
#include "tools/input_file.h"
#include "tools/output.h"
#include "tools/plan_group.h"
#include "tools/plan_input.h"
#include "tools/plan_prediction.h"
#include "tools/plan_view.h"

namespace muster::tools {
namespace {

// Example, and then what the input is: --help ends with it.
constexpr const char* kPlanExample =
    R"(  muster plan --from-group billing --add-members 2
  muster plan --from-group billing --remove pod-3 --strategy sticky
  echo '{"topics":{"t":6},"members":[{"id":"a","topics":["t"]}]}' | muster plan --output json

The input is JSON; "topics" and "members" with their ids are required:
  {"strategy": "sticky",                  round_robin when it is not given
   "topics": {"t": 6},                    with their partition counts
   "members": [{"id": "a", "topics": ["t"], "patterns": ["orders-.*"],
                "owned": {"t": [0, 1]}, "draining": false}],
   "owned": {"gone": {"t": [2]}},         of owners who are no members any more
   "pins": {"t": {"3": "a"}}}

A move is a change of owner; a partition that nobody owned does not move. A live group is
taken as its last plan has it, and planned for at once, also when it is frozen. Nothing is
changed, and nobody is told.)";

struct PlanArguments {
  std::string file = "-";
  std::string group;
  Changes changes;
};

Error error_of(const Rejection& rejection) { return make_error(rejection.code, rejection.message); }

std::expected<Scenario, Error> read_scenario(const Context& context,
                                             const PlanArguments& arguments) {
  if (!arguments.group.empty()) return read_live_group(context.server, arguments.group);
  const auto text = read_input(arguments.file, kPlanInputBytesMax,
                               ", - for standard input, or --from-group GROUP");
  if (!text) return std::unexpected(text.error());
  auto scenario = read_plan_input(*text, Limits{});
  if (!scenario) return std::unexpected(error_of(scenario.error()));
  return std::move(*scenario);
}

Outcome plan(const Context& context, const PlanArguments& arguments) {
  auto scenario = read_scenario(context, arguments);
  if (!scenario) return std::unexpected(scenario.error());
  if (auto changed = apply(arguments.changes, Limits{}, *scenario); !changed) {
    return std::unexpected(error_of(changed.error()));
  }
  const auto prediction = predict(*scenario);
  if (!prediction) return std::unexpected(error_of(prediction.error()));
  print_text(context.json() ? prediction_json(*prediction) + "\n" : prediction_text(*prediction));
  return 0;
}

/// A whole number behind the sign, and no partition's number is so large.
bool too_large(const std::string& text, std::size_t divide) {
  return divide != std::string::npos && divide > 0 && divide + 1 < text.size() &&
         text.find_first_not_of("0123456789", divide + 1) == std::string::npos;
}

/// TOPIC=N. A topic's name may contain equals signs: the last one divides.
std::pair<std::string, std::int32_t> parse_growth(const std::string& text) {
  const std::size_t divide = text.rfind('=');
  std::optional<PartitionArgument> growth;
  if (divide != std::string::npos) {
    growth = parse_partition(text.substr(0, divide) + "/" + text.substr(divide + 1));
  }
  if (!growth && too_large(text, divide)) {
    throw CLI::ValidationError(
        "--partitions", "\"" + text + "\" is too large: a topic has at most " +
                            std::to_string(Limits{}.partitions_per_topic_max) + " partitions");
  }
  if (!growth) {
    throw CLI::ValidationError("--partitions",
                               "\"" + text + "\" is not TOPIC=N: write for example outbox=16");
  }
  return {growth->topic, growth->partition};
}

void add_changes(CLI::App& command, Changes& changes) {
  add_member_count(command, "--add-members", changes.add_members,
                   "Suppose N members more: new-1, new-2 …, subscribing as the first member by id");
  command.add_option("--remove", changes.remove_members, "Suppose that this member is gone")
      ->expected(1)
      ->take_all()
      ->type_name("MEMBER");
  command
      .add_option_function<std::vector<std::string>>(
          "--partitions",
          [&changes](const std::vector<std::string>& all) {
            for (const std::string& text : all) changes.partitions.push_back(parse_growth(text));
          },
          "Suppose that the topic has N partitions; there is no shrinking")
      ->expected(1)
      ->take_all()
      ->type_name("TOPIC=N");
  command.add_option("--strategy", changes.strategy, "Suppose round_robin, range or sticky")
      ->type_name("S");
}

}  // namespace

void add_plan_command(CLI::App& app, Context& context) {
  CLI::App& command = add_command(
      app, "plan", "What would move if …: the plan for a group in a file, or for a live one",
      kPlanExample);
  const auto arguments = std::make_shared<PlanArguments>();
  CLI::Option* file =
      command.add_option("FILE", arguments->file, "The input; - is standard input, the default")
          ->type_name("");
  command.add_option("--from-group", arguments->group, "Ask about this group of the server")
      ->excludes(file)
      ->type_name("GROUP");
  add_changes(command, arguments->changes);
  on_run(command, context, [&context, arguments] { return plan(context, *arguments); });
}

}  // namespace muster::tools
