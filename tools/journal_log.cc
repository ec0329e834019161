// muster journal log: the events, one a line.
#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tools/arguments.h"
#include "tools/interruptible_wait.h"
#include "tools/journal.h"
#include "tools/log_filter.h"
#include "tools/log_printer.h"
#include "tools/log_search.h"
#include "tools/output.h"
#include "tools/progress.h"
#include "tools/time_argument.h"

namespace muster::tools {
namespace {

constexpr Sequence kNoEnd = std::numeric_limits<Sequence>::max();
constexpr std::uint64_t kFollowBegins = 10;  // events that --follow begins with, as tail does
constexpr std::uint32_t kFollowEvery_ms = 100;

struct LogArguments {
  std::string data_dir;
  LogFilter filter;
  std::optional<Sequence> from;
  std::optional<Sequence> to;
  std::optional<std::uint64_t> last;
  bool follow = false;
  bool explain = false;
};

/// One asking: prints what is there, then what comes.
class Log {
 public:
  Log(const Context& context, const LogArguments& arguments, OpenJournal journal)
      : arguments_(arguments),
        journal_(std::move(journal)),
        search_(journal_.reader, arguments.filter),
        printer_(context.output, arguments.explain, search_.names()) {}

  Outcome print() {
    const journal::Header& header = journal_.header;
    const Sequence from = std::max(arguments_.from.value_or(0), header.first_sequence);
    const Sequence to = std::min(arguments_.to.value_or(kNoEnd), header.last_sequence);
    if (auto trimmed = refuse_trimmed()) return std::unexpected(std::move(*trimmed));
    auto printed = arguments_.last ? print_last(from, to) : print_range(from, to);
    if (printed && !printer_.printed_any()) say_nothing_found(from, to);
    if (!printed || !arguments_.follow) return printed;
    return follow(std::max(from, to + 1));
  }

 private:
  /// On stderr: what programs read stays empty.
  void say_nothing_found(Sequence from, Sequence to) const {
    const journal::Header& header = journal_.header;
    fmt::print(stderr, "muster: {}: the journal has {} to {}\n",
               from > to
                   ? "none of the events asked for is there"
                   : fmt::format("none of the events {} to {} is one of those asked for", from, to),
               header.first_sequence, header.last_sequence);
  }

  std::optional<Error> refuse_trimmed() const {
    const Sequence first = journal_.header.first_sequence;
    if (!arguments_.from || *arguments_.from == 0 || *arguments_.from >= first) return {};
    return make_error(ErrorCode::kInvalidArgument,
                      fmt::format("The journal begins with sequence {}: what was before has been "
                                  "trimmed. Ask from there.",
                                  first));
  }

  Outcome print_last(Sequence from, Sequence to) {
    for (;;) {
      show_progress(from, to);
      const auto start = search_.start_of_last(from, to, *arguments_.last);
      progress_.reset();
      if (start) return *start ? print_range(**start, to) : 0;
      const auto first = trimmed_meanwhile(journal_.reader, from);
      if (!first) return std::unexpected(start.error());
      from = *first;
    }
  }

  Outcome print_range(Sequence from, Sequence to) {
    for (Sequence next = from; next <= to;) {
      if (!progress_) show_progress(next, to);
      const auto page = search_.next(next, to);
      if (!page) {
        const auto first = trimmed_meanwhile(journal_.reader, next);
        if (!first) return std::unexpected(page.error());
        next = *first;
        continue;
      }
      if (!page->events.empty()) progress_.reset();  // what is printed shows how far it is
      if (page->reached < next || !printer_.print(page->events)) break;
      next = page->reached + 1;
    }
    progress_.reset();
    return 0;
  }

  /// While nothing is found.
  void show_progress(Sequence from, Sequence to) {
    progress_.emplace("searched", "events");
    search_.on_progress([this, of = to + 1 - from](std::uint64_t looked_at) {
      if (progress_) progress_->show(looked_at, of);
    });
  }

  /// A file that was replaced never changes again.
  Outcome reopen() {
    auto opened = open_journal(arguments_.data_dir);
    if (!opened) return std::unexpected(opened.error());
    if (opened->header.journal_id != journal_.header.journal_id) {
      return std::unexpected(journal_error(fmt::format(
          "Another journal stands in {} by now, {} instead of {}: follow that one anew.",
          printable(arguments_.data_dir), journal::text(opened->header.journal_id),
          journal::text(journal_.header.journal_id))));
    }
    journal_.reader = std::move(opened->reader);
    return 0;
  }

  /// Nothing of the journal is held while it waits.
  Outcome follow(Sequence next) {
    const InterruptibleWait waiting;
    do {
      if (journal_.reader.replaced()) {
        if (auto opened = reopen(); !opened) return opened;
      }
      const auto header = journal_.reader.header();
      if (!header) return std::unexpected(journal_error(header.error().message));
      if (header->last_sequence >= next) {
        auto printed = print_range(next, header->last_sequence);
        if (!printed) return printed;
        next = header->last_sequence + 1;
      }
      if (flush_output() != Written::kAll) return 0;
    } while (waiting.wait(kFollowEvery_ms));
    return 0;
  }

