// One daemon a journal: whoever writes holds a lock on DIR/writer.lock, which the kernel takes back
// when the process ends, however it ends.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "journal/error.h"
#include "journal/file_descriptor.h"

namespace muster::journal {

inline constexpr std::string_view kWriterLockFile = "writer.lock";

class WriterLock {
 public:
  /// kInUse when another process has it; the message names the process if that wrote its id.
  static std::expected<WriterLock, Error> take(const std::string& directory);

 private:
  explicit WriterLock(FileDescriptor file) : file_(std::move(file)) {}
  FileDescriptor file_;
};

/// Whether somebody holds the lock now. Takes and creates nothing, and disturbs no daemon that is
/// about to take it.
bool has_writer(const std::string& directory);

}  // namespace muster::journal
