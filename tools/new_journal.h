// A directory in which a command makes a new journal: a backup, a restore, an import. What was not
// finished is gone again with it.
#pragma once

#include <string>

#include "journal/builder.h"
#include "journal/writer_lock.h"
#include "tools/commands.h"

namespace muster::tools {

class NewJournal {
 public:
  /// Makes the directory if it is absent, and keeps every daemon out of it. JOURNAL_EXISTS when it
  /// has a journal.
  static std::expected<NewJournal, Error> in(const std::string& directory);
  ~NewJournal();
  NewJournal(NewJournal&& other) noexcept;
  NewJournal& operator=(NewJournal&&) = delete;

  /// May be called again: what was built before is forgotten.
  std::expected<journal::Builder, Error> build(const journal::Header& header) const;

  const std::string& directory() const { return directory_; }
  /// What was built and finished stays.
  void keep() { kept_ = true; }

 private:
  NewJournal(std::string directory, bool made, journal::WriterLock lock)
      : directory_(std::move(directory)), made_(made), lock_(std::move(lock)) {}

  std::string directory_;
  bool made_;  // the directory
  bool kept_ = false;
  journal::WriterLock lock_;
};

/// What went wrong while a new journal was written.
Error new_journal_error(const journal::Error& error);

}  // namespace muster::tools
