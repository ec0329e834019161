// Something else that fills a daemon's filesystem.
#pragma once

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <string>
#include <utility>

namespace muster::e2e {

inline constexpr off_t kMiB = 1 << 20;

/// Takes `bytes` as long as it lives; see Daemon::data_file.
class Ballast {
 public:
  Ballast(std::string path, off_t bytes) : path_(std::move(path)) {
    const int file = open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    REQUIRE(file >= 0);
    REQUIRE(posix_fallocate(file, 0, bytes) == 0);
    ::close(file);
  }
  ~Ballast() { unlink(path_.c_str()); }
  Ballast(const Ballast&) = delete;
  Ballast& operator=(const Ballast&) = delete;

 private:
  std::string path_;
};

}  // namespace muster::e2e
