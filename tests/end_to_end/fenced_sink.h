// A sink of one file a partition that refuses outdated tokens and takes each offset once: what an
// application's database does. Also read by the tests.
#pragma once

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

namespace muster::e2e {

struct Effect {
  std::int64_t offset = 0;
  std::uint64_t fence = 0;
};

class FencedSink {
 public:
  FencedSink(const std::string& directory, int partition)
      : path_(directory + "/sink-" + std::to_string(partition)) {}

  /// Takes a record's effect under a token, once: a repetition succeeds without effect. False: the
  /// token is outdated.
  bool take(std::int64_t offset, std::uint64_t fence) const {
    const int file = open(path_.c_str(), O_CREAT | O_RDWR | O_APPEND | O_CLOEXEC, 0644);
    flock(file, LOCK_EX);
    const std::vector<Effect> before = effects();
    const bool current = before.empty() || fence >= before.back().fence;
    const bool repeated = !before.empty() && offset <= before.back().offset;
    if (current && !repeated) {
      const std::string line = std::to_string(offset) + " " + std::to_string(fence) + "\n";
      [[maybe_unused]] const auto written = write(file, line.data(), line.size());
    }
    close(file);
    return current;
  }

  std::vector<Effect> effects() const {
    std::vector<Effect> all;
    std::ifstream lines(path_);
    for (Effect effect; lines >> effect.offset >> effect.fence;) all.push_back(effect);
    return all;
  }

 private:
  std::string path_;
};

}  // namespace muster::e2e
