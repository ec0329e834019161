// muster top: all groups on one screen, as they are from moment to moment.
#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <utility>

#include "codec/event.h"
#include "tools/arguments.h"
#include "tools/commands.h"
#include "tools/event_view.h"
#include "tools/event_words.h"
#include "tools/group_questions.h"
#include "tools/server_link.h"
#include "tools/terminal.h"
#include "tools/top_view.h"

namespace muster::tools {
namespace {

using std::chrono::steady_clock;

constexpr std::int32_t kLagPartitionsMost = 2'000;
constexpr std::uint64_t kEventsAtFirst = 50;
constexpr std::uint32_t kIntervalMs = 1'000;
// A server that does not answer must not keep a key waiting for long.
constexpr Patience kSamplePatience{.hello = std::chrono::milliseconds(2'000),
                                   .request = std::chrono::milliseconds(5'000)};

/// What the server knows, into a TopState. Connects when it has to.
class Sampler {
 public:
  explicit Sampler(std::string server) : server_(std::move(server)) {}

  std::expected<void, Error> sample(TopState& state) {
    if (!link_) {
      auto opened = ServerLink::open(server_, kSamplePatience);
      if (!opened) return std::unexpected(std::move(opened.error()));
      link_.emplace(std::move(*opened));
    }
    auto sampled = ask_all(state);
    if (!sampled) link_.reset();
    return sampled;
  }

 private:
  std::expected<void, Error> ask_all(TopState& state) {
    const auto status = link_->ask<wire::StatusReplyT>(wire::StatusT{});
    if (!status) return std::unexpected(status.error());
    state.version = status->version;
    state.uptime_ms = status->uptime_ms;
    state.members = status->members;
    state.connections = status->connections;
    if (auto asked = ask_events(state, *status); !asked) return asked;
    if (auto asked = ask_groups(state); !asked) return asked;
    for (const std::string& name : visible_groups(state)) {
      if (auto asked = ask_lag(state, name); !asked) return asked;
    }
    return ask_drilled(state);
  }

  std::expected<void, Error> ask_groups(TopState& state) {
    std::vector<TopGroup> groups;
    auto asked = link_->ask_pages<wire::GroupsReplyT>(
        wire::ListGroupsT{}, [&](wire::GroupsReplyT& page, wire::ListGroupsT& next) {
          for (auto& group : page.groups) {
            next.after = group->name;
            const std::uint64_t moves = moves_[group->name];
            groups.push_back({.info = std::move(*group), .lag = std::nullopt, .moves = moves});
          }
          return page.groups.size();
        });
    if (asked) state.groups = std::move(groups);
    return asked;
  }

  /// Of a group that is not gone and not too large for a screen that is drawn each second.
  std::expected<void, Error> ask_lag(TopState& state, const std::string& name) {
    const auto found = std::ranges::find(
        state.groups, name,
        [](const TopGroup& group) -> const std::string& { return group.info.name; });
    if (found == state.groups.end()) return {};
    if (found->info.partitions > static_cast<std::uint32_t>(kLagPartitionsMost)) return {};
    wire::ListPartitionsT request;
    request.group = name;
    std::optional<std::int64_t> sum;
    auto asked = link_->ask_pages<wire::PartitionsReplyT>(
        std::move(request), [&](wire::PartitionsReplyT& page, wire::ListPartitionsT& next) {
          for (const auto& partition : page.partitions) {
            next.after_topic = partition->topic;
            next.after_partition = partition->partition;
            if (const auto lag = lag_of(*partition)) sum = sum.value_or(0) + *lag;
          }
          return page.partitions.size();
        });
    found->lag = sum;
    return forgive_unknown(std::move(asked));
  }

  std::expected<void, Error> ask_drilled(TopState& state) {
    if (state.drill.empty()) return {};
    auto view = gather_live_group(*link_, state.drill);
    if (view) {
      state.drilled = std::move(*view);
      return {};
    }
    state.drill.clear();
    return forgive_unknown(std::unexpected(std::move(view.error())));
  }

  /// What was deleted a moment ago is no failure.
  static std::expected<void, Error> forgive_unknown(std::expected<void, Error> asked) {
    if (!asked && asked.error().code == ErrorCode::kUnknownResource) return {};
    return asked;
  }

  std::expected<void, Error> ask_events(TopState& state, const wire::StatusReplyT& status) {
    if (journal_id_ != status.journal_id || reached_ > status.durable_sequence) {
      journal_id_ = status.journal_id;
      const std::uint64_t durable = status.durable_sequence;
      reached_ = durable - std::min(durable, kEventsAtFirst);
      opened_at_ = durable;
      state.events.clear();
      if (auto asked = ask_topics(); !asked) return asked;
    }
    wire::ListEventsT request;
    request.after_sequence = reached_;
    return link_->ask_pages<wire::EventsReplyT>(
        std::move(request), [&](wire::EventsReplyT& page, wire::ListEventsT& next) -> std::size_t {
          for (const auto& listed : page.events) take(state, *listed);
          const std::uint64_t looked_at = page.reached - next.after_sequence;
          next.after_sequence = reached_ = page.reached;
          return looked_at;
        });
  }

  std::expected<void, Error> ask_topics() {
    return link_->ask_pages<wire::TopicsReplyT>(
        wire::ListTopicsT{}, [&](wire::TopicsReplyT& page, wire::ListTopicsT& next) {
          for (const auto& topic : page.topics) {
            next.after = topic->name;
            names_.know(topic->id, topic->name);
          }
          return page.topics.size();
        });
  }

  /// An event of a later release is left out: this is no place to fail.
  void take(TopState& state, const wire::JournalEventT& listed) {
    const auto event = codec::decode_event(std::string(listed.event.begin(), listed.event.end()));
    if (!event) return;
    names_.take_in(listed.sequence, *event);
    const std::string group(domain::event_group(event->body));
    const auto* granted = std::get_if<domain::PartitionsGranted>(&event->body);
    if (granted != nullptr && listed.sequence > opened_at_) {
      moves_[group] += partition_count(granted->grants);
    }
    // Commits are many and no news.
    if (std::holds_alternative<domain::OffsetsCommitted>(event->body)) return;
    state.events.push_back({.sequence = listed.sequence,
                            .time_ms = event->time_ms,
                            .group = group,
                            .text = std::string(domain::event_name(event->body)) + " " +
                                    event_summary(*event, names_)});
    if (state.events.size() > kTopEventsMost) state.events.pop_front();
  }

  std::string server_;
  std::optional<ServerLink> link_;
  std::string journal_id_;
  std::uint64_t reached_ = 0;    // events up to it were taken in
  std::uint64_t opened_at_ = 0;  // moves are counted from here on
  TopicNames names_;
  std::map<std::string, std::uint64_t> moves_;
};

Outcome run_screen(TopState state, Sampler sampler, std::uint32_t interval_ms) {
  auto terminal = Terminal::open();
  if (!terminal) return std::unexpected(std::move(terminal.error()));
  steady_clock::time_point due = steady_clock::now();
  while (true) {
    const auto now = steady_clock::now();
    if (now >= due && !state.paused) {
      const auto sampled = sampler.sample(state);
      state.problem = sampled ? "" : "Trying on. " + sampled.error().message;
      due = steady_clock::now() + std::chrono::milliseconds(interval_ms);
    }
    const Terminal::Size size = (*terminal)->size();
    state.width = size.width;
    state.height = size.height;
    (*terminal)->draw(top_lines(state));
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(due - steady_clock::now()).count();
    const auto wait_ms =
        state.paused ? interval_ms
                     : static_cast<std::uint32_t>(std::clamp<std::int64_t>(left, 0, interval_ms));
    const std::string drill = state.drill;
    if (!press(state, (*terminal)->key(wait_ms))) return 0;
    if (state.drill != drill) due = steady_clock::now();
  }
}

struct TopArguments {
  std::uint32_t interval_ms = kIntervalMs;
  std::string sort = "name";
};

Outcome show_top(const Context& context, const TopArguments& arguments) {
  TopState state;
  state.server = context.server;
  state.sort = *sort_of(arguments.sort);
  state.colours = output_style().colours;
  Sampler sampler(context.server);
  // Before the screen is taken: who has no server reads why on the ordinary one.
  if (context.json()) state.height = 10'000;
  if (auto sampled = sampler.sample(state); !sampled) return std::unexpected(sampled.error());
  if (!context.json())
    return run_screen(std::move(state), std::move(sampler), arguments.interval_ms);
  print_json(top_json(state));
  return 0;
}

}  // namespace

void add_top_command(CLI::App& app, Context& context) {
  CLI::App& command = add_command(
      app, "top", "All groups on one screen as they change: members, lag, moves, events",
      "  muster top --sort lag");
  const auto arguments = std::make_shared<TopArguments>();
  add_duration_option(command, "--interval", arguments->interval_ms,
                      "How often it is drawn anew (1s)");
  command.add_option("--sort", arguments->sort, "At first; s changes it")
      ->check(CLI::IsMember({"name", "state", "members", "lag", "moves"}).description(""))
      ->type_name("name|state|members|lag|moves")
      ->capture_default_str();
  on_run(command, context, [&context, arguments] { return show_top(context, *arguments); });
}

}  // namespace muster::tools
