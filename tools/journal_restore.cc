// muster journal restore: a journal that musterd may serve, made of a backup.
#include <fmt/format.h>

#include <memory>
#include <utility>

#include "journal/writer_lock.h"
#include "tools/journal.h"
#include "tools/restored_journal.h"

namespace muster::tools {
namespace {

struct RestoreArguments {
  std::string backup;
  std::string data_dir;
  std::optional<std::uint32_t> quiet_time_ms;
};

Outcome restore(const Context& context, const RestoreArguments& arguments) {
  if (journal::has_writer(arguments.backup)) {
    return std::unexpected(journal_error(
        fmt::format("A musterd writes to {}: a restore needs a copy that is at rest. Make one with "
                    "muster journal backup --data-dir {} --to DIR.",
                    printable(arguments.backup), printable(arguments.backup))));
  }
  auto opened = open_journal(arguments.backup);
  if (!opened) return std::unexpected(opened.error());
  const journal::Header& header = opened->header;
  const auto state = coordinator::recover(opened->reader, header, {.progress = folding_progress()});
  if (!state) {
    return std::unexpected(
        journal_error(fmt::format("{} What can be saved of it: muster journal repair --data-dir {}",
                                  state.error().message, printable(arguments.backup))));
  }
  auto made = NewJournal::in(arguments.data_dir);
  if (!made) return std::unexpected(made.error());
  const auto restored = make_restored(
      opened->reader, header, *state,
      {.range = {.first_sequence = header.first_sequence, .last_sequence = header.last_sequence},
       .quiet_time_ms = arguments.quiet_time_ms},
      *made);
  if (!restored) return std::unexpected(restored.error());
  if (context.json()) {
    Json json{{"data_dir", arguments.data_dir},
              {"former_journal_id", journal::text(header.journal_id)}};
    put_restored(json, *restored);
    print_json(json);
  } else {
    print_text(fmt::format("Restored journal {} from {} to {}.\n", journal::text(header.journal_id),
                           printable(arguments.backup), printable(arguments.data_dir)) +
               restored_text(*restored));
  }
  return 0;
}

}  // namespace

void add_journal_restore(CLI::App& noun, Context& context) {
  CLI::App& command = add_command(
      noun, "restore",
      "Make a journal that musterd may serve of a backup, or of a plain copy of a data directory.\n"
      "It has an id of its own and higher tokens, and begins with a quiet time, so that workers "
      "that\n"
      "went on since the backup are fenced and never share a partition with new ones.",
      "  muster journal restore /backup/muster-2026-11-24 --data-dir /var/lib/muster-new");
  const auto arguments = std::make_shared<RestoreArguments>();
  command.add_option("BACKUP", arguments->backup, "The backup's directory; it is not changed")
      ->required()
      ->type_name("");
  command.add_option("--data-dir", arguments->data_dir, "Of the new journal: new, or empty")
      ->required()
      ->type_name("DIR");
  add_quiet_time_option(command, arguments->quiet_time_ms);
  on_run(command, context, [&context, arguments] { return restore(context, *arguments); });
}

}  // namespace muster::tools
