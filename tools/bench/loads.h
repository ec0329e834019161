// The loads of `muster bench`, one function each: it makes what it needs, measures until the time
// is over or somebody interrupts, and takes away what it made.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "muster/error.hpp"
#include "tools/bench/meter.h"
#include "tools/bench/own_daemon.h"

namespace muster::tools {

struct BenchOptions {
  std::string load;
  std::size_t connections = 16;
  std::size_t in_flight = 1;              // a connection
  std::size_t partitions_per_commit = 1;  // and a fetch
  std::size_t groups = 1;
  std::size_t members = 100;    // of all groups together
  std::int32_t partitions = 0;  // 0: ten a member
  std::string strategy = "sticky";
  std::uint32_t duration_ms = 10'000;
};

struct Bench {
  const BenchOptions& options;
  std::string server;
  OwnDaemon* own = nullptr;  // the server, when the load has started it for itself
  Meter& meter;
};

using Load = std::expected<void, Error> (*)(const Bench& bench);

std::expected<void, Error> commit_load(const Bench& bench);
std::expected<void, Error> fetch_load(const Bench& bench);
std::expected<void, Error> heartbeat_load(const Bench& bench);
std::expected<void, Error> join_storm_load(const Bench& bench);
std::expected<void, Error> handover_load(const Bench& bench);
std::expected<void, Error> recover_load(const Bench& bench);

}  // namespace muster::tools
