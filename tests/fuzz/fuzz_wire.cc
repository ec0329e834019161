// Any bytes on a connection of the real pipeline: a typed answer or a closed connection, and a
// journal that folds to the state which the pipeline has.

#include <string>
#include <vector>

#include "codec/event.h"
#include "codec/frame.h"
#include "coordinator/pipeline.h"
#include "domain/assert.h"
#include "domain/fold.h"
#include "tests/fakes/fake_planner.h"
#include "tests/fakes/records_reader.h"
#include "tests/fuzz/pieces.h"

namespace muster::fuzz {
namespace {

/// Time goes on by a quarter of a second a turn, so that deadlines come up within one input.
class World final : public coordinator::Clock,
                    public coordinator::Connections,
                    public coordinator::Entropy,
                    public journal::Journal {
 public:
  std::uint64_t monotonic_ms() const override { return now_ms; }
  std::int64_t wall_ms() const override { return static_cast<std::int64_t>(now_ms); }
  void write(coordinator::ConnectionId, std::string_view) override {}
  void close(coordinator::ConnectionId) override { open = false; }
  void pause_reading(coordinator::ConnectionId) override {}
  void resume_reading(coordinator::ConnectionId) override {}
  std::size_t unsent_bytes(coordinator::ConnectionId) const override { return 0; }
  bool drained(coordinator::ConnectionId) const override { return true; }
  std::uint64_t draw() override { return ++drawn; }

  void stage(const journal::EncodedEvents& unit) override {
    for (std::size_t i = 0; i < unit.size(); ++i) records.emplace_back(unit[i]);
  }
  void flush() override {
    if (durable == records.size()) return;
    durable = records.size();
    listener(durable);
  }
  std::uint64_t durable_sequence() const override { return durable; }
  std::size_t pending_bytes() const override { return 0; }
  std::uint64_t flush_age_ms() const override { return 0; }
  bool storage_full() const override { return false; }
  bool has_room_for(std::size_t) const override { return true; }
  std::uint64_t file_bytes() const override { return 0; }
  void on_durable(DurableListener durable_listener) override {
    listener = std::move(durable_listener);
  }

  std::uint64_t now_ms = 1;
  std::uint64_t drawn = 0;
  bool open = false;
  std::vector<std::string> records;
  std::uint64_t durable = 0;
  DurableListener listener;
  fakes::RecordsReader history{records};
  fakes::FakePlanner planner;
};

coordinator::Settings small_limits() {
  coordinator::Settings settings;
  settings.limits.partitions_per_topic_max = 64;
  settings.limits.gathering_window_ms = 0;
  settings.max_frame_bytes = 64 * 1024;
  settings.limits.plan_slice_max = 16;
  settings.plan_in_turn_max = 16;
  return settings;
}

void run(Pieces pieces) {
  World world;
  const coordinator::Settings settings = small_limits();
  coordinator::Pipeline pipeline({}, {.journal_id = "fuzz", .boot = 1, .version = "fuzz"}, settings,
                                 world, world, world, world.planner, world, world.history);
  coordinator::ConnectionId connection = 0;
  while (const auto piece = pieces.next()) {
    if (!world.open) {
      world.open = true;
      pipeline.connected(++connection, "peer");
    }
    // Whole frames, so that the fuzzer need not learn to count; an odd length is sent as it is.
    pipeline.received(connection,
                      piece->size() % 2 == 0 ? codec::frame(*piece) : std::string(*piece));
    world.now_ms += 250;
    pipeline.end_turn();
  }
  domain::State replayed;
  for (const std::string& record : world.records) {
    const auto event = codec::decode_event(record);
    MUSTER_ASSERT(event.has_value());
    MUSTER_ASSERT(domain::fold(replayed, replayed.sequence + 1, *event).has_value());
  }
  MUSTER_ASSERT(replayed.digest == pipeline.state().digest);
}

}  // namespace
}  // namespace muster::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  muster::fuzz::run({data, size});
  return 0;
}
