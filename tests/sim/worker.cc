#include "tests/sim/worker.h"

#include <algorithm>
#include <array>
#include <utility>

#include "tests/sim/bounds.h"

namespace muster::sim {
namespace {

constexpr std::int64_t kMostDriftPermille = 10;
constexpr std::uint64_t kJoinAgainMs = 300;
constexpr std::uint64_t kHabits = 0x5354'5543'4bULL;

SessionOptions with_habits(SessionOptions options, Random& habits) {
  if (habits.chance(400)) {
    options.progress_timeout_ms = static_cast<std::uint32_t>(habits.between(1'000, 3'000));
  }
  if (habits.chance(500)) {
    options.auto_commit_interval_ms = static_cast<std::uint32_t>(habits.between(100, 1'000));
  }
  return options;
}

/// What there is to commit of a partition when more work was done on it.
OffsetCommit work_on(const PartitionKey& at, auto& work, Random& random) {
  work.position += static_cast<std::int64_t>(random.between(1, 5));
  return {.topic = at.topic,
          .partition = at.index,
          .offset = work.position,
          .metadata = random.chance(300) ? "m" : "",
          .fence = work.fence};
}

}  // namespace

Worker::Worker(Schedule& schedule, Network& network, Coverage& coverage, OwnershipBook& book,
               Trace& trace, WorkerPlan plan)
    : schedule_(schedule),
      network_(network),
      coverage_(coverage),
      book_(book),
      trace_(trace),
      plan_(std::move(plan)),
      random_(plan_.seed),
      habits_(plan_.seed ^ kHabits),
      drift_permille_(static_cast<std::int64_t>(random_.below(2 * kMostDriftPermille + 1)) -
                      kMostDriftPermille),
      offset_ms_(random_.below(1'000'000)) {
  plan_.options = with_habits(std::move(plan_.options), habits_);
  if (plan_.options.progress_timeout_ms > 0) progress_at_ms_ = 0;
  session_ = std::make_unique<Session>(plan_.options, [this] { return random_.draw(); });
  link_ = std::make_unique<Link>(LinkOptions{.client_id = "worker-" + std::to_string(plan_.number),
                                             .timeout_ms = kConnectTimeoutMs},
                                 [this] { return random_.draw(); });
  link_->attach(now_ms(), *session_);
}

Worker::~Worker() {
  for (const auto& [at, work] : working_) {
    if (!work.paused) book_.ends(*this, at, work.fence);
  }
  link_->detach(*session_);
}

std::uint64_t Worker::now_ms() const {
  const auto permille = static_cast<std::uint64_t>(1'000 + drift_permille_);
  return offset_ms_ + schedule_.now_us() * permille / 1'000'000;
}

std::uint64_t Worker::global_us(std::uint64_t local_ms) const {
  const auto permille = static_cast<std::uint64_t>(1'000 + drift_permille_);
  return local_ms <= offset_ms_ ? 0 : (local_ms - offset_ms_) * 1'000'000 / permille + 1;
}

bool Worker::can_join(const Model& model) const {
  const Sequence now = model.sequence();
  const GroupFacts* group = model.group_at(plan_.options.group, now);
  if (group != nullptr && group->seat_at(member_id(), now, nullptr) != nullptr) return false;
  if (group != nullptr && group->live.size() >= kRoomForSure) return false;
  const std::uint32_t most = group == nullptr ? 0 : group->settings.now().max_members;
  if (most != 0 && group->live.size() >= most) return false;
  if (group == nullptr && model.living_groups(now) >= kMostGroups) return false;
  return std::ranges::all_of(plan_.options.topics, [&](const std::string& topic) {
    return model.topic_at(topic, now) != nullptr;
  });
}

// ---- what happens to the process ---------------------------------------------------------------

void Worker::start() {
  join_call_ = ++last_call_;
  session_->join(now_ms(), join_call_);
  settle();
}

void Worker::wake(std::uint64_t number) {
  if (number != wake_) return;
  wake_at_us_ = 0;
  if (!stopped_ && !finished_) settle();
}

void Worker::stop() {
  coverage_.fault(Fault::kWorkerStopped);
  stopped_ = true;
}

/// It reads what has arrived meanwhile before it does anything else, as the transport does.
void Worker::go_on() {
  if (!std::exchange(stopped_, false) || finished_) return;
  if (std::exchange(kernel_opened_, false)) {
    open_ = true;
    link_->connected(now_ms());
  }
  const std::string bytes = std::exchange(kernel_buffer_, {});
  if (!bytes.empty()) link_->received(now_ms(), bytes);
  if (std::exchange(kernel_ended_, false)) {
    disconnect(now_ms(), make_error(ErrorCode::kUnavailable, "The server closed the connection."));
  }
  settle();
  for (const auto& [at, work] : working_) {
    if (!work.paused) book_.begins(*this, at, work.fence);
  }
}

void Worker::be_good() {
  well_behaved_ = true;
  if (std::exchange(stuck_until_ms_, 0) == 0 || stopped_ || finished_) return;
  settle();
}

void Worker::leave() {
  if (leaving_ || stopped_) return;
  coverage_.fault(Fault::kWorkerLeft);
  leaving_ = true;
  leave_call_ = ++last_call_;
  while (!working_.empty()) stop_working(PartitionKey(working_.begin()->first), true);
  session_->leave(now_ms(), leave_call_);
  settle();
}

void Worker::close() {
  if (leaving_ || stopped_) return;
  coverage_.fault(Fault::kWorkerClosed);
  leaving_ = true;
  while (!working_.empty()) stop_working(PartitionKey(working_.begin()->first), true);
  session_->close(now_ms());
  settle();
  die(false);
}

void Worker::die(bool host_too) {
  finished_ = true;
  if (connection_ == 0) return;
  if (host_too) {
    network_.vanish(connection_);
  } else {
    network_.close(connection_);
  }
  connection_ = 0;
}

void Worker::opened(ConnectionId connection) {
  if (connection != connection_ || finished_) return;
  if (stopped_) {
    kernel_opened_ = true;
    return;
  }
  open_ = true;
  link_->connected(now_ms());
  settle();
}

void Worker::arrived(ConnectionId connection, std::string_view bytes) {
  if (connection != connection_ || finished_) return;
  if (stopped_) {
    kernel_buffer_ += bytes;
    return;
  }
  link_->received(now_ms(), bytes);
  settle();
}

void Worker::ended(ConnectionId connection) {
  if (connection != connection_ || finished_) return;
  if (stopped_) {
    kernel_ended_ = true;
    return;
  }
  disconnect(now_ms(), make_error(ErrorCode::kUnavailable, "The server closed the connection."));
  settle();
}

void Worker::disconnect(std::uint64_t now, const Error& why) {
  network_.close(connection_);
  connection_ = 0;
  open_ = false;
  link_->disconnected(now, why);
}

// ---- the transport's part ----------------------------------------------------------------------

void Worker::settle() {
  const std::uint64_t now = now_ms();
  link_->advance(now);
  take_notices(now);
  take_outcomes(now);
  if (finished_) return;
  work(now);
  if (link_->drop_wanted()) {
    disconnect(now, Error(*link_->drop_wanted()));
    link_->advance(now);
    take_notices(now);
    take_outcomes(now);
  }
  if (finished_) return;
  if (link_->take_attempt(now)) connection_ = network_.connect(*this);
  if (open_) network_.send(connection_, link_->take_output());
  schedule_wake(now);
}

void Worker::schedule_wake(std::uint64_t now) {
  std::uint64_t next = std::min(link_->next_deadline_ms(), join_again_at_ms_);
  if (!working_.empty()) next = std::min(next, commit_at_ms_);
  next = std::min(next, progress_at_ms_);
  for (const auto& [at, work] : working_) {
    if (work.release_at_ms != 0) next = std::min(next, work.release_at_ms);
  }
  const bool idle = next != kNever && next < stuck_until_ms_;
  if (idle) next = std::max(next, std::min(link_->next_deadline_ms(), stuck_until_ms_));
  if (next == kNever) return;
  const std::uint64_t at_us = std::max(global_us(std::max(next, now)), schedule_.now_us() + 100);
  if (wake_at_us_ != 0 && wake_at_us_ <= at_us) return;
  wake_at_us_ = at_us;
  schedule_.at_us(at_us, Happening::kWorkerWakes, plan_.number, ++wake_);
}

void Worker::take_outcomes(std::uint64_t now) {
  for (const CallOutcome& outcome : session_->take_outcomes()) {
    trace_.add(outcome.call * 2 + (outcome.outcome ? 1 : 0));
    if (outcome.call == leave_call_) die(false);
    if (outcome.call == join_call_ && !outcome.outcome && !leaving_) {
      join_again_at_ms_ = now + kJoinAgainMs;
    }
    const auto commit = commits_.find(outcome.call);
    if (commit == commits_.end()) continue;
    for (const OffsetCommit& asked : commit->second) {
      if (!outcome.outcome) break;
      book_.committed(*this, {asked.topic, asked.partition}, *asked.fence, asked.offset);
    }
    commits_.erase(commit);
  }
}

void Worker::take_notices(std::uint64_t now) {
  for (const Notice& notice : session_->take_notices()) take(notice, now);
}

void Worker::take(const Notice& notice, std::uint64_t now) {
  trace_.add(static_cast<std::uint64_t>(notice.kind));
  trace_.add(notice.fence);
  constexpr std::array kNoticeWords{"assigned", "revoked", "lost",          "paused", "resumed",
                                    "waiting",  "ended",   "commit failed", "left"};
  trace_.say(schedule_.now_us(), "worker ", member_id(), " of ", group(), ": ",
             kNoticeWords.at(static_cast<std::size_t>(notice.kind)), " ", notice.at.topic, "/",
             notice.at.index, " token ", notice.fence);
  switch (notice.kind) {
    case NoticeKind::kAssigned: {
      const auto ended = ended_.find(notice.at);
      book_.require(ended == ended_.end() || notice.fence > ended->second, "ended-stays-ended",
                    "Worker " + member_id() + " is given token " + std::to_string(notice.fence) +
                        " again, which it had released or lost.");
      if (leaving_) return;
      const auto [work, added] = working_.try_emplace(notice.at);
      book_.require(added, "ended-stays-ended",
                    "Worker " + member_id() + " is given a partition twice.");
      work->second = {.fence = notice.fence,
                      .position = std::max<std::int64_t>(notice.committed, 0)};
      book_.begins(*this, notice.at, notice.fence);
      return;
    }
    case NoticeKind::kRevoked: {
      const auto work = working_.find(notice.at);
      if (work == working_.end()) return;
      const std::uint64_t delay_ms = !well_behaved_ && random_.chance(100)
                                         ? 60'000  // it will be fenced
                                         : random_.between(0, 40);
      work->second.release_at_ms = now + delay_ms;
      return;
    }
    case NoticeKind::kLost:
      if (session_->stuck()) coverage_.fault(Fault::kStuckGivesBack);
      return stop_working(notice.at, true);
    case NoticeKind::kPaused: {
      coverage_.fault(session_->stuck() ? Fault::kWorkerStuck : Fault::kLeaseLapsed);
      const auto work = working_.find(notice.at);
      if (work == working_.end() || work->second.paused) return;
      work->second.paused = true;
      book_.ends(*this, notice.at, notice.fence);
      return;
    }
    case NoticeKind::kResumed: {
      const auto work = working_.find(notice.at);
      if (work == working_.end() || !work->second.paused) return;
      work->second.paused = false;
      book_.begins(*this, notice.at, notice.fence);
      return;
    }
    case NoticeKind::kWaiting:
    case NoticeKind::kCommitFailed:
    case NoticeKind::kLeft:
      break;
    case NoticeKind::kEnded:
      return die(false);
  }
}

void Worker::stop_working(const PartitionKey& at, bool for_good) {
  const auto work = working_.find(at);
  if (work == working_.end()) return;
  if (!work->second.paused) book_.ends(*this, at, work->second.fence);
  if (for_good) ended_[at] = std::max(ended_[at], work->second.fence);
  working_.erase(work);
}

// ---- the application ---------------------------------------------------------------------------

/// Its threads wait for something; the client's own thread goes on.
bool Worker::is_stuck(std::uint64_t now) {
  const std::uint64_t timeout_ms = plan_.options.progress_timeout_ms;
  if (timeout_ms == 0) return false;
  if (now < stuck_until_ms_) return true;
  if (now < progress_at_ms_) return false;
  progress_at_ms_ = now + timeout_ms / 4;
  if (!well_behaved_ && habits_.chance(60)) {
    stuck_until_ms_ = now + habits_.between(timeout_ms / 2, timeout_ms * 3);
    return true;
  }
  if (session_->stuck()) coverage_.fault(Fault::kStuckGoesOn);
  session_->progress(now, now);
  return false;
}

void Worker::work(std::uint64_t now) {
  if (is_stuck(now)) return;
  if (now >= join_again_at_ms_) {
    join_again_at_ms_ = kNever;
    join_call_ = ++last_call_;
    session_->join(now, join_call_);
  }
  std::vector<PartitionKey> due;
  for (const auto& [at, work] : working_) {
    if (work.release_at_ms != 0 && now >= work.release_at_ms && !work.paused) due.push_back(at);
  }
  for (const PartitionKey& at : due) {
    const Work work = working_.at(at);
    stop_working(at, true);
    std::optional<LastCommit> last;
    if (random_.chance(700)) last = {.offset = work.position + 1, .metadata = "last"};
    session_->release(now, at, work.fence, last);
  }
  if (!working_.empty() && now >= commit_at_ms_) commit(now);
  link_->advance(now);
  take_notices(now);
  take_outcomes(now);
}

/// Or stores the offset, for the session to commit it later.
void Worker::commit(std::uint64_t now) {
  commit_at_ms_ = now + random_.between(20, 400);
  auto chosen = working_.begin();
  std::advance(chosen, static_cast<std::ptrdiff_t>(random_.below(working_.size())));
  auto& [at, work] = *chosen;
  if (work.paused) return;
  std::vector<OffsetCommit> offsets{work_on(at, work, random_)};
  if (habits_.chance(300)) {
    session_->store(now, offsets.front());
    return;
  }
  while (habits_.chance(400)) commit_another(offsets);
  const CallId call = ++last_call_;
  commits_[call] = offsets;
  session_->commit(now, call, std::move(offsets));
}

/// In the same request, perhaps of another topic.
void Worker::commit_another(std::vector<OffsetCommit>& offsets) {
  auto chosen = working_.begin();
  std::advance(chosen, static_cast<std::ptrdiff_t>(habits_.below(working_.size())));
  auto& [at, work] = *chosen;
  const bool named = std::ranges::any_of(offsets, [&](const OffsetCommit& offset) {
    return offset.topic == chosen->first.topic && offset.partition == chosen->first.index;
  });
  if (!work.paused && !named) offsets.push_back(work_on(at, work, habits_));
}

}  // namespace muster::sim
