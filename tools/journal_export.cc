// muster journal export: a journal as JSON lines, complete.
#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>

#include "codec/export_line.h"
#include "tools/journal.h"
#include "tools/output.h"
#include "tools/progress.h"

namespace muster::tools {
namespace {

struct ExportArguments {
  std::string data_dir;
  std::string file = "-";
};

struct CloseFile {
  void operator()(std::FILE* file) const {
    if (file != stdout) std::fclose(file);
  }
};

/// Writes line after line until something fails.
class Export {
 public:
  Export(journal::FileReader& reader, const journal::Header& header, std::FILE* to)
      : reader_(reader), header_(header), to_(to) {}

  std::expected<void, Error> run() {
    put(codec::ExportHead{.journal_id = journal::text(header_.journal_id),
                          .fence_base = header_.fence_base,
                          .boot = header_.boot,
                          .first_sequence = header_.first_sequence,
                          .last_sequence = header_.last_sequence});
    if (header_.first_sequence > 1) put_snapshot();
    if (!wrong_ && header_.first_sequence <= header_.last_sequence) put_records();
    if (!wrong_ && std::fflush(to_) != 0) wrong_ = unwritten();
    if (wrong_) return std::unexpected(*wrong_);
    return {};
  }

 private:
  /// False: stop, something went wrong.
  bool put(const codec::ExportLine& what) {
    auto line = text_.line(what);
    if (!line) {
      wrong_ = journal_error(line.error().message);
    } else {
      *line += '\n';
      if (std::fwrite(line->data(), 1, line->size(), to_) != line->size()) wrong_ = unwritten();
    }
    return !wrong_;
  }

  static Error unwritten() {
    return make_error(ErrorCode::kInternalError,
                      fmt::format("The export could not be written: {}. Make room, or check the "
                                  "pipe that standard output leads to.",
                                  std::strerror(errno)));
  }

  void note(const std::expected<void, journal::Error>& read) {
    if (!wrong_ && !read) wrong_ = journal_error(read.error().message);
  }

  /// The oldest: what was before it can't be known any more, and what came after follows from it.
  void put_snapshot() {
    const auto snapshots = reader_.snapshots();
    if (!snapshots) return note(std::unexpected(snapshots.error()));
    const journal::Snapshot* oldest = nullptr;
    for (const journal::Snapshot& snapshot : *snapshots) {
      if (oldest == nullptr && snapshot.sequence + 1 >= header_.first_sequence) oldest = &snapshot;
    }
    if (oldest == nullptr) {
      wrong_ = journal_error(fmt::format(
          "The journal begins with sequence {} and has no snapshot of what was before: nothing "
          "complete can be made of it.",
          header_.first_sequence));
      return;
    }
    note(reader_.read_snapshot(oldest->sequence, [&](std::uint64_t number, std::string_view bytes) {
      return put(codec::ExportChunk{.snapshot = oldest->sequence,
                                    .number = static_cast<std::uint32_t>(number),
                                    .bytes = std::string(bytes)});
    }));
    if (wrong_) return;
    put(codec::ExportSnapshot{.sequence = oldest->sequence,
                              .chunks = oldest->chunks,
                              .bytes = oldest->bytes,
                              .digest = oldest->digest,
                              .time_ms = oldest->time_ms});
  }

  void put_records() {
    EventsProgress progress("exported", header_.first_sequence, header_.last_sequence);
    note(reader_.read(header_.first_sequence, header_.last_sequence,
                      [&](std::uint64_t sequence, std::string_view bytes) {
                        progress.show(sequence);
                        return put(
                            codec::ExportEvent{.sequence = sequence, .bytes = std::string(bytes)});
                      }));
  }

  journal::FileReader& reader_;
  const journal::Header& header_;
  std::FILE* to_;
  codec::ExportText text_;
  std::optional<Error> wrong_;
};

Outcome export_journal(const ExportArguments& arguments, OpenJournal& opened) {
  const std::unique_ptr<std::FILE, CloseFile> to(
      arguments.file == "-" ? stdout : std::fopen(arguments.file.c_str(), "wx"));
  if (to == nullptr) {
    return std::unexpected(make_error(
        ErrorCode::kInvalidArgument,
        fmt::format(
            "Cannot make the file {}: {}. Name one that is not there yet, or - for standard "
            "output.",
            printable(arguments.file), std::strerror(errno))));
  }
  const auto written = Export(opened.reader, opened.header, to.get()).run();
  if (written) return 0;
  if (arguments.file != "-") std::remove(arguments.file.c_str());
  return std::unexpected(written.error());
}

/// What was printed can't be taken back.
Outcome print_export(const ExportArguments& arguments) {
  auto opened = open_journal(arguments.data_dir);
  if (!opened) return std::unexpected(opened.error());
  auto written = export_journal(arguments, *opened);
  if (written || !trimmed_meanwhile(opened->reader, opened->header.first_sequence)) return written;
  return std::unexpected(
      journal_error("History was trimmed while it was exported: what was written is not whole. "
                    "Export into a FILE, "
                    "which begins anew, or export a backup."));
}

}  // namespace

void add_journal_export(CLI::App& noun, Context& context) {
  CLI::App& command =
      add_command(noun, "export",
                  "Write a journal as JSON lines: who it is, the state that its history begins "
                  "with, every event.\n"
                  "'muster journal import' makes the same journal of it again.",
                  "  muster journal export --data-dir /var/lib/muster journal.jsonl");
  const auto arguments = std::make_shared<ExportArguments>();
  add_data_dir_option(command, arguments->data_dir);
  command
      .add_option("FILE", arguments->file,
                  "Where to: a new file, or - for standard output (default)")
      ->type_name("");
  on_run(command, context, [arguments] {
    if (arguments->file == "-") return print_export(*arguments);
    return ask_journal(arguments->data_dir,
                       [&](OpenJournal& opened) { return export_journal(*arguments, opened); });
  });
}

}  // namespace muster::tools
