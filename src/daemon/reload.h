// What SIGHUP changes: the flags and the configuration file are read again, and what can change
// while the daemon runs does.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "daemon/configuration.h"

namespace muster::daemon {

struct Reload {
  Configuration configuration;       // to go on with
  std::vector<std::string> changed;  // a sentence each, for the log
  std::vector<std::string> left;     // what takes a restart, likewise
};

/// Takes over of `asked` what can change at run time, and leaves the rest as it runs: addresses,
/// the journal and its batches, and what connections were told at hello. The error says what does
/// not go together with what is left; then nothing changes.
std::expected<Reload, std::string> reload(const Configuration& running, Configuration asked);

}  // namespace muster::daemon
