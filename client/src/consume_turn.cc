// One partition's turn: where it begins, what is fetched and handled, and what becomes of a
// failure.
#include <algorithm>
#include <exception>
#include <limits>
#include <string_view>
#include <utility>

#include "client/src/consume_workers.h"
#include "client/src/wake.h"

namespace muster {
namespace {

// Then another partition has its turn.
constexpr int kRecordsATurn = 64;

std::int64_t after(const Record& record) { return record.next ? *record.next : record.offset + 1; }

/// Records that the loop is past are dropped: sources that give whole blocks give some again.
std::expected<std::deque<Record>, std::string> from_position(std::vector<Record> records,
                                                             std::int64_t position) {
  std::deque<Record> kept;
  for (Record& record : records) {
    if (record.offset < position) continue;
    const std::int64_t least = kept.empty() ? position : after(kept.back());
    const bool is_last = record.offset == std::numeric_limits<std::int64_t>::max();
    if (record.offset < least || is_last || after(record) <= record.offset) {
      return std::unexpected("The fetch gave offset " + std::to_string(record.offset) +
                             " where at least " + std::to_string(least) +
                             " follows: records must ascend.");
    }
    kept.push_back(std::move(record));
  }
  return kept;
}

/// What a function of the application gives; that it throws is a failure like any other.
template <typename Function>
auto tried(std::string_view name, Function function) -> decltype(function()) {
  try {
    return function();
  } catch (const std::exception& thrown) {
    return std::unexpected(std::string(name) + " threw: " + thrown.what());
  } catch (...) {
    return std::unexpected(std::string(name) + " threw what is no std::exception.");
  }
}

}  // namespace

void ConsumeWorkers::take_turn(Lock& lock, Work& work, std::size_t worker) {
  if (!work.started && !start(lock, work, worker)) return;
  if (work.fetched.empty() && !fetch_more(lock, work, worker)) return;
  for (int handled = 0; handled < kRecordsATurn && !work.fetched.empty(); ++handled) {
    if (!may_go_on(work) || !handle_one(lock, work, worker)) return;
  }
}

bool ConsumeWorkers::may_go_on(Work& work) {
  return !stopping_ && !work.over && !work.sought && seat_.may_work_on(work.partition);
}

/// False: where to begin is not known yet.
bool ConsumeWorkers::start(Lock& lock, Work& work, std::size_t worker) {
  lock.unlock();
  const auto start = tried("on_start", [&]() -> std::expected<std::int64_t, std::string> {
    return on_start_(work.partition);
  });
  lock.lock();
  busy(worker);
  if (!start) {
    failed(lock, work, nullptr, start.error());
    return false;
  }
  work.started = true;
  work.position = *start;
  work.attempt = 1;
  return may_go_on(work);
}

/// False: there is nothing to handle now.
bool ConsumeWorkers::fetch_more(Lock& lock, Work& work, std::size_t worker) {
  const std::int64_t position = work.position;
  lock.unlock();
  auto answer = tried("The fetch", [&] { return fetch_(work.partition, position); });
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
  const auto outcome = tried("The handler", [&] { return handle_(work.partition, record); });
  lock.lock();
  busy(worker);
  if (outcome) return passed(work, record);
  const auto then = failed(lock, work, &record, outcome.error());
  return then == ConsumeFailure::Then::kSkipRecord && passed(work, record);
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
  const auto told = tried("on_failure", [&]() -> std::expected<void, std::string> {
    if (on_failure_) on_failure_(failure);
    return {};
  });
  lock.lock();
  // It has not put the record elsewhere: nothing is skipped before it has.
  if (!told && failure.then == Then::kSkipRecord) failure.then = Then::kRetry;
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

}  // namespace muster
