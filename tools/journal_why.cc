// muster journal why: a partition's story, from the journal of a live or dead daemon.
#include <fmt/format.h>

#include <memory>

#include "codec/event.h"
#include "tools/arguments.h"
#include "tools/folded_journal.h"
#include "tools/journal.h"
#include "tools/why_view.h"

namespace muster::tools {
namespace {

struct WhyArguments {
  std::string data_dir;
  std::string group;
  std::optional<PartitionArgument> at;
};

/// What the events cannot tell any more, if the journal was trimmed.
std::expected<void, Error> recall_beginning(OpenJournal& opened, const WhyArguments& arguments,
                                            Story& story) {
  const journal::Header& header = opened.header;
  if (header.first_sequence <= 1) return {};
  const auto state =
      coordinator::recover(opened.reader, header, {.progress = folding_progress(), .folded = {}});
  if (!state) return std::unexpected(journal_error(state.error().message));
  FoldedJournal journal(*state);
  const auto memory =
      Recollection(journal, arguments.group, *arguments.at).gather(header.first_sequence);
  if (!memory) return std::unexpected(memory.error());
  story.recall(*memory);
  return {};
}

Outcome tell_story(const Context& context, const WhyArguments& arguments, OpenJournal& opened) {
  Story story(arguments.group, arguments.at->topic, arguments.at->partition);
  if (auto recalled = recall_beginning(opened, arguments, story); !recalled) {
    return std::unexpected(recalled.error());
  }
  std::optional<Error> wrong;
  const auto take = [&](std::uint64_t sequence, std::string_view bytes) {
    const auto event = codec::decode_event(bytes);
    if (event) {
      story.take(sequence, *event);
    } else {
      wrong = undecodable(sequence, event.error().message);
    }
    return event.has_value();
  };
  const journal::Header& header = opened.header;
  if (header.first_sequence <= header.last_sequence) {
    const auto read = opened.reader.read(header.first_sequence, header.last_sequence, take);
    if (wrong) return std::unexpected(std::move(*wrong));
    if (!read) return std::unexpected(journal_error(read.error().message));
  }
  return print_story(context, story);
}

}  // namespace

void add_journal_why(CLI::App& noun, Context& context) {
  CLI::App& command = add_command(
      noun, "why", "Why a partition is where it is: as 'muster group why', without a server",
      "  muster journal why billing outbox/3 --data-dir /var/lib/muster");
  const auto arguments = std::make_shared<WhyArguments>();
  add_data_dir_option(command, arguments->data_dir);
  add_group_argument(command, arguments->group);
  add_partition_argument(command, arguments->at)->required();
  on_run(command, context, [&context, arguments] {
    return ask_journal(arguments->data_dir, [&](OpenJournal& opened) {
      return tell_story(context, *arguments, opened);
    });
  });
}

}  // namespace muster::tools
