// The names that a server knows, for whoever is in the middle of writing one or has miswritten it:
// quickly or not at all.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "tools/command_place.h"

namespace muster::tools {

struct NameQuestion {
  std::string server;
  Names names = Names::kGroup;  // groups, topics or members; of anything else there are none
  std::string group;            // whose members
  std::string prefix;           // only names that begin so
};

/// In order; those that came within `patience`, 10,000 at most. None when the server does not
/// answer.
std::vector<std::string> known_names(const NameQuestion& question,
                                     std::chrono::milliseconds patience);

/// The partitions of a topic; 0 when that is not known within `patience`.
std::int32_t known_partitions(const std::string& server, const std::string& topic,
                              std::chrono::milliseconds patience);

}  // namespace muster::tools