  const LogArguments& arguments_;
  OpenJournal journal_;
  LogSearch search_;
  LogPrinter printer_;
  std::optional<Progress> progress_;
};

Outcome print_log(const Context& context, const LogArguments& arguments) {
  auto opened = open_journal(arguments.data_dir);
  if (!opened) return std::unexpected(opened.error());
  // So that it ends between two readings when the pipe that it prints to is closed.
  std::signal(SIGPIPE, SIG_IGN);
  return Log(context, arguments, std::move(*opened)).print();
}

/// What can't be meant is a usage error.
void check_usage(LogArguments& arguments) {
  const LogFilter& filter = arguments.filter;
  if (arguments.from && arguments.to && *arguments.from > *arguments.to) {
    throw CLI::ValidationError("--from", fmt::format("{} comes after --to {}: nothing is between",
                                                     *arguments.from, *arguments.to));
  }
  if (filter.since_ms && filter.until_ms && *filter.since_ms > *filter.until_ms) {
    throw CLI::ValidationError("--since", "is later than --until: nothing is between");
  }
  if (arguments.follow && !arguments.from && !filter.since_ms && !arguments.last) {
    arguments.last = kFollowBegins;
  }
}

CLI::Option* add_number(CLI::App& command, const char* name, auto& target, const char* description,
                        const char* type_name) {
  const auto whole = [](const std::string& text) {
    constexpr std::size_t kMostDigits = 19;  // any more may not fit
    const bool digits = text.find_first_not_of("0123456789") == std::string::npos;
    const bool good = digits && !text.empty() && text.size() <= kMostDigits;
    return good ? std::string() : fmt::format("\"{}\" is not a whole number from 0 on", text);
  };
  return command.add_option(name, target, description)->check(whole)->type_name(type_name);
}

CLI::Option* add_choice(CLI::App& command, const char* name, std::vector<std::string>& target,
                        std::vector<std::string> choices, const char* description,
                        const char* type_name) {
  return command.add_option(name, target, description)
      ->check(CLI::IsMember(std::move(choices)).description(""))
      ->expected(1)
      ->allow_extra_args(false)
      ->take_all()
      ->type_name(type_name);
}

void add_filter_options(CLI::App& command, LogFilter& filter) {
  const auto types = domain::event_names();
  command.add_option("--group", filter.group, "Only this group's events")->type_name("NAME");
  auto* topic = command
                    .add_option("--topic", filter.topic,
                                "Only events that name this topic: partitions, offsets, "
                                "subscriptions")
                    ->type_name("NAME");
  add_partition_option(command, "--partition", filter.at,
                       "Only events that name this partition, or its topic as a whole")
      ->excludes(topic);
  command
      .add_option("--member", filter.member,
                  "Only events that name this member (commits name tokens, not members)")
      ->type_name("ID");
  add_choice(command, "--type", filter.types, {types.begin(), types.end()},
             "Only events of this type, as docs/events.md names them; may be repeated", "TYPE");
  add_choice(command, "--cause", filter.causes, {"client", "operator", "deadline", "coordinator"},
             "Only what was brought about so; may be repeated",
             "client|operator|deadline|coordinator");
}

}  // namespace

void add_journal_log(CLI::App& noun, Context& context) {
  CLI::App& command = add_command(
      noun, "log", "What happened: the events, one a line (--output json: one object a line)",
      "  muster journal log --data-dir /var/lib/muster --group billing --since 2h --explain");
  const auto arguments = std::make_shared<LogArguments>();
  LogArguments& all = *arguments;
  add_data_dir_option(command, all.data_dir);
  add_filter_options(command, all.filter);
  add_number(command, "--from", all.from, "From this sequence on", "SEQ");
  auto* to = add_number(command, "--to", all.to, "Up to this sequence", "SEQ");
  add_time_option(command, "--since", all.filter.since_ms,
                  "From this time on: 2026-11-22T14:00:00Z, '2026-11-22 14:00' (UTC), or 5m, 2h, "
                  "7d ago. By the clock of each event, which may have been set meanwhile");
  auto* until = add_time_option(command, "--until", all.filter.until_ms, "Up to this time");
  add_number(command, "--last", all.last, "Only the last N of those", "N");
  command
      .add_flag("--follow", all.follow,
                "Goes on with what happens, until interrupted; begins with the last 10 unless "
                "--from, --since or --last says otherwise")
      ->excludes(to)
      ->excludes(until);
  command.add_flag("--explain", all.explain, "A sentence for each event instead of a table");
  command.callback([&context, arguments] {
    check_usage(*arguments);
    context.action = [&context, arguments] { return print_log(context, *arguments); };
  });
}

}  // namespace muster::tools
