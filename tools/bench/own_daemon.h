// A musterd that a load starts for itself: on a directory and a port of its own, gone with all it
// wrote when the load has ended, however that ends.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "muster/error.hpp"
#include "tools/process_guard.h"
#include "tools/worker_process.h"

namespace muster::tools {

class OwnDaemon {
 public:
  /// Starts it and waits until it listens. The calling process must not have started a thread yet.
  static std::expected<std::unique_ptr<OwnDaemon>, Error> start(std::vector<std::string> options);
  ~OwnDaemon();
  OwnDaemon(const OwnDaemon&) = delete;
  OwnDaemon& operator=(const OwnDaemon&) = delete;

  /// HOST:PORT; the same after a restart.
  const std::string& address() const { return address_; }
  /// Kills it (SIGKILL) and starts it again on what it wrote; waits until it listens.
  std::expected<void, Error> restart();
  /// Of physical memory, now.
  std::uint64_t resident_bytes() const;

 private:
  OwnDaemon(ProcessGuard guard, std::string program, std::string directory,
            std::vector<std::string> options);
  std::expected<void, Error> launch();
  std::expected<void, Error> wait_until_it_listens();
  std::string log_path() const { return directory_ + "/log"; }

  ProcessGuard guard_;
  std::string program_;
  std::string directory_;
  std::vector<std::string> options_;
  std::string address_ = "127.0.0.1:0";
  std::optional<WorkerProcess> process_;
};

}  // namespace muster::tools
