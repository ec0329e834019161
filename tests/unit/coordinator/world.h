// A coordinator with fakes at its seams. Nothing happens by itself: a test moves the clock,
// ends turns and completes flushes.
#pragma once

#include <doctest/doctest.h>

#include <memory>

#include "coordinator/pipeline.h"
#include "tests/fakes/fake_connections.h"
#include "tests/fakes/fake_journal.h"
#include "tests/fakes/fake_planner.h"
#include "tests/fakes/manual_clock.h"
#include "tests/fakes/records_reader.h"
#include "tests/fakes/scripted_entropy.h"

namespace muster::coordinator {

/// Plans are made at the end of the turn; tests of the gathering window set one.
Settings without_gathering();

class World {
 public:
  explicit World(const Settings& settings = without_gathering());

  /// Ends a turn, and what it staged stays in flight.
  void end_turn() { pipeline->end_turn(); }
  /// Lets the disk finish all that was staged.
  void sync();
  /// A whole turn with a fast disk.
  void turn();
  /// Turns until every group has the whole of its plan.
  void settle();
  /// Time passes in turns of 100 ms, while whoever heartbeats does nothing.
  void pass(std::uint64_t ms);
  /// kill -9 and a new start on what was durable, `down_ms` later.
  void restart(std::uint64_t down_ms = 0);

  const domain::State& state() const { return pipeline->state(); }
  const domain::Group& group(const std::string& name = "g") const { return *state().group(name); }
  const domain::Member* member(const std::string& id) const { return group().member(id); }
  const domain::PartitionState& at(PartitionIndex partition, const std::string& topic = "t") const;
  FencingToken token(PartitionIndex partition, const std::string& topic = "t") const {
    return at(partition, topic).fence;
  }
  /// Empty: nobody.
  std::string owner(PartitionIndex partition, const std::string& topic = "t") const;

  Settings settings;
  fakes::ManualClock clock;
  fakes::FakeConnections connections;
  fakes::ScriptedEntropy entropy;
  fakes::FakePlanner planner;
  fakes::FakeJournal journal{clock};
  fakes::RecordsReader history{journal.records()};
  std::unique_ptr<Pipeline> pipeline;
  ConnectionId last_connection = 0;

 private:
  void start();
  std::uint64_t boot_ = 0;
};

}  // namespace muster::coordinator
