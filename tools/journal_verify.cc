// muster journal verify: is the journal sound? Structure of the file, gaps, checksums, and whether
// every event folds.
#include <fmt/format.h>

#include <memory>
#include <optional>
#include <utility>

#include "journal/writer_lock.h"
#include "tools/journal.h"
#include "tools/output.h"

namespace muster::tools {
namespace {

constexpr int kSound = 0;
constexpr int kNotSound = 1;
constexpr Sequence kFirstOfAll = 1;

struct Finding {
  std::uint64_t events = 0;
  Sequence first_sequence = 0;
  Sequence last_sequence = 0;
  Sequence first_bad_sequence = 0;  // 0: none in particular
  std::string state_digest;         // of a sound journal
  std::string wrong;                // empty: sound
  bool structure_checked = false;   // of the file; not beside a daemon
};

Finding not_sound(Finding finding, std::string message, Sequence first_bad_sequence = 0) {
  finding.wrong = std::move(message);
  finding.first_bad_sequence = first_bad_sequence;
  return finding;
}

std::expected<Finding, Error> verify(const std::string& data_dir) {
  Finding finding;
  auto reader = journal::FileReader::open(data_dir);
  // Where there is none, none is damaged.
  if (!reader && reader.error().fault == journal::Fault::kMissing) {
    return std::unexpected(journal_error(reader.error().message));
  }
  if (!reader) return not_sound(finding, reader.error().message);
  const auto header = reader->header();
  if (!header) {
    // It says where the records are: without it not even the first can be read.
    const bool damaged = header.error().fault == journal::Fault::kCorrupt;
    return not_sound(finding, header.error().message, damaged ? kFirstOfAll : 0);
  }
  finding.first_sequence = header->first_sequence;
  finding.last_sequence = header->last_sequence;
  // A live daemon checked it when it started. To look at it beside the daemon would keep all of
  // its pages from being reused meanwhile, and the file would grow.
  std::expected<void, journal::Error> structure;
  finding.structure_checked = !journal::has_writer(data_dir);
  if (finding.structure_checked) structure = reader->check_structure();
  // Damaged or not, the records are read one by one, to find the first one that is lost.
  // Beside a live daemon that trims the reading may begin again, further on: counted is what was
  // read of the journal as it then was.
  const auto count = [&](Sequence sequence) {
    if (sequence != finding.first_sequence + finding.events) {
      finding.first_sequence = sequence;
      finding.events = 0;
    }
    ++finding.events;
  };
  const auto state = coordinator::recover(*reader, *header,
                                          {.from = coordinator::RecoverFrom::kOldest,
                                           .progress = folding_progress("verified"),
                                           .folded = {},
                                           .checked = count});
  if (!state) {
    return not_sound(finding, state.error().message, state.error().first_bad_sequence);
  }
  if (!structure) return not_sound(finding, structure.error().message);
  finding.state_digest = domain::digest_text(state->digest);
  return finding;
}

/// Of a journal that is not sound: how much of it is.
std::string good_part(const Finding& finding) {
  const std::string events = counted(finding.events, "event");
  if (finding.first_bad_sequence != 0) {
    return fmt::format("The first bad sequence is {}; {} before it can be read.",
                       finding.first_bad_sequence, events);
  }
  if (finding.events == 0) return "Its events were not checked.";
  return fmt::format("All of its records can be read, {}, but nothing may be written to it.",
                     events);
}

void print_finding(const Context& context, const Finding& finding) {
  const bool sound = finding.wrong.empty();
  if (context.json()) {
    Json json{{"ok", sound},
              {"events", finding.events},
              {"first_sequence", finding.first_sequence},
              {"last_sequence", finding.last_sequence},
              {"first_bad_sequence",
               finding.first_bad_sequence == 0 ? Json() : Json(finding.first_bad_sequence)},
              {"state_digest", sound ? Json(finding.state_digest) : Json()},
              {"structure_checked", finding.structure_checked}};
    if (!sound) json["message"] = finding.wrong;
    return print_json(json);
  }
  if (sound) {
    print_text(fmt::format("The journal is sound: {}, sequences {} to {}, state digest {}.\n",
                           counted(finding.events, "event"), finding.first_sequence,
                           finding.last_sequence, finding.state_digest));
    if (!finding.structure_checked) {
      print_text(
          "Its musterd runs, and checked the structure of the file when it started; that was not "
          "done again.\n");
    }
  } else {
    print_text(fmt::format("The journal is NOT sound: {}\n{}\n", printable(finding.wrong),
                           good_part(finding)));
  }
}

}  // namespace

void add_journal_verify(CLI::App& noun, Context& context) {
  CLI::App& command = add_command(
      noun, "verify", "Is the journal sound? Exit status 0 yes, 1 no, whatever the file holds",
      "  muster journal verify --data-dir /var/lib/muster");
  const auto data_dir = std::make_shared<std::string>();
  add_data_dir_option(command, *data_dir);
  on_run(command, context, [&context, data_dir]() -> Outcome {
    const auto finding = verify(*data_dir);
    if (!finding) return std::unexpected(finding.error());
    print_finding(context, *finding);
    return finding->wrong.empty() ? kSound : kNotSound;
  });
}

}  // namespace muster::tools
