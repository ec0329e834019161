// A directory in which a command makes a new journal: a backup, a restore, an import. It grows in a
// directory of its own within that one, is verified there, and only then gets its place: what
// stands in the directory is finished, whenever the command is killed. What was not finished is
// gone again with this object, and when the command is interrupted.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "journal/builder.h"
#include "journal/writer_lock.h"
#include "tools/commands.h"
#include "tools/interrupted_files.h"

namespace muster::tools {

class NewJournal {
 public:
  /// Makes the directory if it is absent, and keeps every daemon out of it. JOURNAL_EXISTS when it
  /// has a journal.
  static std::expected<NewJournal, Error> in(const std::string& directory);
  /// One that takes the place of the journal that is there, whose writer's lock the caller holds.
  static std::expected<NewJournal, Error> instead_of(const std::string& directory);
  ~NewJournal();
  NewJournal(NewJournal&& other) noexcept;
  NewJournal& operator=(NewJournal&&) = delete;

  /// May be called again: what was built before is forgotten.
  std::expected<journal::Builder, Error> build(const journal::Header& header) const;

  const std::string& directory() const { return directory_; }
  /// Where it stands until it is put in place.
  std::string draft_directory() const;

  /// What was built and finished stays, durably.
  std::expected<void, Error> put_in_place();

 private:
  NewJournal(std::string directory, bool made, std::optional<journal::WriterLock> lock)
      : directory_(std::move(directory)), made_(made), lock_(std::move(lock)) {}

  std::expected<void, Error> begin();

  std::string directory_;
  bool made_;  // the directory
  bool kept_ = false;
  std::optional<journal::WriterLock> lock_;
  std::unique_ptr<InterruptedFiles> interrupted_;
};

/// What went wrong while a new journal was written.
Error new_journal_error(const journal::Error& error);

/// That, of a place in which none can be made.
Error unwritable_error(const std::string& what);

}  // namespace muster::tools
