#include "client/src/consume_workers.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <limits>
#include <thread>
#include <utility>

#include "client/src/quiet_thread.h"
#include "client/src/wake.h"

namespace muster {
namespace {

// Then another partition has its turn.
constexpr int kRecordsATurn = 64;
constexpr std::uint64_t kWaits = std::numeric_limits<std::uint64_t>::max();

PartitionKey key_of(const Partition& partition) { return {partition.topic, partition.index}; }

std::int64_t after(const Record& record) { return record.next.value_or(record.offset + 1); }

std::uint64_t wait_of_ms(std::chrono::milliseconds duration) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(duration.count(), 1));
}

/// Records that the loop is past are dropped: sources that give whole blocks give some again.
std::expected<std::deque<Record>, std::string> from_position(std::vector<Record> records,
                                                             std::int64_t position) {
  std::deque<Record> kept;
  for (Record& record : records) {
    if (record.offset < position) continue;
    const std::int64_t least = kept.empty() ? position : after(kept.back());
    if (record.offset < least || after(record) <= record.offset) {
      return std::unexpected("The fetch gave offset " + std::to_string(record.offset) +
                             " where at least " + std::to_string(least) +
                             " follows: records must ascend.");
    }
    kept.push_back(std::move(record));
  }
  return kept;
}

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

std::optional<Error> ConsumeWorkers::run() {
  std::vector<std::thread> threads;
  for (std::size_t worker = 1; worker < busy_since_ms_.size(); ++worker) {
    threads.push_back(start_quiet_thread([this, worker] { work(worker); }));
  }
  work(0);
  for (std::thread& thread : threads) thread.join();
  const std::lock_guard lock(mutex_);
  stopping_ = false;
  return std::exchange(ended_, std::nullopt);
}

void ConsumeWorkers::begin() {
  const std::lock_guard lock(mutex_);
  ended_.reset();
}

void ConsumeWorkers::stop() {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  changed_.notify_all();
}

void ConsumeWorkers::work(std::size_t worker) {
  Lock lock(mutex_);
  while (!stopping_ && !ended_) {
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
  for (const auto& [at, work] : works_) {
    const bool comes_up = !work->in_hand && !work->stopped && work->due_ms > now_ms;
    if (comes_up) wait_ms = std::min(wait_ms, work->due_ms - now_ms);
  }
  changed_.wait_for(lock, std::chrono::milliseconds(wait_ms));
}

// ---- one partition's turn ---------------------------------------------------------------------

void ConsumeWorkers::take_turn(Lock& lock, Work& work, std::size_t worker) {
  if (work.fetched.empty() && !fetch_more(lock, work, worker)) return;
  for (int handled = 0; handled < kRecordsATurn && !work.fetched.empty(); ++handled) {
    if (!may_go_on(work) || !handle_one(lock, work, worker)) return;
  }
}

bool ConsumeWorkers::may_go_on(Work& work) {
  return !stopping_ && !work.over && !work.sought && seat_.may_work_on(work.partition);
}

/// False: there is nothing to handle now.
bool ConsumeWorkers::fetch_more(Lock& lock, Work& work, std::size_t worker) {
  const std::int64_t position = work.position;
  lock.unlock();
  auto answer = fetch_(work.partition, position);
  auto records = answer ? from_position(std::move(*answer), position)
                        : std::expected<std::deque<Record>, std::string>(
                              std::unexpected(std::move(answer.error())));
  lock.lock();
  busy(worker);
  if (!records) {
    failed(lock, work, nullptr, records.error());
    return false;
  }
  work.attempt = 1;
  work.fetched = std::move(*records);
  if (work.fetched.empty()) work.due_ms = boottime_ms() + wait_of_ms(options_.idle_wait);
  return !work.fetched.empty();
}

/// False: the partition's turn ends with this record.
bool ConsumeWorkers::handle_one(Lock& lock, Work& work, std::size_t worker) {
  // Only this worker takes records away while the partition is in its hand.
  const Record& record = work.fetched.front();
  lock.unlock();
  const auto outcome = call_handler(work.partition, record);
  lock.lock();
  busy(worker);
  if (outcome) return passed(work, record);
  const auto then = failed(lock, work, &record, outcome.error());
  return then == ConsumeFailure::Then::kSkipRecord && passed(work, record);
}

std::expected<void, std::string> ConsumeWorkers::call_handler(const Partition& partition,
                                                              const Record& record) {
  try {
    return handle_(partition, record);
  } catch (const std::exception& thrown) {
    return std::unexpected(std::string("The handler threw: ") + thrown.what());
  }
}

/// The record is handled, or skipped on purpose. Nothing else moves a position on.
bool ConsumeWorkers::passed(Work& work, const Record& record) {
  const std::int64_t next = after(record);
  work.position = next;
  work.attempt = 1;
  work.fetched.pop_front();
  return seat_.handled(work.partition, next).has_value();
}

ConsumeFailure::Then ConsumeWorkers::failed(Lock& lock, Work& work, const Record* record,
                                            const std::string& why) {
  using Then = ConsumeFailure::Then;
  ConsumeFailure failure;
  failure.partition = work.partition;
  if (record != nullptr) failure.record = *record;
  failure.offset = record == nullptr ? work.position : record->offset;
  failure.attempt = work.attempt;
  failure.why = why;
  if (record != nullptr && work.attempt > options_.retries) {
    failure.then = options_.after_retries == AfterRetries::kSkipRecord ? Then::kSkipRecord
                                                                       : Then::kStopPartition;
  }
  lock.unlock();
  if (on_failure_) on_failure_(failure);
  lock.lock();
  if (failure.then == Then::kRetry) {
    work.due_ms = boottime_ms() + back_off_ms(work.attempt);
    if (work.attempt < std::numeric_limits<int>::max()) ++work.attempt;
  }
  if (failure.then == Then::kStopPartition) work.stopped = true;
  return failure.then;
}

std::uint64_t ConsumeWorkers::back_off_ms(int attempt) {
  const std::uint64_t longest_ms = wait_of_ms(options_.longest_back_off);
  std::uint64_t wait_ms = wait_of_ms(options_.first_back_off);
  for (int i = 1; i < attempt && wait_ms < longest_ms; ++i) wait_ms *= 2;
  wait_ms = std::min(wait_ms, longest_ms);
  return wait_ms - entropy_() % (wait_ms / 2 + 1);
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
  const std::int64_t start = on_start_ ? on_start_(partition) : partition.committed.value_or(0);
  auto work = std::make_shared<Work>();
  work->partition = partition;
  work->position = start;
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

void ConsumeWorkers::revoked(const Partition& partition) {
  Lock lock(mutex_);
  const auto work = remove(partition);
  if (work != nullptr) changed_.wait(lock, [&] { return !work->in_hand; });
}

void ConsumeWorkers::lost(const Partition& partition) {
  const std::lock_guard lock(mutex_);
  remove(partition);
}

void ConsumeWorkers::resumed() {
  const std::lock_guard lock(mutex_);
  changed_.notify_all();
}

void ConsumeWorkers::ended(const Error& why) {
  const std::lock_guard lock(mutex_);
  ended_ = why;
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
