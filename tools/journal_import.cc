// muster journal import: the journal that an export was made of.
#include <fmt/format.h>

#include <charconv>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>

#include "codec/export_line.h"
#include "tools/journal.h"
#include "tools/journal_copy.h"
#include "tools/new_journal.h"
#include "tools/output.h"
#include "tools/progress.h"

namespace muster::tools {
namespace {

struct ImportArguments {
  std::string file;
  std::string data_dir;
};

std::optional<journal::JournalId> journal_id_of(std::string_view text) {
  journal::JournalId id{};
  if (text.size() != 2 * id.size()) return std::nullopt;
  for (std::size_t i = 0; i < id.size(); ++i) {
    const char* const digits = text.data() + 2 * i;
    const auto read = std::from_chars(digits, digits + 2, id[i], 16);
    if (read.ec != std::errc() || read.ptr != digits + 2) return std::nullopt;
  }
  return id;
}

/// One import, line by line.
class Import {
 public:
  Import(std::istream& from, NewJournal& made) : from_(from), made_(made) {}

  std::expected<journal::Header, Error> run() {
    std::string text;
    while (!wrong_ && std::getline(from_, text)) {
      ++number_;
      if (from_.eof()) {
        fail("the line has no end: the file was cut off");
        break;
      }
      if (auto line = text_.parse(text)) {
        std::visit([this](const auto& what) { take(what); }, *line);
      } else {
        fail(line.error().message);
      }
    }
    ++number_;
    if (!wrong_) end();
    if (wrong_) return std::unexpected(*wrong_);
    return builder_->header();
  }

 private:
  void fail(const std::string& why) {
    wrong_ = make_error(ErrorCode::kInvalidImport,
                        fmt::format("Line {}: {}. Nothing was imported; export the journal again.",
                                    number_, printable(why)));
  }
  void note(const std::expected<void, journal::Error>& put) {
    if (!put) wrong_ = new_journal_error(put.error());
  }

  void take(const codec::ExportHead& head) {
    if (builder_) return fail("a second first line");
    const auto id = journal_id_of(head.journal_id);
    if (!id) return fail("the journal's id has not 32 hexadecimal digits");
    if (head.first_sequence == 0 || head.last_sequence + 1 < head.first_sequence) {
      return fail("its first and last sequence contradict each other");
    }
    last_sequence_ = head.last_sequence;
    progress_.emplace("imported", head.first_sequence, head.last_sequence);
    auto builder = made_.build({.journal_id = *id,
                                .fence_base = head.fence_base,
                                .boot = head.boot,
                                .first_sequence = head.first_sequence,
                                .backup = true});
    if (!builder) {
      wrong_ = builder.error();
    } else {
      builder_.emplace(std::move(*builder));
    }
  }

  void take(const codec::ExportChunk& chunk) {
    if (!builder_) return fail("the first line must say which journal it is");
    if (snapshot_done_ || has_records()) return fail("a snapshot's chunk out of its place");
    if (chunk.number != chunks_ || (chunks_ > 0 && chunk.snapshot != snapshot_)) {
      return fail(fmt::format("chunk {} of the snapshot was expected", chunks_));
    }
    snapshot_ = chunk.snapshot;
    bytes_ += chunk.bytes.size();
    note(builder_->put_snapshot_chunk(snapshot_, chunks_++, chunk.bytes));
  }

  void take(const codec::ExportSnapshot& snapshot) {
    if (!builder_ || snapshot_done_ || has_records()) return fail("a snapshot out of its place");
    if (snapshot.chunks != chunks_ || snapshot.bytes != bytes_ || snapshot.sequence != snapshot_) {
      return fail("the snapshot is not of the chunks before it");
    }
    snapshot_done_ = true;
    note(builder_->put_snapshot({.sequence = snapshot.sequence,
                                 .chunks = snapshot.chunks,
                                 .bytes = snapshot.bytes,
                                 .digest = snapshot.digest,
                                 .time_ms = snapshot.time_ms}));
  }

