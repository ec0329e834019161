// How a coordinator starts, and the surface that the daemon and the simulator see.

#include <utility>

#include "coordinator/pipeline_implementation.h"
#include "domain/assert.h"

namespace muster::coordinator {

Pipeline::Implementation::Implementation(domain::State state, Identity identity,
                                         const Settings& settings, Clock& clock,
                                         Connections& connections, Entropy& entropy,
                                         Planner& planner, journal::Journal& journal,
                                         journal::Reader& history)
    : state_(std::move(state)),
      identity_(std::move(identity)),
      settings_(settings),
      clock_(clock),
      sockets_(connections),
      entropy_(entropy),
      planner_(planner),
      journal_(journal),
      history_(history),
      session_clock_(clock.monotonic_ms()),
      started_ms_(clock.monotonic_ms()),
      plans_(settings.limits.gathering_window_ms),
      leader_deadlines_(settings.limits.leader_plan_timeout_ms),
      retention_(settings.limits.offset_expiry_patience_ms) {
  for (const auto& [name, group] : state_.groups) {
    for (const auto& [seat, member] : group.members) start_session(group, member);
    schedule_plan(group);
    if (group.request) leader_deadlines_.begin(name, now_ms());
    if (group.reset) resetting_.insert(name);
    retention_.note(name, &group, group.emptied_ms, now_ms());
  }
  quiet_until_ms_ = now_ms() + state_.quiet_time_ms;
  journal_.on_durable([this](Sequence) { durable(); });
}

/// A whole session and whole deadlines from now on: what the coordinator missed while it was down
/// is nobody's silence (patient-coordinator, §4 rules 3 and 4).
void Pipeline::Implementation::start_session(const domain::Group& group,
                                             const domain::Member& member) {
  sessions_.start(group.name, member, now_ms());
  Revocation revocation{.due_ms = now_ms() + member.settings.rebalance_timeout_ms, .tokens = {}};
  for (const TopicPartition& at : member.held) {
    const domain::PartitionState& partition = *group.partition(at);
    if (partition.phase != domain::Phase::kRevoking) continue;
    revocation.tokens.push_back({.at = at, .fence = partition.fence});
  }
  if (!revocation.tokens.empty()) sessions_.add_revocation(member.seat, std::move(revocation));
}

void Pipeline::Implementation::change(const Settings& settings) {
  MUSTER_ASSERT(settings.max_frame_bytes == settings_.max_frame_bytes);
  settings_ = settings;
  plans_.set_window_ms(settings.limits.gathering_window_ms);
  leader_deadlines_.set_timeout_ms(settings.limits.leader_plan_timeout_ms);
}

void Pipeline::Implementation::connected(ConnectionId id, std::string peer) {
  auto connection = std::make_unique<Connection>();
  connection->id = id;
  connection->peer = std::move(peer);
  connection->frames = codec::FrameReader(settings_.max_frame_bytes);
  const auto [added, fresh] = connections_.emplace(id, std::move(connection));
  if (stopping_) say_goodbye(*added->second);
}

void Pipeline::Implementation::disconnected(ConnectionId id) {
  sessions_.disconnected(id, now_ms());
  found_last_ = nullptr;
  connections_.erase(id);
}

Pipeline::Pipeline(domain::State state, Identity identity, const Settings& settings, Clock& clock,
                   Connections& connections, Entropy& entropy, Planner& planner,
                   journal::Journal& journal, journal::Reader& history)
    : self_(std::make_unique<Implementation>(std::move(state), std::move(identity), settings, clock,
                                             connections, entropy, planner, journal, history)) {}
Pipeline::~Pipeline() = default;

void Pipeline::connected(ConnectionId connection, std::string peer) {
  self_->connected(connection, std::move(peer));
}
void Pipeline::received(ConnectionId connection, std::string_view bytes) {
  self_->received(connection, bytes);
}
void Pipeline::disconnected(ConnectionId connection) { self_->disconnected(connection); }
void Pipeline::change(const Settings& settings) { self_->change(settings); }
void Pipeline::end_turn() { self_->end_turn(); }
std::uint64_t Pipeline::wake_in_ms() const { return self_->wake_in_ms(); }
void Pipeline::begin_shutdown() { self_->begin_shutdown(); }
bool Pipeline::shut_down() const { return self_->shut_down(); }
const domain::State& Pipeline::state() const { return self_->state(); }

}  // namespace muster::coordinator
