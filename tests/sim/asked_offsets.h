// The offsets of a commit, in the order of their outcomes, however the request writes them.
#pragma once

#include <wire_generated.h>

#include <cstdint>
#include <string>
#include <vector>

#include "domain/ids.h"

namespace muster::sim {

struct AskedOffset {
  std::string topic;
  PartitionIndex partition = 0;
  std::int64_t offset = 0;
  FencingToken fence = 0;
};
std::vector<AskedOffset> asked_offsets(const wire::Commit& commit);

/// Writes by topic what can be written so: the last items, as far as they are numbers alone.
void write_by_topic(wire::CommitT& commit);

}  // namespace muster::sim
