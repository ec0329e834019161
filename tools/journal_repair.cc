// muster journal repair: what can be saved of a damaged journal, and saving it.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "codec/event.h"
#include "coordinator/load_snapshot.h"
#include "domain/fold.h"
#include "journal/salvage_reader.h"
#include "journal/writer_lock.h"
#include "tools/journal.h"
#include "tools/progress.h"
#include "tools/restored_journal.h"

namespace muster::tools {
namespace {

struct RepairArguments {
  std::string data_dir;
  std::string to;
  bool execute = false;
  std::optional<std::uint32_t> quiet_time_ms;
};

/// A way to read the journal.
struct Source {
  std::unique_ptr<journal::Reader> reader;
  journal::Header header;
  std::vector<journal::Snapshot> snapshots;  // ascending
};

/// The last good state, and what leads to it.
struct Salvage {
  domain::State state;                        // its sequence is the last that is saved
  std::optional<journal::Snapshot> snapshot;  // that it begins with; nothing: with sequence 1
  std::string stopped_by;                     // empty: nothing of the state is lost
};

/// Folds what follows, as far as it is good.
void fold_on(const Source& source, Salvage& salvage) {
  salvage.stopped_by.clear();
  const Sequence from = salvage.state.sequence + 1;
  const Sequence to = source.header.last_sequence;
  if (from > to) return;
  EventsProgress progress("folded", from, to);
  const auto read = source.reader->read(from, to, [&](Sequence sequence, std::string_view bytes) {
    progress.show(sequence);
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
std::optional<Salvage> find_salvage(const Source& source) {
  std::optional<Salvage> best;
  if (source.header.first_sequence == 1) {
    best.emplace();
    best->state.fence_base = source.header.fence_base;
    fold_on(source, *best);
  }
  for (const journal::Snapshot& snapshot : source.snapshots) {
    if (best && snapshot.sequence <= best->state.sequence) continue;
    auto state = coordinator::load_snapshot(*source.reader, source.header, snapshot);
    if (!state) continue;  // damaged
    best.emplace(Salvage{.state = std::move(*state), .snapshot = snapshot, .stopped_by = {}});
    fold_on(source, *best);
  }
  return best;
}

/// History up to the snapshot, as far back as it is good without a gap.
struct History {
  Sequence first_sequence = 0;
  std::string damage;  // what ends it; empty: nothing does
};

History good_history(journal::Reader& reader, Sequence from, Sequence to) {
  History history{.first_sequence = from, .damage = {}};
  // Where much is damaged it is left in growing steps.
  for (Sequence step = 1; history.first_sequence <= to; step *= 2) {
    Sequence good = history.first_sequence;  // the first that was not yet read
    std::string wrong;
    const auto read =
        reader.read(history.first_sequence, to, [&](Sequence sequence, std::string_view bytes) {
          const auto event = codec::decode_event(bytes);
          if (!event) {
            wrong = fmt::format("event {}: {}", sequence, event.error().message);
            return false;
          }
          good = sequence + 1;
          return true;
        });
    if (read && wrong.empty()) break;
    if (history.damage.empty()) history.damage = read ? wrong : read.error().message;
    if (good > history.first_sequence) step = 1;
    history.first_sequence = std::min(good + step, to + 1);
  }
  return history;
}

struct Prognosis {
  Salvage salvage;
  CopyRange range;
  std::string damage;              // what is wrong; empty: nothing
  std::uint64_t lost_events = 0;   // of the state
  std::uint64_t lost_history = 0;  // events whose effect is saved
  bool scanned = false;            // the events were found without the pages that lead to them

  bool loses() const { return lost_events > 0 || lost_history > 0; }
  bool sound() const { return damage.empty() && !loses(); }
  bool saves_more_than(const Prognosis& other) const {
    if (range.last_sequence != other.range.last_sequence) {
      return range.last_sequence > other.range.last_sequence;
    }
    return range.first_sequence < other.range.first_sequence;
  }
};

/// Nothing: nothing can be saved like this.
std::optional<Prognosis> look(const Source& source) {
  auto salvage = find_salvage(source);
  if (!salvage) return std::nullopt;
  const journal::Header& header = source.header;
  Prognosis prognosis;
  prognosis.damage = salvage->stopped_by;
  prognosis.range = {.first_sequence = header.first_sequence,
                     .last_sequence = salvage->state.sequence,
                     .snapshots = std::vector<journal::Snapshot>{}};
  if (const auto& snapshot = salvage->snapshot) {
    prognosis.range.snapshots->push_back(*snapshot);
    if (snapshot->sequence >= header.first_sequence) {
      const History history =
          good_history(*source.reader, header.first_sequence, snapshot->sequence);
      prognosis.range.first_sequence = history.first_sequence;
      if (prognosis.damage.empty()) prognosis.damage = history.damage;
    } else {
      // What follows the snapshot is all there is.
      prognosis.range.first_sequence = snapshot->sequence + 1;
    }
  }
  prognosis.lost_events = header.last_sequence - prognosis.range.last_sequence;
  prognosis.lost_history = prognosis.range.first_sequence -
                           std::min(header.first_sequence, prognosis.range.first_sequence);
  prognosis.salvage = std::move(*salvage);
  return prognosis;
}

/// What is wrong though all of the state can be saved; empty when nothing is.
std::string harmless_damage(journal::FileReader& reader) {
  if (const auto sound = reader.check_structure(); !sound) return sound.error().message;
  const auto listed = reader.snapshots();
  if (!listed) return listed.error().message;
  for (const journal::Snapshot& snapshot : *listed) {
    const auto go_on = [](std::uint64_t, std::string_view) { return true; };
    const auto read = reader.read_snapshot(snapshot.sequence, go_on);
    if (!read) return read.error().message;
  }
  return {};
}

/// What can be saved, and how.
struct Rescue {
  Source source;
  Prognosis prognosis;
};

/// By the pages that lead to the events.
std::expected<Rescue, journal::Error> rescue_by_pages(const std::string& data_dir) {
  auto reader = journal::FileReader::open(data_dir);
  if (!reader) return std::unexpected(reader.error());
  const auto header = reader->header();
  if (!header) return std::unexpected(header.error());
  const auto snapshots = reader->sound_snapshots();
  if (!snapshots) return std::unexpected(snapshots.error());
  auto owned = std::make_unique<journal::FileReader>(std::move(*reader));
  journal::FileReader& file = *owned;
  Source source{.reader = std::move(owned), .header = *header, .snapshots = *snapshots};
  auto prognosis = look(source);
  if (!prognosis) {
    return std::unexpected(
        journal::Error{.fault = journal::Fault::kCorrupt,
                       .message = "neither its beginning nor a snapshot is good"});
  }
  if (prognosis->damage.empty()) prognosis->damage = harmless_damage(file);
  return Rescue{.source = std::move(source), .prognosis = std::move(*prognosis)};
}

/// Wherever they lie.
std::expected<Rescue, journal::Error> rescue_by_scan(const std::string& data_dir,
                                                     const std::string& damage) {
  Progress progress("looked through", "pages");
  auto reader = journal::SalvageReader::open(
      data_dir,
      [&](std::uint64_t pages, std::uint64_t of_pages) { progress.show(pages, of_pages); });
  if (!reader) return std::unexpected(reader.error());
  const auto header = reader->header();
  auto snapshots = reader->snapshots();
  if (!header || !snapshots) return std::unexpected(header ? snapshots.error() : header.error());
  Source source{.reader = std::make_unique<journal::SalvageReader>(std::move(*reader)),
                .header = *header,
                .snapshots = std::move(*snapshots)};
  auto prognosis = look(source);
  if (!prognosis) {
    return std::unexpected(
        journal::Error{.fault = journal::Fault::kCorrupt,
                       .message = "neither its beginning nor a snapshot is good"});
  }
  prognosis->damage = damage;  // this reader does not see what it does without
  prognosis->scanned = true;
  return Rescue{.source = std::move(source), .prognosis = std::move(*prognosis)};
}

std::expected<Rescue, Error> find_rescue(const std::string& data_dir) {
  auto by_pages = rescue_by_pages(data_dir);
  if (!by_pages && by_pages.error().fault != journal::Fault::kCorrupt) {
    return std::unexpected(journal_error(by_pages.error().message));
  }
  if (by_pages && !by_pages->prognosis.loses()) return std::move(*by_pages);
  const std::string damage = by_pages ? by_pages->prognosis.damage : by_pages.error().message;
  auto by_scan = rescue_by_scan(data_dir, damage);
  if (by_scan && (!by_pages || by_scan->prognosis.saves_more_than(by_pages->prognosis))) {
    return std::move(*by_scan);
  }
  if (by_pages) return std::move(*by_pages);
  return std::unexpected(
      journal_error(fmt::format("Nothing can be saved of the journal in {}: {}. Restore a backup.",
                                printable(data_dir), by_scan.error().message)));
}

std::string prognosis_text(const Prognosis& prognosis) {
  const CopyRange& range = prognosis.range;
  if (prognosis.sound()) {
    return "The journal is sound: there is nothing to repair, and nothing is lost.\n";
  }
  std::string text;
  if (prognosis.salvage.snapshot) {
    text = fmt::format("Good: the snapshot at sequence {}, and with it the state until {}.\n",
                       prognosis.salvage.snapshot->sequence, range.last_sequence);
  } else if (range.last_sequence == 0) {
    text = "Good: no event.\n";
  } else {
    text = fmt::format("Good: events {} to {}.\n", range.first_sequence, range.last_sequence);
  }
  if (!prognosis.damage.empty()) {
    text += fmt::format("Damaged: {}\n", printable(prognosis.damage));
  }
  if (prognosis.scanned) {
    text += "The pages that lead to the events are damaged: they were found one by one.\n";
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
  return {{"sound", prognosis.sound()},
          {"saved_from", prognosis.range.first_sequence},
          {"saved_to", prognosis.range.last_sequence},
          {"snapshot",
           prognosis.salvage.snapshot ? Json(prognosis.salvage.snapshot->sequence) : Json()},
          {"lost_events", prognosis.lost_events},
          {"lost_history", prognosis.lost_history},
          {"damage", prognosis.damage.empty() ? Json() : Json(prognosis.damage)},
          {"found_by_scan", prognosis.scanned}};
}

Outcome save(const Context& context, const RepairArguments& arguments, const Rescue& rescue) {
  const Prognosis& prognosis = rescue.prognosis;
  auto made = NewJournal::in(arguments.to);
  if (!made) return std::unexpected(made.error());
  const auto restored =
      make_restored(*rescue.source.reader, rescue.source.header, prognosis.salvage.state,
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
  const auto rescue = find_rescue(arguments.data_dir);
  if (!rescue) return std::unexpected(rescue.error());
  if (arguments.execute) return save(context, arguments, *rescue);
  const Prognosis& prognosis = rescue->prognosis;
  if (context.json()) {
    print_json(prognosis_json(prognosis));
    return 0;
  }
  print_text(prognosis_text(prognosis));
  if (!prognosis.sound()) {
    print_text(
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
