// The coordinator's process: the real pipeline behind simulated clock, sockets, chance and disk.
// It turns its loop as the daemon does: reads its sockets, hears of its disk, ends the turn; it can
// be stopped, killed and started again.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "coordinator/pipeline.h"
#include "tests/sim/disk.h"
#include "tests/sim/network.h"
#include "tests/sim/orphans.h"
#include "tests/sim/witness.h"

namespace muster::sim {

class Server final : public coordinator::Clock,
                     public coordinator::Connections,
                     public coordinator::Entropy,
                     public coordinator::Planner,
                     public Disk::Observer {
 public:
  Server(Schedule& schedule, Verdict& verdict, Trace& trace, Coverage& coverage, Network& network,
         AwakeClock& awake, Witness& witness, Orphans& orphans, coordinator::Settings settings,
         std::uint64_t seed);

  void use(Disk& disk) { disk_ = &disk; }
  void start();
  /// kill -9.
  void crash(bool batch_reached_disk);
  void shut_down_gracefully();
  /// SIGSTOP; or, when the clock stands as well, a suspended host whose clock does not count it.
  void stop(std::uint64_t for_ms, bool clock_stands);
  void go_on();  // SIGCONT
  void jump_wall_clock(std::int64_t by_ms) { wall_offset_ms_ += by_ms; }
  void start_again_in(std::uint64_t delay_us);

  bool is_running() const { return pipeline_ != nullptr; }
  /// It can't do its work at once: it is down, stopped, or waits for a plan to be computed.
  bool is_hindered() const { return !is_running() || stopped_ || !tasks_.empty(); }
  std::size_t most_unsent_bytes() const { return settings_.max_unsent_bytes; }

  // ---- the queue's
  void has_work();
  void turn(std::uint64_t number);
  void returns(std::uint64_t number);
  void batch_done(std::uint64_t batch);
  void plan_computed(std::uint64_t boot);

  // ---- coordinator::Clock
  std::uint64_t monotonic_ms() const override { return schedule_.now_ms() - clock_lost_ms_; }
  std::int64_t wall_ms() const override;
  // ---- coordinator::Connections
  void write(ConnectionId id, std::string_view bytes) override;
  void close(ConnectionId id) override;
  void pause_reading(ConnectionId id) override;
  void resume_reading(ConnectionId id) override;
  std::size_t unsent_bytes(ConnectionId id) const override;
  bool drained(ConnectionId id) const override;
  // ---- coordinator::Entropy
  std::uint64_t draw() override { return random_.draw(); }
  // ---- coordinator::Planner
  void start(domain::PlanTask task) override;
  std::optional<domain::ComputedPlan> take() override;
  // ---- Disk::Observer
  const domain::State& live_state() const override { return pipeline_->state(); }
  void staged(const StagedUnit& unit, bool storage_full) override;
  void durable(const StagedUnit& unit) override;

 private:
  void read_sockets();
  void read(ConnectionId id);
  void end_turn();
  void died();

  Schedule& schedule_;
  Verdict& verdict_;
  Trace& trace_;
  Coverage& coverage_;
  Network& network_;
  AwakeClock& awake_;
  Witness& witness_;
  Orphans& orphans_;
  coordinator::Settings settings_;
  Random random_;
  Disk* disk_ = nullptr;
  std::unique_ptr<coordinator::Pipeline> pipeline_;
  std::set<ConnectionId> written_;
  std::deque<domain::PlanTask> tasks_;  // of the planner; the first is being computed
  std::deque<domain::ComputedPlan> computed_;
  std::uint64_t boot_ = 0;
  std::uint64_t turn_ = 0;        // the one that is scheduled; earlier ones are void
  std::uint64_t turn_at_us_ = 0;  // 0: none
  std::uint64_t return_ = 0;
  bool stopped_ = false;
  bool disk_reports_ = false;
  std::uint64_t stopped_at_ms_ = 0;
  bool clock_stands_ = false;
  std::uint64_t clock_lost_ms_ = 0;
  std::int64_t wall_offset_ms_ = 0;
};

}  // namespace muster::sim
