// muster journal compact: makes the file as small as what it holds.
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include "journal/contents.h"
#include "journal/writer_lock.h"
#include "tools/journal.h"
#include "tools/journal_copy.h"
#include "tools/new_journal.h"
#include "tools/output.h"

namespace muster::tools {
namespace {

namespace fs = std::filesystem;

struct Sizes {
  std::uint64_t before_bytes = 0;
  std::uint64_t after_bytes = 0;
};

/// The same journal in a directory of its own, read back, with the same state.
Outcome write_copy(OpenJournal& from, const NewJournal& made) {
  auto builder = made.build(from.header);
  if (!builder) return std::unexpected(builder.error());
  const journal::Header& header = from.header;
  const auto copied = copy_journal(
      from.reader, {.first_sequence = header.first_sequence, .last_sequence = header.last_sequence},
      *builder);
  if (!copied) return std::unexpected(new_journal_error(copied.error()));
  if (auto finished = builder->finish(); !finished) {
    return std::unexpected(new_journal_error(finished.error()));
  }
  const auto state = verify_copy(made.draft_directory());
  if (!state) return std::unexpected(state.error());
  if (state->sequence == header.last_sequence) return 0;
  return std::unexpected(
      journal_error(fmt::format("The copy ends with sequence {}, the journal with {}.",
                                state->sequence, header.last_sequence)));
}

Error not_replaced(const fs::path& file, const std::string& what, int code) {
  return make_error(
      ErrorCode::kJournalUnwritable,
      fmt::format(
          "Cannot {} {}: {}. Nothing was changed: run the command as the user that owns the "
          "journal, or as root.",
          what, file.string(), std::strerror(code)));
}

/// The copy belongs to whom the journal belongs, whoever makes it: its daemon must be able to write
/// to it.
std::expected<void, Error> keep_owner(const fs::path& old_file, const fs::path& new_file) {
  struct stat before{};
  struct stat after{};
  if (::stat(old_file.c_str(), &before) != 0) {
    return std::unexpected(not_replaced(old_file, "look at", errno));
  }
  if (::stat(new_file.c_str(), &after) != 0) {
    return std::unexpected(not_replaced(new_file, "look at", errno));
  }
  const bool same_owner = before.st_uid == after.st_uid && before.st_gid == after.st_gid;
  if (!same_owner && ::chown(new_file.c_str(), before.st_uid, before.st_gid) != 0) {
    return std::unexpected(not_replaced(new_file, "give its owner to", errno));
  }
  if (::chmod(new_file.c_str(), before.st_mode & 07777) != 0) {
    return std::unexpected(not_replaced(new_file, "give its mode to", errno));
  }
  return {};
}

/// Where none was, this command has made one.
void keep_lock_usable(const fs::path& lock, const fs::path& data_file) {
  struct stat mine{};
  struct stat owner{};
  if (::stat(lock.c_str(), &mine) != 0 || ::stat(data_file.c_str(), &owner) != 0) return;
  if (mine.st_uid != ::geteuid() || mine.st_uid == owner.st_uid) return;
  // Without it the daemon says that it can't open the file.
  [[maybe_unused]] const int given = ::chown(lock.c_str(), owner.st_uid, owner.st_gid);
}

/// Puts the copy in the journal's place.
std::expected<Sizes, Error> replace(const std::string& data_dir, NewJournal& made) {
  const fs::path old_file = fs::path(data_dir) / journal::kDataFile;
  const fs::path new_file = fs::path(made.draft_directory()) / journal::kDataFile;
  if (auto kept = keep_owner(old_file, new_file); !kept) return std::unexpected(kept.error());
  std::error_code error;
  const Sizes sizes{.before_bytes = fs::file_size(old_file, error),
                    .after_bytes = fs::file_size(new_file, error)};
  if (auto placed = made.put_in_place(); !placed) return std::unexpected(placed.error());
  // Who reads the file as it was keeps its table of readers; whoever comes now makes a new one.
  fs::remove(fs::path(data_dir) / journal::kReadersFile, error);
  keep_lock_usable(fs::path(data_dir) / journal::kWriterLockFile, old_file);
  return sizes;
}

Outcome compact(const Context& context, const std::string& data_dir) {
  if (auto found = open_journal(data_dir); !found) return std::unexpected(found.error());
  const auto lock = journal::WriterLock::take(data_dir);
  if (!lock && lock.error().fault == journal::Fault::kInUse) {
    return std::unexpected(journal_error(fmt::format(
        "{}. Beside a running one, muster journal backup --data-dir {} --to NEW makes a compact "
        "copy.",
        lock.error().message, printable(data_dir))));
  }
  if (!lock) return std::unexpected(journal_error(lock.error().message));
  auto opened = open_journal(data_dir);  // as it is now that nobody writes to it
  if (!opened) return std::unexpected(opened.error());
  if (auto sound = opened->reader.check_structure(); !sound) {
    return std::unexpected(journal_error(sound.error().message));
  }
  auto made = NewJournal::instead_of(data_dir);
  if (!made) return std::unexpected(made.error());
  if (auto written = write_copy(*opened, *made); !written) return written;
  const auto sizes = replace(data_dir, *made);
  if (!sizes) return std::unexpected(sizes.error());
  if (context.json()) {
    print_json({{"data_dir", data_dir},
                {"before_bytes", sizes->before_bytes},
                {"after_bytes", sizes->after_bytes}});
    return 0;
  }
  print_text(fmt::format("Compacted the journal in {}: {}, before {}.\n", printable(data_dir),
                         bytes_text(static_cast<double>(sizes->after_bytes)),
                         bytes_text(static_cast<double>(sizes->before_bytes))));
  return 0;
}

}  // namespace

void add_journal_compact(CLI::App& noun, Context& context) {
  CLI::App& command = add_command(
      noun, "compact",
      "Make a journal's file as small as what it holds. musterd must not run meanwhile: beside a\n"
      "running one 'muster journal backup' makes a compact copy. Needs as much room as the "
      "journal\n"
      "holds; the copy is verified before it takes the journal's place.",
      "  muster journal compact --data-dir /var/lib/muster");
  const auto data_dir = std::make_shared<std::string>();
  command.add_option("--data-dir", *data_dir, "The journal's directory; its musterd is stopped")
      ->required()
      ->type_name("DIR");
  on_run(command, context, [&context, data_dir] { return compact(context, *data_dir); });
}

}  // namespace muster::tools
