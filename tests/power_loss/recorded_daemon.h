// The real musterd with the recorder loaded into it, and clients who write down what they learn.
#pragma once

#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "end_to_end/member.h"
#include "end_to_end/process.h"
#include "end_to_end/temporary_directory.h"
#include "trace.h"

namespace muster::power_loss {

inline constexpr const char* kTopic = "orders";
inline constexpr const char* kGroup = "group";

/// Flags that make the daemon do all that it does to its files within a short run: whatever it is
/// to do to them besides appending (snapshots, trimming) is made frequent here.
const std::vector<std::string>& busy_flags();

class RecordedDaemon {
 public:
  /// Not started yet; the data directory is made by the daemon's first start.
  RecordedDaemon() = default;

  void start();
  void terminate();

  /// Members come, commit in batches of all sizes, and go.
  void work(int rounds, std::mt19937_64& random);

  std::string trace_path() const { return outside_ / "trace"; }
  std::string watched_root() const { return inside_.path(); }
  std::string data_directory() const { return data_directory_in(inside_.path()); }
  static std::string data_directory_in(const std::filesystem::path& root) {
    return root / "deep/data";
  }

 private:
  void learn(const wire::ServerMessageT& reply, std::int64_t offset = 0, int partition = -1);
  void commit_all(e2e::Member& member, std::mt19937_64& random);
  void commit_many(std::mt19937_64& random);

  e2e::TemporaryDirectory inside_;
  e2e::TemporaryDirectory outside_;
  std::string address_ = "127.0.0.1:0";
  std::unique_ptr<e2e::Process> process_;
  std::int64_t last_offset_ = 0;
  std::uint64_t last_incarnation_ = 0;
};

/// Starts the real musterd on `data_directory` without a recorder, asks for the last sequence and
/// stops it again.
Sequence sequence_served(const std::string& data_directory);

}  // namespace muster::power_loss
