// muster journal log: the events, one a line.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>

#include "codec/event.h"
#include "tools/event_view.h"
#include "tools/journal.h"
#include "tools/offset_view.h"
#include "tools/output.h"

namespace muster::tools {
namespace {

struct LogArguments {
  std::string data_dir;
  std::optional<std::string> group;
  std::vector<std::string> types;
  Sequence from = 1;
  Sequence to = std::numeric_limits<Sequence>::max();
};

std::vector<std::string> event_type_names() {
  const auto names = domain::event_names();
  return {names.begin(), names.end()};
}

bool is_wanted(const LogArguments& arguments, Sequence sequence, const domain::Event& event) {
  if (sequence < arguments.from) return false;
  if (arguments.group && domain::event_group(event.body) != *arguments.group) return false;
  if (arguments.types.empty()) return true;
  const std::string_view type = domain::event_name(event.body);
  return std::ranges::find(arguments.types, type) != arguments.types.end();
}

void print_event(const Context& context, Sequence sequence, const domain::Event& event,
                 const TopicNames& names) {
  if (context.json()) return print_json(event_json(sequence, event, names));
  print_text(
      fmt::format("{:>8}  {}  {:<18}  {}{}  [{}]\n", sequence, time_text(event.time_ms),
                  domain::event_name(event.body),
                  domain::event_group(event.body).empty()
                      ? std::string()
                      : fmt::format("group {}: ", printable(domain::event_group(event.body))),
                  printable(event_sentence(event, names)), printable(cause_text(event.cause))));
}

Outcome print_log(const Context& context, const LogArguments& arguments) {
  auto opened = open_journal(arguments.data_dir);
  if (!opened) return std::unexpected(opened.error());
  // Read from the first event on, so that topics have names.
  TopicNames names;
  std::optional<Error> wrong;
  const auto show = [&](std::uint64_t sequence, std::string_view bytes) {
    const auto event = codec::decode_event(bytes);
    if (!event) {
      wrong = undecodable(sequence, event.error().message);
      return false;
    }
    names.take_in(sequence, *event);
    if (is_wanted(arguments, sequence, *event)) print_event(context, sequence, *event, names);
    return true;
  };
  const Sequence last = std::min(arguments.to, opened->header.last_sequence);
  if (last < opened->header.first_sequence) return 0;
  const auto read = opened->reader.read(opened->header.first_sequence, last, show);
  if (wrong) return std::unexpected(*wrong);
  if (!read) return std::unexpected(journal_error(read.error().message));
  return 0;
}

}  // namespace

void add_journal_log(CLI::App& noun, Context& context) {
  CLI::App& command = add_command(
      noun, "log", "What happened: the events, one a line (--output json: one object a line)",
      "  muster journal log --data-dir /var/lib/muster --group billing --type MemberExpired");
  const auto arguments = std::make_shared<LogArguments>();
  add_data_dir_option(command, arguments->data_dir);
  command.add_option("--group", arguments->group, "Only this group's events")->type_name("NAME");
  command
      .add_option("--type", arguments->types,
                  "Only events of this type, as docs/events.md names them; may be given several "
                  "times")
      ->check(CLI::IsMember(event_type_names()).description(""))
      ->type_name("TYPE");
  command.add_option("--from", arguments->from, "From this sequence on")
      ->check(CLI::NonNegativeNumber.description(""))
      ->type_name("SEQ");
  command.add_option("--to", arguments->to, "Up to this sequence")
      ->check(CLI::NonNegativeNumber.description(""))
      ->type_name("SEQ");
  on_run(command, context, [&context, arguments] { return print_log(context, *arguments); });
}

}  // namespace muster::tools
