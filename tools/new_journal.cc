#include "tools/new_journal.h"

#include <filesystem>
#include <utility>

#include "journal/contents.h"
#include "journal/create.h"
#include "tools/journal.h"

namespace muster::tools {

namespace fs = std::filesystem;

Error new_journal_error(const journal::Error& error) {
  if (error.fault == journal::Fault::kExists) {
    return make_error(ErrorCode::kJournalExists, error.message);
  }
  return journal_error(error.message);
}

std::expected<NewJournal, Error> NewJournal::in(const std::string& directory) {
  if (auto free = journal::refuse_occupied(directory); !free) {
    return std::unexpected(new_journal_error(free.error()));
  }
  const bool made = !fs::exists(directory);
  if (auto created = journal::create_directory(directory); !created) {
    return std::unexpected(journal_error(created.error().message));
  }
  auto lock = journal::WriterLock::take(directory);
  if (!lock) return std::unexpected(journal_error(lock.error().message));
  return NewJournal(directory, made, std::move(*lock));
}

NewJournal::NewJournal(NewJournal&& other) noexcept
    : directory_(std::move(other.directory_)),
      made_(other.made_),
      kept_(std::exchange(other.kept_, true)),
      lock_(std::move(other.lock_)) {}

NewJournal::~NewJournal() {
  if (kept_) return;
  std::error_code error;
  fs::remove(fs::path(directory_) / journal::kDataFile, error);
  // The lock's file in a directory that was there before may be another program's next.
  if (made_) fs::remove_all(directory_, error);
}

std::expected<journal::Builder, Error> NewJournal::build(const journal::Header& header) const {
  auto builder = journal::Builder::begin(directory_, header);
  if (!builder) return std::unexpected(new_journal_error(builder.error()));
  return std::move(*builder);
}

}  // namespace muster::tools