  void take(const codec::ExportEvent& event) {
    if (!builder_) return fail("the first line must say which journal it is");
    const Sequence expected = builder_->header().last_sequence + 1;
    if (event.sequence != expected || expected > last_sequence_) {
      return fail(fmt::format("event {} was not expected here: {}", event.sequence,
                              expected > last_sequence_
                                  ? "the first line says that there are no more"
                                  : fmt::format("{} is next", expected)));
    }
    if (expected > 1 && !has_records() && !snapshot_done_) {
      return fail(
          "the history does not begin with sequence 1, and no snapshot says what was before");
    }
    progress_->show(expected);
    note(builder_->append(event.bytes));
  }

  void end() {
    if (from_.bad()) return fail("it could not be read");
    if (!builder_) return fail("the export is empty");
    const Sequence reached = builder_->header().last_sequence;
    if (reached != last_sequence_) {
      return fail(fmt::format("the export ends with sequence {}, but should reach {}", reached,
                              last_sequence_));
    }
    note(builder_->finish());
  }

  bool has_records() const {
    return builder_->header().last_sequence + 1 > builder_->header().first_sequence;
  }

  std::istream& from_;
  NewJournal& made_;
  codec::ExportText text_;
  std::uint64_t number_ = 0;  // of the line
  std::optional<journal::Builder> builder_;
  std::optional<Error> wrong_;
  Sequence last_sequence_ = 0;
  Sequence snapshot_ = 0;
  std::uint32_t chunks_ = 0;
  std::uint64_t bytes_ = 0;
  bool snapshot_done_ = false;
  std::optional<EventsProgress> progress_;
};

Outcome import_journal(const Context& context, const ImportArguments& arguments) {
  std::ifstream file;
  if (arguments.file != "-") {
    file.open(arguments.file, std::ios::binary);
    if (!file) {
      return std::unexpected(make_error(
          ErrorCode::kInvalidArgument,
          fmt::format("Cannot read the file {}: name one that muster journal export has written, "
                      "or - for standard input.",
                      printable(arguments.file))));
    }
  }
  auto made = NewJournal::in(arguments.data_dir);
  if (!made) return std::unexpected(made.error());
  const auto header = Import(arguments.file == "-" ? std::cin : file, *made).run();
  if (!header) return std::unexpected(header.error());
  const auto state = verify_copy(made->draft_directory());
  if (!state) return std::unexpected(make_error(ErrorCode::kInvalidImport, state.error().message));
  if (auto placed = made->put_in_place(); !placed) return std::unexpected(placed.error());
  if (context.json()) {
    Json json = copy_json(*header, *state);
    json["data_dir"] = arguments.data_dir;
    print_json(json);
    return 0;
  }
  print_text(
      fmt::format("Imported journal {} into {}: {}.\n"
                  "It is a backup: to serve it, muster journal restore {} --data-dir NEW\n",
                  journal::text(header->journal_id), printable(arguments.data_dir),
                  copy_text(*header, *state), printable(arguments.data_dir)));
  return 0;
}

}  // namespace

void add_journal_import(CLI::App& noun, Context& context) {
  CLI::App& command = add_command(
      noun, "import",
      "Make the journal again that an export was made of, with the same state and sequences.\n"
      "It is a backup: workers may have gone on since. 'muster journal restore' makes it serve.",
      "  muster journal import journal.jsonl --data-dir /backup/muster");
  const auto arguments = std::make_shared<ImportArguments>();
  command.add_option("FILE", arguments->file, "An export, or - for standard input")
      ->required()
      ->type_name("");
  command.add_option("--data-dir", arguments->data_dir, "Of the new journal: new, or empty")
      ->required()
      ->type_name("DIR");
  on_run(command, context, [&context, arguments] { return import_journal(context, *arguments); });
}

}  // namespace muster::tools
