// muster journal repair: what can be saved of a damaged journal, and saving it.
#include <fmt/format.h>

#include <limits>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "codec/event.h"
#include "coordinator/load_snapshot.h"
#include "domain/fold.h"
#include "journal/writer_lock.h"
#include "tools/journal.h"
#include "tools/restored_journal.h"

namespace muster::tools {
namespace {

struct RepairArguments {
  std::string data_dir;
  std::string to;
  bool execute = false;
  std::optional<std::uint32_t> quiet_time_ms;
};

/// The last good state, and what leads to it.
struct Salvage {
  domain::State state;                        // its sequence is the last that is saved
  std::optional<journal::Snapshot> snapshot;  // that it begins with; nothing: with sequence 1
  std::string stopped_by;                     // empty: nothing of the state is lost
};

/// Folds what follows, as far as it is good.
void fold_on(journal::Reader& reader, const journal::Header& header, Salvage& salvage) {
  salvage.stopped_by.clear();
  if (salvage.state.sequence >= header.last_sequence) return;
  const auto read = reader.read(
      salvage.state.sequence + 1, header.last_sequence,
      [&](std::uint64_t sequence, std::string_view bytes) {
        const auto event = codec::decode_event(bytes);
        if (!event) {
          salvage.stopped_by = fmt::format("event {}: {}", sequence, event.error().message);
          return false;
        }
        // One that does not fold may leave traces: of the state only the sequence and the leases
        // are used, and what is saved is folded again.
        const auto folded = domain::fold(salvage.state, sequence, *event);
        if (!folded) {
          salvage.stopped_by = fmt::format("event {} ({}) does not fold: {}", sequence,
                                           folded.error().event, folded.error().message);
        }
        return folded.has_value();
      });
  if (!read && salvage.stopped_by.empty()) salvage.stopped_by = read.error().message;
}

/// The beginning, or the snapshot, from which the highest sequence is reached. Of those that reach
/// the same the earliest, which has most history: whatever stops one stops those before it too.
std::optional<Salvage> find_salvage(journal::FileReader& reader, const journal::Header& header) {
  std::optional<Salvage> best;
  if (header.first_sequence == 1) {
    best.emplace();
    best->state.fence_base = header.fence_base;
    fold_on(reader, header, *best);
  }
  const auto snapshots = reader.sound_snapshots();
  if (!snapshots) return best;
  for (const journal::Snapshot& snapshot : *snapshots) {
    if (best && snapshot.sequence <= best->state.sequence) continue;
    auto state = coordinator::load_snapshot(reader, header, snapshot);
    if (!state) continue;  // damaged
    best.emplace(Salvage{.state = std::move(*state), .snapshot = snapshot, .stopped_by = {}});
    fold_on(reader, header, *best);
  }
  return best;
}

/// History before the snapshot is kept when it is good.
CopyRange range_of(journal::Reader& reader, const journal::Header& header, const Salvage& salvage) {
  CopyRange range{.first_sequence = header.first_sequence,
                  .last_sequence = salvage.state.sequence,
                  .snapshots = std::vector<journal::Snapshot>{}};
  if (!salvage.snapshot) return range;
  const Sequence begins_at = salvage.snapshot->sequence;
  range.snapshots->push_back(*salvage.snapshot);
  if (begins_at < header.first_sequence) return range;
  const auto go_on = [](std::uint64_t, std::string_view) { return true; };
  if (!reader.read(header.first_sequence, begins_at, go_on)) range.first_sequence = begins_at + 1;
  return range;
}

struct Prognosis {
  Salvage salvage;
  CopyRange range;
  std::uint64_t lost_events = 0;   // of the state
  std::uint64_t lost_history = 0;  // events whose effect is saved
};

/// What is wrong though all of the state can be saved; empty when nothing is.
std::string harmless_damage(journal::FileReader& reader) {
  if (const auto sound = reader.check_structure(); !sound) return sound.error().message;
  if (const auto listed = reader.snapshots(); !listed) return listed.error().message;
  return {};
}

std::expected<Prognosis, Error> look(OpenJournal& opened, const std::string& data_dir) {
  auto salvage = find_salvage(opened.reader, opened.header);
  if (!salvage) {
    return std::unexpected(journal_error(fmt::format(
        "Nothing can be saved of the journal in {}: neither its beginning nor a snapshot "
        "is good. Restore a backup.",
        printable(data_dir))));
  }
  const CopyRange range = range_of(opened.reader, opened.header, *salvage);
  const Sequence reached = salvage->state.sequence;
  return Prognosis{.salvage = std::move(*salvage),
                   .range = range,
                   .lost_events = opened.header.last_sequence - reached,
                   .lost_history = range.first_sequence - opened.header.first_sequence};
}

std::string prognosis_text(const Prognosis& prognosis) {
  const CopyRange& range = prognosis.range;
  std::string text =
      !prognosis.salvage.snapshot
          ? fmt::format("Good: events {} to {}.\n", range.first_sequence, range.last_sequence)
          : fmt::format("Good: the snapshot at sequence {}, and with it the state until {}.\n",
                        prognosis.salvage.snapshot->sequence, range.last_sequence);
  if (!prognosis.salvage.stopped_by.empty()) {
    text += fmt::format("Damaged: {}\n", printable(prognosis.salvage.stopped_by));
  }
  if (prognosis.lost_history > 0) {
    text += fmt::format("Lost history: {} before {}; all that they brought about is saved.\n",
                        counted(prognosis.lost_history, "event"), range.first_sequence);
  }
  return text + (prognosis.lost_events > 0
                     ? fmt::format("LOST: {} after {}, with all that they brought about.\n",
                                   counted(prognosis.lost_events, "event"), range.last_sequence)
                     : std::string("Nothing of the state is lost.\n"));
}

Json prognosis_json(const Prognosis& prognosis) {
  return {{"saved_from", prognosis.range.first_sequence},
          {"saved_to", prognosis.range.last_sequence},
          {"snapshot",
           prognosis.salvage.snapshot ? Json(prognosis.salvage.snapshot->sequence) : Json()},
          {"lost_events", prognosis.lost_events},
          {"lost_history", prognosis.lost_history},
          {"damage",
           prognosis.salvage.stopped_by.empty() ? Json() : Json(prognosis.salvage.stopped_by)}};
}

Outcome save(const Context& context, const RepairArguments& arguments, OpenJournal& opened,
             const Prognosis& prognosis) {
  auto made = NewJournal::in(arguments.to);
  if (!made) return std::unexpected(made.error());
  const auto restored =
      make_restored(opened.reader, opened.header, prognosis.salvage.state,
                    {.range = prognosis.range, .quiet_time_ms = arguments.quiet_time_ms}, *made);
  if (!restored) return std::unexpected(restored.error());
  if (context.json()) {
    Json json = prognosis_json(prognosis);
    json["data_dir"] = arguments.to;
    put_restored(json, *restored);
    print_json(json);
  } else {
    print_text(prognosis_text(prognosis) +
               fmt::format("Saved into {}; {} is as it was.\n", printable(arguments.to),
                           printable(arguments.data_dir)) +
               restored_text(*restored));
  }
  return 0;
}

Outcome repair(const Context& context, const RepairArguments& arguments) {
  if (arguments.execute && arguments.to.empty()) {
    return std::unexpected(make_error(ErrorCode::kInvalidArgument,
                                      "--execute needs --to NEWDIR: what can be saved goes into a "
                                      "new directory, and the damaged journal stays as it is."));
  }
  if (journal::has_writer(arguments.data_dir)) {
    return std::unexpected(journal_error(
        fmt::format("A musterd writes to {}: stop it first. Whether its journal is sound, muster "
                    "journal verify says beside it.",
                    printable(arguments.data_dir))));
  }
  auto opened = open_journal(arguments.data_dir);
  if (!opened) return std::unexpected(opened.error());
  auto prognosis = look(*opened, arguments.data_dir);
  if (!prognosis) return std::unexpected(prognosis.error());
  if (prognosis->salvage.stopped_by.empty()) {
    prognosis->salvage.stopped_by = harmless_damage(opened->reader);
  }
  if (arguments.execute) return save(context, arguments, *opened, *prognosis);
  if (context.json()) {
    print_json(prognosis_json(*prognosis));
  } else {
    print_text(
        prognosis_text(*prognosis) +
        "Nothing was changed. To save what is good into a new journal: muster journal repair "
        "--data-dir " +
        printable(arguments.data_dir) + " --to NEWDIR --execute\n");
  }
  return 0;
}

}  // namespace

void add_journal_repair(CLI::App& noun, Context& context) {
  CLI::App& command = add_command(
      noun, "repair",
      "Show what can be saved of a damaged journal and what would be lost; told so explicitly, "
      "save\n"
      "the last good state into a new directory, as a restore does: with a new id, higher tokens "
      "and\n"
      "a quiet time. The damaged journal is never changed.",
      "  muster journal repair --data-dir /var/lib/muster --to /var/lib/muster-new --execute");
  const auto arguments = std::make_shared<RepairArguments>();
  add_data_dir_option(command, arguments->data_dir);
  command.add_option("--to", arguments->to, "Where to save: a new or empty directory")
      ->type_name("DIR");
  command.add_flag("--execute", arguments->execute, "Do it; otherwise nothing is written");
  add_quiet_time_option(command, arguments->quiet_time_ms);
  on_run(command, context, [&context, arguments] { return repair(context, *arguments); });
}

}  // namespace muster::tools
