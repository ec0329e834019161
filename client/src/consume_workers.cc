#include "client/src/consume_workers.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <system_error>
#include <utility>

#include "client/src/quiet_thread.h"
#include "client/src/wake.h"

namespace muster {
namespace {

constexpr std::uint64_t kReportsATimeout = 4;
constexpr std::uint64_t kWaits = std::numeric_limits<std::uint64_t>::max();

PartitionKey key_of(const Partition& partition) { return {partition.topic, partition.index}; }

}  // namespace

ConsumeWorkers::ConsumeWorkers(ConsumeSeat& seat, ConsumeLoop::Fetch fetch,
                               ConsumeLoop::Handle handle, ConsumeLoopOptions options,
                               Entropy entropy)
    : seat_(seat),
      fetch_(std::move(fetch)),
      handle_(std::move(handle)),
      options_(options),
      entropy_(std::move(entropy)),
      busy_since_ms_(static_cast<std::size_t>(std::max(options.threads, 1)), kWaits) {}

// ---- the run ----------------------------------------------------------------------------------

std::optional<std::uint64_t> ConsumeWorkers::begin() {
  const std::lock_guard lock(mutex_);
  if (running_) return std::nullopt;
  running_ = true;
  incarnation_ = 0;
  join_failed_.reset();
  return ++run_;
}

void ConsumeWorkers::join_failed(std::uint64_t run, const Error& why) {
  const std::lock_guard lock(mutex_);
  if (run != run_) return;
  join_failed_ = why;
  changed_.notify_all();
}

std::optional<Error> ConsumeWorkers::run(Incarnation incarnation) {
  {
    const std::lock_guard lock(mutex_);
    incarnation_ = incarnation;
  }
  std::vector<std::thread> threads;
  start_threads(threads);
  work(0);
  for (std::thread& thread : threads) thread.join();
  const std::lock_guard lock(mutex_);
  running_ = false;
  stopping_ = false;
  return why_over();
}

void ConsumeWorkers::start_threads(std::vector<std::thread>& threads) {
  try {
    for (std::size_t worker = 1; worker < busy_since_ms_.size(); ++worker) {
      threads.push_back(start_quiet_thread([this, worker] { work(worker); }));
    }
  } catch (const std::system_error& refused) {
    const std::lock_guard lock(mutex_);
    join_failed_ =
        make_error(ErrorCode::kInternalError,
                   "The system gives the loop only " + std::to_string(threads.size() + 1) +
                       " of its " + std::to_string(busy_since_ms_.size()) +
                       " threads: " + refused.what() + ". Ask for fewer.");
    changed_.notify_all();
  }
}

/// Why the run that is under way has to end; a former membership's end is no reason.
std::optional<Error> ConsumeWorkers::why_over() const {
  if (closed_) return closed_;
  if (join_failed_) return join_failed_;
  if (ended_ && ended_->incarnation == incarnation_) return ended_->why;
  return std::nullopt;
}

void ConsumeWorkers::stop() {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  changed_.notify_all();
}

void ConsumeWorkers::work(std::size_t worker) {
  Lock lock(mutex_);
  while (!stopping_ && !why_over()) {
    const std::uint64_t now_ms = boottime_ms();
    const auto work = take_due(now_ms);
    if (work == nullptr) {
      report_progress();
      wait_for_work(lock, now_ms);
      continue;
    }
    work->in_hand = true;
    busy(worker);
    take_turn(lock, *work, worker);
    idle(worker);
    work->in_hand = false;
    work->last_turn = ++turns_;
    if (work->sought) go_to(*work, *work->sought);
    changed_.notify_all();
  }
}

/// Of those that are due, the one that had its turn the longest ago.
std::shared_ptr<ConsumeWorkers::Work> ConsumeWorkers::take_due(std::uint64_t now_ms) {
  std::shared_ptr<Work> chosen;
  for (const auto& [at, work] : works_) {
    if (work->in_hand || work->stopped || work->due_ms > now_ms) continue;
    if (chosen != nullptr && chosen->last_turn <= work->last_turn) continue;
    if (seat_.may_work_on(work->partition)) chosen = work;
  }
  return chosen;
}

void ConsumeWorkers::wait_for_work(Lock& lock, std::uint64_t now_ms) {
  std::uint64_t wait_ms = wait_of_ms(options_.idle_wait);
  // An idle loop is no stuck one, however long it may wait.
  const std::uint64_t progress_ms = seat_.progress_timeout_ms();
  if (progress_ms > 0) {
    wait_ms = std::clamp<std::uint64_t>(progress_ms / kReportsATimeout, 1, wait_ms);
  }
  for (const auto& [at, work] : works_) {
    const bool comes_up = !work->in_hand && !work->stopped && work->due_ms > now_ms;
    if (comes_up) wait_ms = std::min(wait_ms, work->due_ms - now_ms);
  }
  changed_.wait_for(lock, std::chrono::milliseconds(wait_ms));
}

// ---- progress ---------------------------------------------------------------------------------

void ConsumeWorkers::busy(std::size_t worker) {
  busy_since_ms_[worker] = boottime_ms();
  report_progress();
}

void ConsumeWorkers::idle(std::size_t worker) { busy_since_ms_[worker] = kWaits; }

/// The worker that has been at its record for the longest counts: one that is stuck is not hidden
/// by the others.
void ConsumeWorkers::report_progress() {
  seat_.progress(std::min(std::ranges::min(busy_since_ms_), boottime_ms()));
}

// ---- what happens to partitions ---------------------------------------------------------------

void ConsumeWorkers::assigned(const Partition& partition) {
  auto work = std::make_shared<Work>();
  work->partition = partition;
  work->started = on_start_ == nullptr;
  work->position = partition.committed.value_or(0);
  const std::lock_guard lock(mutex_);
  std::shared_ptr<Work>& slot = works_[key_of(partition)];
  if (slot != nullptr) slot->over = true;
  slot = std::move(work);
  changed_.notify_all();
}

std::shared_ptr<ConsumeWorkers::Work> ConsumeWorkers::remove(const Partition& partition) {
  const auto found = works_.find(key_of(partition));
  if (found == works_.end() || found->second->partition.fence != partition.fence) return nullptr;
  auto work = std::move(found->second);
  works_.erase(found);
  work->over = true;
  return work;
}

bool ConsumeWorkers::revoked(const Partition& partition) {
  Lock lock(mutex_);
  const auto work = remove(partition);
  if (work != nullptr) changed_.wait(lock, [&] { return !work->in_hand || closed_; });
  return !closed_;
}

void ConsumeWorkers::lost(const Partition& partition) {
  const std::lock_guard lock(mutex_);
  remove(partition);
}

void ConsumeWorkers::resumed() {
  const std::lock_guard lock(mutex_);
  changed_.notify_all();
}

void ConsumeWorkers::ended(Incarnation incarnation, const Error& why) {
  const std::lock_guard lock(mutex_);
  ended_ = {.incarnation = incarnation, .why = why};
  drop_everything();
}

void ConsumeWorkers::closed(const Error& why) {
  const std::lock_guard lock(mutex_);
  closed_ = why;
  drop_everything();
}

/// After a leave nothing is told of the single partitions.
void ConsumeWorkers::drop_everything() {
  for (const auto& [at, work] : works_) work->over = true;
  works_.clear();
  changed_.notify_all();
}

// ---- questions and orders ---------------------------------------------------------------------

std::optional<std::int64_t> ConsumeWorkers::position(const PartitionKey& at) const {
  const std::lock_guard lock(mutex_);
  const auto found = works_.find(at);
  if (found == works_.end()) return std::nullopt;
  return found->second->sought.value_or(found->second->position);
}

void ConsumeWorkers::go_to(Work& work, std::int64_t offset) {
  work.started = true;
  work.position = offset;
  work.fetched.clear();
  work.attempt = 1;
  work.due_ms = 0;
  work.stopped = false;
  work.sought.reset();
}

bool ConsumeWorkers::seek(const PartitionKey& at, std::int64_t offset) {
  const std::lock_guard lock(mutex_);
  const auto found = works_.find(at);
  if (found == works_.end()) return false;
  Work& work = *found->second;
  if (work.in_hand) {
    work.sought = offset;
  } else {
    go_to(work, offset);
  }
  changed_.notify_all();
  return true;
}

std::vector<Partition> ConsumeWorkers::stopped() const {
  const std::lock_guard lock(mutex_);
  std::vector<Partition> partitions;
  for (const auto& [at, work] : works_) {
    if (work->stopped) partitions.push_back(work->partition);
  }
  return partitions;
}

bool ConsumeWorkers::restart(const PartitionKey& at) {
  const std::lock_guard lock(mutex_);
  const auto found = works_.find(at);
  if (found == works_.end() || !found->second->stopped) return false;
  Work& work = *found->second;
  work.stopped = false;
  work.attempt = 1;
  work.due_ms = 0;
  changed_.notify_all();
  return true;
}

}  // namespace muster
