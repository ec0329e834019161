// The committed offsets of a group's partitions, as one thread would keep them.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace muster::linearizability {

inline constexpr std::size_t kOffsets = 3;

struct OffsetsModel {
  using State = std::array<std::int64_t, kOffsets>;  // -1: nothing committed

  struct Operation {
    std::map<std::size_t, std::int64_t> commits;  // of a commit: by partition, all of them or none
    std::optional<State> fetched;                 // of a fetch: the answer
    bool answered = true;                         // no: the commit happened or not
  };

  static State first() { return {-1, -1, -1}; }

  static std::vector<State> after(const State& state, const Operation& operation) {
    if (operation.fetched) {
      return state == *operation.fetched ? std::vector{state} : std::vector<State>{};
    }
    State committed = state;
    for (const auto& [partition, offset] : operation.commits) committed[partition] = offset;
    if (operation.answered) return {committed};
    return {state, committed};
  }
};

}  // namespace muster::linearizability
