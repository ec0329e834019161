// muster journal state: the state that the events add up to, now or at a sequence or time.
#include <fmt/format.h>

#include <charconv>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "tools/arguments.h"
#include "tools/folded_journal.h"
#include "tools/group_questions.h"
#include "tools/journal.h"
#include "tools/log_search.h"
#include "tools/offset_view.h"
#include "tools/output.h"
#include "tools/time_argument.h"

namespace muster::tools {
namespace {

struct StateArguments {
  std::string data_dir;
  std::optional<Sequence> at;
  std::optional<std::int64_t> at_time_ms;
  std::optional<std::string> group;
};

struct FoldedState {
  domain::State state;
  std::int64_t time_ms = 0;  // of its last event; 0: none, or not known any more
};

std::vector<std::string> group_names(const domain::State& state, const StateArguments& arguments) {
  if (arguments.group) return {*arguments.group};
  std::vector<std::string> names;
  for (const auto& [name, group] : state.groups) names.push_back(name);
  return names;
}

void print_state_json(const FoldedState& folded, const StateArguments& arguments) {
  const domain::State& state = folded.state;
  Json topics = Json::array();
  for (const auto& [name, topic] : state.topics) {
    topics.push_back({{"topic", name}, {"id", topic.id}, {"partitions", topic.partition_count}});
  }
  FoldedJournal journal(state);
  Json groups = Json::array();
  for (const std::string& name : group_names(state, arguments)) {
    groups.push_back(group_json(*gather_group(journal, name)));
  }
  print_json({{"sequence", state.sequence},
              {"time", folded.time_ms == 0 ? Json() : Json(time_text(folded.time_ms))},
              {"state_digest", domain::digest_text(state.digest)},
              {"members", state.member_count},
              {"quiet_time_ms", state.quiet_time_ms},
              {"topics", std::move(topics)},
              {"groups", std::move(groups)}});
}

void print_state_text(const FoldedState& folded, const StateArguments& arguments) {
  const domain::State& state = folded.state;
  if (arguments.at_time_ms) {
    print_text(fmt::format("The last event at or before {} is {}.\n",
                           time_text(*arguments.at_time_ms), state.sequence));
  }
  print_text(fmt::format("At sequence {} ({}): {}, {}, {}. State digest {}.\n", state.sequence,
                         time_text(folded.time_ms), counted(state.topics.size(), "topic"),
                         counted(state.groups.size(), "group"),
                         counted(state.member_count, "member"), domain::digest_text(state.digest)));
  if (state.quiet_time_ms > 0) {
    print_text(
        fmt::format("Restored from a backup: for {} after its start musterd assigns nothing.\n",
                    duration_text(state.quiet_time_ms)));
  }
  FoldedJournal journal(state);
  for (const std::string& name : group_names(state, arguments)) {
    print_text("\n" + group_text(*gather_group(journal, name)));
  }
}

/// 0 when there is no such event, or it has been trimmed: what is left of it is in a snapshot.
std::int64_t time_of_event(OpenJournal& journal, Sequence sequence) {
  if (sequence < journal.header.first_sequence) return 0;
  const LogFilter any;
  const auto page = LogSearch(journal.reader, any).next(sequence, sequence);
  return page && !page->events.empty() ? page->events.front().event.time_ms : 0;
}

/// "12 (2026-11-22T14:00:00.000Z)"
std::string event_text(OpenJournal& journal, Sequence sequence) {
  const std::int64_t time_ms = time_of_event(journal, sequence);
  return time_ms == 0 ? fmt::format("{}", sequence)
                      : fmt::format("{} ({})", sequence, time_text(time_ms));
}

/// The last event that is not younger than the time asked for. Clocks are set: there may be younger
/// ones before it.
std::expected<Sequence, Error> sequence_at(OpenJournal& journal, std::int64_t time_ms) {
  const journal::Header& header = journal.header;
  const LogFilter filter{.until_ms = time_ms};
  LogSearch search(journal.reader, filter);
  const auto found = search.start_of_last(header.first_sequence, header.last_sequence, 1);
  if (!found) return std::unexpected(found.error());
  if (*found) return **found;
  if (header.first_sequence == 1) return 0;
  return std::unexpected(make_error(
      ErrorCode::kInvalidArgument,
      fmt::format("All events that the journal still has are younger than {}: the oldest is {}.",
                  time_text(time_ms), event_text(journal, header.first_sequence))));
}

/// What to fold, once it is clear that there is such a state.
std::expected<Sequence, Error> wanted_sequence(OpenJournal& journal,
                                               const StateArguments& arguments) {
  const journal::Header& header = journal.header;
  if (arguments.at_time_ms) return sequence_at(journal, *arguments.at_time_ms);
  const Sequence at = arguments.at.value_or(header.last_sequence);
  if (at <= header.last_sequence) return at;
  return std::unexpected(
      make_error(ErrorCode::kInvalidArgument,
                 fmt::format("The journal has no state at sequence {}: it ends with {}.", at,
                             header.last_sequence)));
}

Outcome print_state(const Context& context, const StateArguments& arguments, OpenJournal& opened) {
  const auto at = wanted_sequence(opened, arguments);
  if (!at) return std::unexpected(at.error());
  auto state = coordinator::recover(opened.reader, opened.header,
                                    {.up_to = *at, .progress = folding_progress(), .folded = {}});
  if (!state && state.error().oldest_sequence != 0) {  // it was there once
    std::string message = state.error().message;
    if (const auto time_ms = time_of_event(opened, state.error().oldest_sequence); time_ms != 0) {
      message += fmt::format(" It is of {}.", time_text(time_ms));
    }
    return std::unexpected(make_error(ErrorCode::kInvalidArgument, message));
  }
  if (!state) return std::unexpected(journal_error(state.error().message));
  const FoldedState folded{.state = std::move(*state), .time_ms = time_of_event(opened, *at)};
  if (arguments.group && folded.state.group(*arguments.group) == nullptr) {
    return std::unexpected(make_error(
        ErrorCode::kUnknownResource,
        fmt::format("There is no group {} at sequence {}: leave out --group to see all groups.",
                    printable(*arguments.group), folded.state.sequence)));
  }
  if (context.json()) {
    print_state_json(folded, arguments);
  } else {
    print_state_text(folded, arguments);
  }
  return 0;
}

void set_point(StateArguments& arguments, const std::string& text) {
  Sequence sequence = 0;
  const char* end = text.data() + text.size();
  if (const auto [rest, error] = std::from_chars(text.data(), end, sequence);
      error == std::errc() && rest == end) {
    arguments.at = sequence;
    return;
  }
  arguments.at_time_ms = parse_time_ms(text, wall_clock_ms());
  if (!arguments.at_time_ms) {
    throw CLI::ValidationError("--at", "\"" + text + "\" is not a sequence and not " + kTimeHint);
  }
}

}  // namespace

void add_journal_state(CLI::App& noun, Context& context) {
  CLI::App& command = add_command(
      noun, "state", "The state that the events add up to, now or at a sequence or time",
      "  muster journal state --data-dir /var/lib/muster --at 2h --group billing");
  const auto arguments = std::make_shared<StateArguments>();
  add_data_dir_option(command, arguments->data_dir);
  command
      .add_option_function<std::string>(
          "--at", [arguments](const std::string& text) { set_point(*arguments, text); },
          "After this event and no later one, or after the last event at or before this time: "
          "2026-11-22T14:00:00Z, '2026-11-22 14:00' (UTC), or 5m, 2h, 7d ago (default: the last)")
      ->type_name("SEQ|TIME");
  command.add_option("--group", arguments->group, "Only this group")->type_name("NAME");
  on_run(command, context, [&context, arguments] {
    return ask_journal(arguments->data_dir, [&](OpenJournal& opened) {
      return print_state(context, *arguments, opened);
    });
  });
}

}  // namespace muster::tools
