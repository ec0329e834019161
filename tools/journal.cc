// muster journal: questions to a journal, live or dead.
#include "tools/journal.h"

#include <fmt/format.h>

#include <memory>
#include <utility>

#include "tools/progress.h"

namespace muster::tools {
namespace {

// Whoever trims faster than this has next to no history.
constexpr int kMostAskings = 10;

}  // namespace

Error journal_error(std::string message) {
  return make_error(ErrorCode::kJournalUnreadable, std::move(message));
}

Error undecodable(Sequence sequence, const std::string& what) {
  return journal_error(fmt::format("The journal is corrupt at sequence {}: {}", sequence, what));
}

std::expected<OpenJournal, Error> open_journal(const std::string& data_dir) {
  const auto unreadable = [&](const journal::Error& error) {
    if (error.fault != journal::Fault::kCorrupt) return journal_error(error.message);
    return journal_error(fmt::format(
        "{}. What can be saved of it: muster journal repair --data-dir {}; or restore a backup",
        error.message, data_dir));
  };
  auto reader = journal::FileReader::open(data_dir);
  if (!reader) return std::unexpected(unreadable(reader.error()));
  auto header = reader->header();
  if (!header) return std::unexpected(unreadable(header.error()));
  return OpenJournal{.reader = std::move(*reader), .header = *header};
}

std::optional<Sequence> trimmed_meanwhile(journal::Reader& reader, Sequence next) {
  const auto now = reader.header();
  if (!now || now->first_sequence <= next) return std::nullopt;
  fmt::print(stderr, "muster: events {} to {} were trimmed meanwhile: going on from {}\n", next,
             now->first_sequence - 1, now->first_sequence);
  return now->first_sequence;
}

Outcome ask_journal(const std::string& data_dir, const std::function<Outcome(OpenJournal&)>& ask) {
  for (int attempt = 1;; ++attempt) {
    auto opened = open_journal(data_dir);
    if (!opened) return std::unexpected(opened.error());
    auto answered = ask(*opened);
    if (answered || attempt == kMostAskings) return answered;
    if (!trimmed_meanwhile(opened->reader, opened->header.first_sequence)) return answered;
  }
}

void add_data_dir_option(CLI::App& command, std::string& data_dir) {
  command
      .add_option("--data-dir", data_dir,
                  "The journal's directory: of a running musterd, of a dead one, or a copy")
      ->required()
      ->type_name("DIR");
}

std::function<void(Sequence, Sequence)> folding_progress(const char* what) {
  const auto progress = std::make_shared<Progress>(what, "events");
  return [progress](Sequence reached, Sequence last) { progress->show(reached, last); };
}

void add_journal_commands(CLI::App& app, Context& context) {
  CLI::App& noun =
      add_command(app, "journal", "Question a journal, copy it, or save what is good of it",
                  "  muster journal log --data-dir /var/lib/muster --group billing");
  noun.require_subcommand(1);
  add_journal_log(noun, context);
  add_journal_state(noun, context);
  add_journal_stats(noun, context);
  add_journal_verify(noun, context);
  add_journal_why(noun, context);
  add_journal_export(noun, context);
  add_journal_import(noun, context);
  add_journal_backup(noun, context);
  add_journal_compact(noun, context);
  add_journal_restore(noun, context);
  add_journal_repair(noun, context);
}

}  // namespace muster::tools
