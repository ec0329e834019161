// muster journal state: the state that the events add up to, now or at a sequence.
#include <fmt/format.h>

#include <limits>
#include <memory>
#include <optional>

#include "coordinator/queries.h"
#include "tools/event_view.h"
#include "tools/group_view.h"
#include "tools/journal.h"
#include "tools/output.h"

namespace muster::tools {
namespace {

struct StateArguments {
  std::string data_dir;
  std::optional<Sequence> at;
  std::optional<std::string> group;
};

/// Groups as the daemon's own answers show them. There are no sessions and no end offsets here:
/// neither is journaled.
class StateView {
 public:
  explicit StateView(const domain::State& state)
      : view_{.state = state,
              .sessions = sessions_,
              .ends = ends_,
              .limits = limits_,
              .max_frame_bytes = std::numeric_limits<std::size_t>::max(),
              .now_ms = 0} {}

  GroupView group(const std::string& name) const {
    GroupView view;
    wire::DescribeGroupT describe;
    describe.group = name;
    const auto described = coordinator::answer(view_, describe);
    view.group = *described->AsGroupReply()->group;
    view.draining = described->AsGroupReply()->draining;
    view.live = false;
    wire::ListMembersT members;
    members.group = name;
    for (bool more = true; more;) {
      auto page = coordinator::answer(view_, members);
      more = page->AsMembersReply()->more;
      for (auto& one : page->AsMembersReply()->members) view.members.push_back(std::move(one));
      if (more) members.after = view.members.back()->member_id;
    }
    wire::ListPartitionsT partitions;
    partitions.group = name;
    for (bool more = true; more;) {
      auto page = coordinator::answer(view_, partitions);
      more = page->AsPartitionsReply()->more;
      for (auto& one : page->AsPartitionsReply()->partitions) {
        view.partitions.push_back(std::move(one));
      }
      if (!more) continue;
      partitions.after_topic = view.partitions.back()->topic;
      partitions.after_partition = view.partitions.back()->partition;
    }
    return view;
  }

 private:
  coordinator::Sessions sessions_;
  coordinator::EndOffsets ends_;
  Limits limits_;
  coordinator::View view_;
};

std::vector<std::string> group_names(const domain::State& state, const StateArguments& arguments) {
  if (arguments.group) return {*arguments.group};
  std::vector<std::string> names;
  for (const auto& [name, group] : state.groups) names.push_back(name);
  return names;
}

void print_state_json(const domain::State& state, const StateArguments& arguments) {
  Json topics = Json::array();
  for (const auto& [name, topic] : state.topics) {
    topics.push_back({{"topic", name}, {"id", topic.id}, {"partitions", topic.partition_count}});
  }
  const StateView view(state);
  Json groups = Json::array();
  for (const std::string& name : group_names(state, arguments)) {
    groups.push_back(group_json(view.group(name)));
  }
  print_json({{"sequence", state.sequence},
              {"state_digest", domain::digest_text(state.digest)},
              {"members", state.member_count},
              {"topics", std::move(topics)},
              {"groups", std::move(groups)}});
}

void print_state_text(const domain::State& state, const StateArguments& arguments) {
  print_text(fmt::format("At sequence {}: {}, {}, {}. State digest {}.\n", state.sequence,
                         counted(state.topics.size(), "topic"),
                         counted(state.groups.size(), "group"),
                         counted(state.member_count, "member"), domain::digest_text(state.digest)));
  const StateView view(state);
  for (const std::string& name : group_names(state, arguments)) {
    print_text("\n" + group_text(view.group(name)));
  }
}

Outcome print_state(const Context& context, const StateArguments& arguments) {
  auto opened = open_journal(arguments.data_dir);
  if (!opened) return std::unexpected(opened.error());
  const journal::Header& header = opened->header;
  if (arguments.at &&
      (*arguments.at > header.last_sequence || *arguments.at + 1 < header.first_sequence)) {
    return std::unexpected(
        make_error(ErrorCode::kInvalidArgument,
                   fmt::format("The journal has no state at sequence {}: it reaches from {} to {}.",
                               *arguments.at, header.first_sequence - 1, header.last_sequence)));
  }
  coordinator::RecoveryOptions options{.progress = show_progress, .folded = {}};
  if (arguments.at) options.up_to = *arguments.at;
  const auto state = coordinator::recover(opened->reader, header, options);
  if (!state) return std::unexpected(journal_error(state.error().message));
  if (arguments.group && state->group(*arguments.group) == nullptr) {
    return std::unexpected(make_error(
        ErrorCode::kUnknownResource,
        fmt::format("There is no group {} at sequence {}: leave out --group to see all groups.",
                    printable(*arguments.group), state->sequence)));
  }
  if (context.json()) {
    print_state_json(*state, arguments);
  } else {
    print_state_text(*state, arguments);
  }
  return 0;
}

}  // namespace

void add_journal_state(CLI::App& noun, Context& context) {
  CLI::App& command =
      add_command(noun, "state", "The state that the events add up to, now or at a sequence",
                  "  muster journal state --data-dir /var/lib/muster --at 1000 --group billing");
  const auto arguments = std::make_shared<StateArguments>();
  add_data_dir_option(command, arguments->data_dir);
  command
      .add_option("--at", arguments->at, "After this event and no later one (default: the last)")
      ->check(CLI::NonNegativeNumber.description(""))
      ->type_name("SEQ");
  command.add_option("--group", arguments->group, "Only this group")->type_name("NAME");
  on_run(command, context, [&context, arguments] { return print_state(context, *arguments); });
}

}  // namespace muster::tools
