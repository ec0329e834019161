// Runs the `muster` command as a person or a script would.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "end_to_end/daemon.h"

namespace muster::e2e {

struct CommandResult {
  int status = 0;
  std::string out;
  std::string err;
};

/// Runs a program with its arguments to its end, `environment` on top of the test's own.
CommandResult run_to_end(const std::vector<std::string>& command,
                         const std::map<std::string, std::string>& environment = {});

/// Runs `muster ARGUMENTS`, to its end.
CommandResult muster(const std::vector<std::string>& arguments);

/// Runs `muster --server … --output json ARGUMENTS`, requires success, parses what it prints.
nlohmann::json muster_json(const Daemon& daemon, const std::vector<std::string>& arguments);

/// Every event of the journal in the daemon's directory, from `muster journal log`.
std::vector<nlohmann::json> journal_log(const Daemon& daemon);

/// Requires that what the live daemon says of its state equals what replaying its journal up to
/// the same sequence gives.
void require_digest_equals_replay(const Daemon& daemon);

/// `muster group describe`, without what it says live and a journal can't know.
nlohmann::json without_observations(nlohmann::json group);

}  // namespace muster::e2e
