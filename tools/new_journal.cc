#include "tools/new_journal.h"

#include <fmt/format.h>

#include <filesystem>
#include <utility>
#include <vector>

#include "journal/contents.h"
#include "journal/create.h"
#include "tools/journal.h"

namespace muster::tools {

namespace fs = std::filesystem;

Error unwritable_error(const std::string& what) {
  return make_error(
      ErrorCode::kJournalUnwritable,
      fmt::format("{}. Make room there, or name a directory that you may write to.", what));
}

Error new_journal_error(const journal::Error& error) {
  if (error.fault == journal::Fault::kExists) {
    return make_error(ErrorCode::kJournalExists, error.message);
  }
  if (error.fault == journal::Fault::kUnwritable) return unwritable_error(error.message);
  return journal_error(error.message);
}

std::expected<NewJournal, Error> NewJournal::in(const std::string& directory) {
  // Nothing is read there: either no file can be made, or something is there already.
  const auto refused = [](const journal::Error& error) {
    return std::unexpected(error.fault == journal::Fault::kSystem
                               ? unwritable_error(error.message)
                               : make_error(ErrorCode::kJournalExists, error.message));
  };
  if (auto free = journal::refuse_occupied(directory); !free) return refused(free.error());
  const auto there = journal::path_exists(directory);
  if (!there) return refused(there.error());
  if (auto created = journal::create_directory(directory); !created) {
    return refused(created.error());
  }
  auto lock = journal::WriterLock::take(directory);
  if (!lock) return refused(lock.error());
  NewJournal made(directory, !*there, std::move(*lock));
  if (auto begun = made.begin(); !begun) return std::unexpected(begun.error());
  return made;
}

std::expected<NewJournal, Error> NewJournal::instead_of(const std::string& directory) {
  NewJournal made(directory, false, std::nullopt);
  if (auto begun = made.begin(); !begun) return std::unexpected(begun.error());
  return made;
}

std::expected<void, Error> NewJournal::begin() {
  const std::string data = fmt::format("{}/{}", draft_directory(), journal::kDataFile);
  std::vector<std::string> files{data, data + ".new",
                                 fmt::format("{}/{}", draft_directory(), journal::kReadersFile)};
  std::vector<std::string> directories{draft_directory()};
  if (made_) {
    files.push_back(fmt::format("{}/{}", directory_, journal::kWriterLockFile));
    directories.push_back(directory_);
  }
  interrupted_ = std::make_unique<InterruptedFiles>(std::move(files), std::move(directories));
  std::error_code error;
  fs::remove_all(draft_directory(), error);  // of one that was interrupted
  if (!error) fs::create_directory(draft_directory(), error);
  if (!error) return {};
  return std::unexpected(
      unwritable_error(fmt::format("cannot make {}: {}", draft_directory(), error.message())));
}

NewJournal::NewJournal(NewJournal&& other) noexcept
    : directory_(std::move(other.directory_)),
      made_(other.made_),
      kept_(std::exchange(other.kept_, true)),
      lock_(std::move(other.lock_)),
      interrupted_(std::move(other.interrupted_)) {}

NewJournal::~NewJournal() {
  if (kept_) return;
  std::error_code error;
  fs::remove_all(draft_directory(), error);
  // The lock's file in a directory that was there before may be another program's next.
  if (made_) fs::remove_all(directory_, error);
}

std::string NewJournal::draft_directory() const { return directory_ + "/unfinished"; }

std::expected<journal::Builder, Error> NewJournal::build(const journal::Header& header) const {
  std::error_code error;
  fs::remove(fs::path(draft_directory()) / journal::kDataFile, error);
  auto builder = journal::Builder::begin(draft_directory(), header);
  if (!builder) return std::unexpected(new_journal_error(builder.error()));
  return std::move(*builder);
}

std::expected<void, Error> NewJournal::put_in_place() {
  const fs::path draft = fs::path(draft_directory()) / journal::kDataFile;
  const InterruptsHeld held;
  std::error_code error;
  fs::rename(draft, fs::path(directory_) / journal::kDataFile, error);
  if (error) {
    return std::unexpected(
        unwritable_error(fmt::format("cannot rename {}: {}", draft.string(), error.message())));
  }
  kept_ = true;
  interrupted_.reset();
  fs::remove_all(draft_directory(), error);
  if (auto synced = journal::sync_directory(directory_); !synced) {
    return std::unexpected(unwritable_error(synced.error().message));
  }
  return {};
}

}  // namespace muster::tools
