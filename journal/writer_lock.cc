#include "journal/writer_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace muster::journal {
namespace {

std::string lock_path(const std::string& directory) {
  return fmt::format("{}/{}", directory, kWriterLockFile);
}

// A lock of the open file, not of the process (which any close of the file would give back).
struct flock whole_file() {
  struct flock lock{};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  return lock;
}

std::string holder(int file) {
  std::array<char, 24> text{};
  const ssize_t got = ::pread(file, text.data(), text.size(), 0);
  std::string_view pid(text.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  pid = pid.substr(0, pid.find_first_not_of("0123456789"));
  return pid.empty() ? "another process" : fmt::format("process {}", pid);
}

}  // namespace

std::expected<WriterLock, Error> WriterLock::take(const std::string& directory) {
  const std::string path = lock_path(directory);
  FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0660));
  struct flock lock = whole_file();
  if (!file.is_open() || ::fcntl(file.number(), F_OFD_SETLK, &lock) != 0) {
    const int code = errno;
    if (file.is_open() && (code == EAGAIN || code == EACCES)) {
      return std::unexpected(Error{
          .fault = Fault::kInUse,
          .message = fmt::format("the journal in {} is in use by {}: stop that musterd first, or "
                                 "choose another --data-dir",
                                 directory, holder(file.number()))});
    }
    return std::unexpected(
        Error{.fault = Fault::kSystem,
              .message = fmt::format("cannot lock {}: {}", path, std::strerror(code))});
  }
  const std::string pid = fmt::format("{}\n", ::getpid());
  // Information only: without it the message above says "another process".
  if (::ftruncate(file.number(), 0) == 0) {
    [[maybe_unused]] const ssize_t written = ::pwrite(file.number(), pid.data(), pid.size(), 0);
  }
  return WriterLock(std::move(file));
}

bool has_writer(const std::string& directory) {
  const FileDescriptor file(::open(lock_path(directory).c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) return false;
  struct flock lock = whole_file();
  return ::fcntl(file.number(), F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

}  // namespace muster::journal
