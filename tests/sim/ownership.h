// Who works on what at this moment, as the workers themselves see it: the end to which all of
// leases, deadlines and hand-over exist. At no time may two workers work on one partition, unless
// an operator said so (takeover, remove-member) or two processes go by one name: then tokens
// protect.
#pragma once

#include <map>
#include <string>
#include <tuple>

#include "client/src/holdings.h"
#include "tests/sim/model.h"

namespace muster::sim {

class Worker;

class OwnershipBook {
 public:
  OwnershipBook(Verdict& verdict, const Model& model) : verdict_(verdict), model_(model) {}

  void begins(const Worker& worker, const PartitionKey& at, FencingToken fence);
  void ends(const Worker& worker, const PartitionKey& at, FencingToken fence);
  /// A commit was answered with success.
  void committed(const Worker& worker, const PartitionKey& at, FencingToken fence,
                 std::int64_t offset);
  void require(bool holds, const char* invariant, const std::string& evidence) {
    verdict_.require(holds, invariant, evidence);
  }

 private:
  struct Working {
    const Worker* worker = nullptr;
    FencingToken fence = 0;
  };
  using Place = std::tuple<std::string, TopicId, PartitionIndex>;
  Place place_of(const Worker& worker, const PartitionKey& at, FencingToken fence) const;
  /// Whether only tokens protect from the occupant that was granted this token.
  bool is_unsafe(const Place& place, FencingToken fence) const;

  Verdict& verdict_;
  const Model& model_;
  std::map<Place, Working> working_;
};

}  // namespace muster::sim
