// Which file it is, whatever its name is by now: another one of that name has another inode.
#pragma once

#include <sys/stat.h>

#include <optional>
#include <string>
#include <utility>

namespace muster::journal {

using FileIdentity = std::pair<dev_t, ino_t>;

/// Nothing if no file stands at `path`.
inline std::optional<FileIdentity> identity_of(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  return FileIdentity(status.st_dev, status.st_ino);
}

/// Of an open file.
inline std::optional<FileIdentity> identity_of(int file) {
  struct stat status{};
  if (::fstat(file, &status) != 0) return std::nullopt;
  return FileIdentity(status.st_dev, status.st_ino);
}

}  // namespace muster::journal
