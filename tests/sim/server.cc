#include "tests/sim/server.h"

#include <utility>

namespace muster::sim {
namespace {

constexpr std::size_t kMostAReadBytes = 64 * 1024;
constexpr std::int64_t kWallStartMs = 1'700'000'000'000;

}  // namespace

Server::Server(Schedule& schedule, Verdict& verdict, Trace& trace, Coverage& coverage,
               Network& network, AwakeClock& awake, Witness& witness, Orphans& orphans,
               coordinator::Settings settings, std::uint64_t seed)
    : schedule_(schedule),
      verdict_(verdict),
      trace_(trace),
      coverage_(coverage),
      network_(network),
      awake_(awake),
      witness_(witness),
      orphans_(orphans),
      settings_(settings),
      random_(seed) {}

void Server::start() {
  domain::State state = disk_->replay();
  if (verdict_.violated()) return;
  awake_.running(schedule_.now_ms());
  stopped_ = false;
  disk_reports_ = false;
  turn_at_us_ = 0;
  ++turn_;
  witness_.server_started(*disk_);
  pipeline_ = std::make_unique<coordinator::Pipeline>(
      std::move(state),
      coordinator::Identity{.journal_id = domain::sentence("simulated-", disk_->restores()),
                            .boot = ++boot_,
                            .version = "simulated"},
      settings_, *this, *this, *this, *this, *disk_, disk_->history());
  network_.server_listens = true;
  has_work();
}

void Server::died() {
  if (stopped_) awake_.paused(stopped_at_ms_, schedule_.now_ms());
  stopped_ = false;
  pipeline_.reset();
  network_.server_listens = false;
  network_.server_died();
  written_.clear();
  if (!tasks_.empty() || !computed_.empty()) coverage_.fault(Fault::kPlanLost);
  tasks_.clear();
  computed_.clear();
  turn_at_us_ = 0;
  ++turn_;
  ++return_;
}

void Server::crash(bool batch_reached_disk) {
  if (!is_running()) return;
  disk_->crash(batch_reached_disk);
  died();
}

void Server::shut_down_gracefully() {
  if (!is_running() || stopped_) return;
  coverage_.fault(Fault::kGracefulRestart);
  network_.server_listens = false;
  pipeline_->begin_shutdown();
  end_turn();
}

void Server::stop(std::uint64_t for_ms, bool clock_stands) {
  if (!is_running() || stopped_) return;
  coverage_.fault(clock_stands ? Fault::kHostSuspended : Fault::kCoordinatorStopped);
  stopped_ = true;
  clock_stands_ = clock_stands;
  stopped_at_ms_ = schedule_.now_ms();
  schedule_.in_us(for_ms * 1'000, Happening::kServerReturns, 0, ++return_);
}

void Server::start_again_in(std::uint64_t delay_us) {
  schedule_.in_us(delay_us, Happening::kServerReturns, 0, ++return_);
}

void Server::returns(std::uint64_t number) {
  if (number != return_) return;
  if (!is_running()) return start();
  go_on();
}

void Server::go_on() {
  if (!std::exchange(stopped_, false)) return;
  awake_.paused(stopped_at_ms_, schedule_.now_ms());
  if (clock_stands_) clock_lost_ms_ += schedule_.now_ms() - stopped_at_ms_;
  turn_at_us_ = 0;
  has_work();
}

// ---- the loop ----------------------------------------------------------------------------------

/// Something arrived: the loop wakes in a moment, unless it is on its way already.
void Server::has_work() {
  if (!is_running() || stopped_) return;
  const std::uint64_t at_us = schedule_.now_us() + random_.between(2, 60);
  if (turn_at_us_ != 0 && turn_at_us_ <= at_us) return;
  turn_at_us_ = at_us;
  schedule_.at_us(at_us, Happening::kServerTurn, 0, ++turn_);
}

void Server::batch_done(std::uint64_t batch) {
  if (!disk_->finished(batch)) return;
  disk_reports_ = true;
  has_work();
}

void Server::turn(std::uint64_t number) {
  if (number != turn_ || !is_running() || stopped_) return;
  turn_at_us_ = 0;
  const bool disk_first = random_.chance(500);
  if (disk_first && std::exchange(disk_reports_, false)) disk_->report();
  read_sockets();
  if (std::exchange(disk_reports_, false)) disk_->report();
  end_turn();
}

void Server::end_turn() {
  if (verdict_.violated()) return;
  pipeline_->end_turn();
  for (const ConnectionId id : std::exchange(written_, {})) network_.server_flush(id);
  verdict_.require(
      disk_->pending_bytes() <= settings_.max_pending_journal_bytes + settings_.max_frame_bytes,
      "bounded", disk_->pending_bytes(), " bytes wait for the journal; the limit is ",
      settings_.max_pending_journal_bytes, ".");
  if (pipeline_->shut_down()) {
    disk_->crash(true);  // nothing waits for it any more
    died();
    return start_again_in(random_.between(1'000, 500'000));
  }
  if (!network_.readable().empty()) {
    for (const ConnectionId id : network_.readable()) {
      if (!network_.find(id)->paused) return has_work();
    }
  }
  const std::uint64_t wake_ms = pipeline_->wake_in_ms();
  verdict_.require(wake_ms > 0 && wake_ms <= 250, "patient-coordinator",
                   "The coordinator wants to sleep ", wake_ms, " ms: 1 to 250 keep its clock.");
  const std::uint64_t at_us = schedule_.now_us() + wake_ms * 1'000;
  if (turn_at_us_ != 0 && turn_at_us_ <= at_us) return;
  turn_at_us_ = at_us;
  schedule_.at_us(at_us, Happening::kServerTurn, 0, ++turn_);
}

void Server::read_sockets() {
  const std::vector<ConnectionId> readable(network_.readable().begin(), network_.readable().end());
  for (const ConnectionId id : readable) {
    if (!verdict_.violated()) read(id);
  }
}

void Server::read(ConnectionId id) {
  Network::Line* line = network_.find(id);
  if (line == nullptr || !line->server_open || line->paused) return;
  if (!witness_.knows(id)) {
    witness_.connected(id);
    pipeline_->connected(id, domain::sentence("10.0.0.", id % 250, ":", 40'000 + id % 20'000));
  }
  if (!line->inbox.empty()) {
    const std::size_t count = std::min(line->inbox.size(), kMostAReadBytes);
    const std::string bytes = line->inbox.substr(0, count);
    line->inbox.erase(0, count);
    trace_.add(id);
    trace_.add(bytes);
    trace_.say(schedule_.now_us(), "connection ", id, " sends ", bytes.size(), " bytes");
    witness_.delivered(id, bytes);
    pipeline_->received(id, bytes);
  }
  line = network_.find(id);
  if (!line->server_open || !line->inbox.empty() || line->paused) return;
  network_.readable().erase(id);
  if (!line->inbox_ended) return;
  line->server_open = false;
  if (!line->unsent.empty()) coverage_.fault(Fault::kReplyLost);
  line->unsent.clear();
  trace_.say(schedule_.now_us(), "connection ", id, " ends");
  witness_.connection_ended(id);
  pipeline_->disconnected(id);
  if (line->client != nullptr) network_.reset(id);
}

// ---- the seams ---------------------------------------------------------------------------------

/// Mostly a moment, sometimes long enough for everything else to happen meanwhile.
void Server::start(domain::PlanTask task) {
  tasks_.push_back(std::move(task));
  const std::uint64_t most_us = random_.chance(200) ? 1'500'000 : 20'000;
  schedule_.in_us(random_.between(50, most_us), Happening::kPlanComputed, boot_);
}

void Server::plan_computed(std::uint64_t boot) {
  if (boot != boot_ || tasks_.empty()) return;  // of a process that has died
  computed_.push_back(domain::compute(std::move(tasks_.front())));
  tasks_.pop_front();
  has_work();
}

std::optional<domain::ComputedPlan> Server::take() {
  if (computed_.empty()) return std::nullopt;
  std::optional<domain::ComputedPlan> plan = std::move(computed_.front());
  computed_.pop_front();
  return plan;
}

std::int64_t Server::wall_ms() const {
  return kWallStartMs + static_cast<std::int64_t>(schedule_.now_ms()) + wall_offset_ms_;
}

void Server::write(ConnectionId id, std::string_view bytes) {
  Network::Line* line = network_.find(id);
  if (line == nullptr || !line->server_open || verdict_.violated()) return;
  trace_.add(bytes);
  witness_.wrote(id, bytes);
  line->unsent += bytes;
  written_.insert(id);
  verdict_.require(line->unsent.size() <= settings_.max_unsent_bytes + settings_.max_frame_bytes,
                   "bounded", line->unsent.size(), " bytes wait to be read by connection ", id,
                   "; the limit is ", settings_.max_unsent_bytes, ".");
}

void Server::close(ConnectionId id) {
  Network::Line* line = network_.find(id);
  if (line == nullptr || !line->server_open) return;
  trace_.say(schedule_.now_us(), "connection ", id, " is closed");
  witness_.connection_ended(id);
  network_.server_close(id);
}

void Server::pause_reading(ConnectionId id) {
  Network::Line* line = network_.find(id);
  if (line == nullptr || std::exchange(line->paused, true)) return;
  witness_.paused(id);
}

void Server::resume_reading(ConnectionId id) {
  Network::Line* line = network_.find(id);
  if (line == nullptr) return;
  line->paused = false;
  witness_.resumed(id);
  if (!line->inbox.empty() || line->inbox_ended) network_.readable().insert(id);
}

std::size_t Server::unsent_bytes(ConnectionId id) const {
  const Network::Line* line = network_.find(id);
  return line == nullptr ? 0 : line->unsent.size();
}

bool Server::drained(ConnectionId id) const {
  const Network::Line* line = network_.find(id);
  return line == nullptr || line->inbox.empty();
}

void Server::staged(const StagedUnit& unit, bool storage_full) {
  witness_.staged(unit, storage_full);
}

void Server::durable(const StagedUnit& unit) {
  witness_.durable(unit);
  orphans_.durable(unit);
}

}  // namespace muster::sim
