// What a command of `muster run` is told: its environment, and as the one process for all
// partitions its standard input.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "journal/file_descriptor.h"
#include "muster/error.hpp"
#include "muster/partition.hpp"

namespace muster::tools {

/// Of every command alike.
struct CommandSettings {
  std::string group;
  std::string server;
  std::string member_id;
};

/// This process's environment with MUSTER_GROUP, MUSTER_SERVER and MUSTER_MEMBER_ID set; with a
/// partition also MUSTER_TOPIC, MUSTER_PARTITION, MUSTER_OFFSET ("0" when nothing is committed) and
/// MUSTER_FENCE, without one these are taken out.
std::vector<std::string> command_environment(const CommandSettings& settings,
                                             const Partition* partition);

/// One JSON object a line: {"topic":"outbox","partition":0,"offset":100,"fence":6}
std::string assignment_lines(const std::vector<Partition>& partitions);

/// A file with these lines and no name, to be read from its beginning.
std::expected<journal::FileDescriptor, Error> assignment_file(
    const std::vector<Partition>& partitions);

}  // namespace muster::tools
