// What the commands of `muster journal` share: a journal in a directory, opened for reading.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <optional>
#include <string>

#include "coordinator/recover.h"
#include "journal/file_reader.h"
#include "tools/commands.h"

namespace muster::tools {

struct OpenJournal {
  journal::FileReader reader;
  journal::Header header;
};

/// Live, dead or a copy; never changes it.
std::expected<OpenJournal, Error> open_journal(const std::string& data_dir);

/// A journal that can't be read, as the command line reports it.
Error journal_error(std::string message);

/// A record that is no event.
Error undecodable(Sequence sequence, const std::string& what);

/// Where history begins by now, if a live daemon has trimmed it beyond `next` since; that is said
/// on stderr.
std::optional<Sequence> trimmed_meanwhile(journal::Reader& reader, Sequence next);

/// Opens the journal and asks it. Begins anew, and says so on stderr, when the asking failed
/// because a live daemon trimmed history meanwhile; so `ask` prints nothing before it has
/// succeeded.
Outcome ask_journal(const std::string& data_dir, const std::function<Outcome(OpenJournal&)>& ask);

void add_data_dir_option(CLI::App& command, std::string& data_dir);

/// For coordinator::RecoveryOptions: shows on stderr how far the folding of a long journal has
/// come.
std::function<void(Sequence reached, Sequence last)> folding_progress(const char* what = "folded");

void add_journal_log(CLI::App& noun, Context& context);
void add_journal_state(CLI::App& noun, Context& context);
void add_journal_stats(CLI::App& noun, Context& context);
void add_journal_verify(CLI::App& noun, Context& context);
void add_journal_why(CLI::App& noun, Context& context);
void add_journal_export(CLI::App& noun, Context& context);
void add_journal_import(CLI::App& noun, Context& context);
void add_journal_backup(CLI::App& noun, Context& context);
void add_journal_compact(CLI::App& noun, Context& context);
void add_journal_restore(CLI::App& noun, Context& context);
void add_journal_repair(CLI::App& noun, Context& context);

}  // namespace muster::tools
