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

struct Finding {
  std::uint64_t events = 0;
  Sequence first_sequence = 0;
  Sequence last_sequence = 0;
  Sequence first_bad_sequence = 0;  // 0: none in particular
  std::string state_digest;         // of a sound journal
  std::string wrong;                // empty: sound
};

Finding not_sound(Finding finding, std::string message, Sequence first_bad_sequence = 0) {
  finding.wrong = std::move(message);
  finding.first_bad_sequence = first_bad_sequence;
  return finding;
}

Finding verify(const std::string& data_dir) {
  Finding finding;
  auto reader = journal::FileReader::open(data_dir);
  if (!reader) return not_sound(finding, reader.error().message);
  const auto header = reader->header();
  if (!header) {
    return not_sound(finding, header.error().message, header.error().first_bad_sequence);
  }
  finding.first_sequence = header->first_sequence;
  finding.last_sequence = header->last_sequence;
  // A live daemon checked it when it started. To look at it beside the daemon would keep all of
  // its pages from being reused meanwhile, and the file would grow.
  if (!journal::has_writer(data_dir)) {
    if (const auto checked = reader->check_structure(); !checked) {
      return not_sound(finding, checked.error().message, checked.error().first_bad_sequence);
    }
  }
  // Not counted one by one: beside a live daemon that trims, the fold may begin again further on.
  const auto count = [&](const domain::State& state, const domain::Event&) {
    finding.events = state.sequence + 1 - header->first_sequence;
  };
  const auto state = coordinator::recover(
      *reader, *header,
      {.from = coordinator::RecoverFrom::kOldest, .progress = show_progress, .folded = count});
  if (!state) {
    return not_sound(finding, state.error().message, state.error().first_bad_sequence);
  }
  finding.state_digest = domain::digest_text(state->digest);
  return finding;
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
              {"state_digest", sound ? Json(finding.state_digest) : Json()}};
    if (!sound) json["message"] = finding.wrong;
    return print_json(json);
  }
  if (sound) {
    print_text(fmt::format("The journal is sound: {}, sequences {} to {}, state digest {}.\n",
                           counted(finding.events, "event"), finding.first_sequence,
                           finding.last_sequence, finding.state_digest));
  } else {
    const std::string good = finding.events == 0
                                 ? std::string("Its events were not checked.")
                                 : counted(finding.events, "event") + " before that are good.";
    print_text(fmt::format("The journal is NOT sound: {}\n{}\n", printable(finding.wrong), good));
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
    const Finding finding = verify(*data_dir);
    print_finding(context, finding);
    return finding.wrong.empty() ? kSound : kNotSound;
  });
}

}  // namespace muster::tools
