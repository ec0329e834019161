// muster journal backup: a copy of a journal, live or dead, as of one sequence.
#include <fmt/format.h>

#include <memory>
#include <utility>

#include "tools/journal.h"
#include "tools/journal_copy.h"
#include "tools/new_journal.h"
#include "tools/output.h"

namespace muster::tools {
namespace {

// A journal whose history is trimmed faster than it is copied can't be backed up like this.
constexpr int kMostAttempts = 10;

struct BackupArguments {
  std::string data_dir;
  std::string to;
};

/// Nothing: history was trimmed meanwhile, and the copy must begin anew.
std::expected<std::optional<journal::Header>, Error> try_to_copy(OpenJournal& opened,
                                                                 const NewJournal& made) {
  const journal::Header& header = opened.header;
  journal::Header marked = header;
  marked.backup = true;
  auto builder = made.build(marked);
  if (!builder) return std::unexpected(builder.error());
  const auto copied = copy_journal(
      opened.reader,
      {.first_sequence = header.first_sequence, .last_sequence = header.last_sequence}, *builder);
  if (!copied) {
    if (copied.error().fault == journal::Fault::kMissing) return std::nullopt;
    return std::unexpected(new_journal_error(copied.error()));
  }
  if (auto finished = builder->finish(); !finished) {
    return std::unexpected(new_journal_error(finished.error()));
  }
  return builder->header();
}

std::expected<journal::Header, Error> copy_consistently(const std::string& data_dir,
                                                        const NewJournal& made) {
  for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
    auto opened = open_journal(data_dir);
    if (!opened) return std::unexpected(opened.error());
    auto copied = try_to_copy(*opened, made);
    if (!copied) return std::unexpected(copied.error());
    if (*copied) return **copied;
    fmt::print(stderr,
               "muster: history was trimmed meanwhile: beginning again from what is left\n");
  }
  return std::unexpected(journal_error(
      fmt::format("The history of the journal in {} is trimmed faster than it can be copied to {}: "
                  "keep more of it, or back up when less is going on.",
                  data_dir, made.directory())));
}

Outcome back_up(const Context& context, const BackupArguments& arguments) {
  auto source = open_journal(arguments.data_dir);
  if (!source) return std::unexpected(source.error());
  auto made = NewJournal::in(arguments.to);
  if (!made) return std::unexpected(made.error());
  const auto header = copy_consistently(arguments.data_dir, *made);
  if (!header) return std::unexpected(header.error());
  const auto state = verify_copy(made->draft_directory());
  if (!state) return std::unexpected(state.error());
  if (auto placed = made->put_in_place(); !placed) return std::unexpected(placed.error());
  if (context.json()) {
    Json json = copy_json(*header, *state);
    json["backup"] = arguments.to;
    print_json(json);
    return 0;
  }
  print_text(
      fmt::format("Backed up journal {} to {}: {}.\n"
                  "To serve it: muster journal restore {} --data-dir NEW\n",
                  journal::text(header->journal_id), printable(arguments.to),
                  copy_text(*header, *state, "verified, "), printable(arguments.to)));
  return 0;
}

}  // namespace

void add_journal_backup(CLI::App& noun, Context& context) {
  CLI::App& command = add_command(
      noun, "backup",
      "Copy a journal, beside its daemon or without it, as it is at one sequence.\n"
      "The copy is verified, and compact: it has no free pages. musterd does not serve it:\n"
      "'muster journal restore' makes a journal of it that it does.",
      "  muster journal backup --data-dir /var/lib/muster --to /backup/muster-2026-11-24");
  const auto arguments = std::make_shared<BackupArguments>();
  add_data_dir_option(command, arguments->data_dir);
  command.add_option("--to", arguments->to, "The copy's directory: new, or empty")
      ->required()
      ->type_name("DIR");
  on_run(command, context, [&context, arguments] { return back_up(context, *arguments); });
}

}  // namespace muster::tools
