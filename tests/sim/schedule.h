// The one ordered queue of everything that is going to happen. Equal times happen in the order in
// which they were put in: nothing depends on chance or on an address.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace muster::sim {

enum class Happening : std::uint8_t {
  kAction,         // the next action of the plan
  kServerTurn,     // the coordinator's loop wakes
  kServerReturns,  // from a stop, or as a new process
  kBatchDone,      // the disk finished a batch
  kToServer,       // what a client sent arrives
  kToClient,       // what the coordinator sent arrives
  kWorkerWakes,
  kWorkerGoesOn,  // after a SIGSTOP
  kPlannerWakes,
  kPlanComputed,  // the coordinator's planner is done with one
  kReaderGoesOn,  // after it was slow
  kDiskRecovers,
  kCheckCalm,  // has everything come to rest?
};

struct Due {
  std::uint64_t at_us = 0;
  std::uint64_t order = 0;
  Happening what = Happening::kAction;
  std::uint64_t who = 0;
  std::uint64_t detail = 0;

  bool operator>(const Due& other) const {
    return at_us != other.at_us ? at_us > other.at_us : order > other.order;
  }
};

class Schedule {
 public:
  std::uint64_t now_us() const { return now_us_; }
  std::uint64_t now_ms() const { return now_us_ / 1'000; }

  void in_us(std::uint64_t delay_us, Happening what, std::uint64_t who = 0,
             std::uint64_t detail = 0) {
    at_us(now_us_ + delay_us, what, who, detail);
  }
  void at_us(std::uint64_t at_us, Happening what, std::uint64_t who = 0, std::uint64_t detail = 0) {
    heap_.push_back({.at_us = std::max(at_us, now_us_),
                     .order = order_++,
                     .what = what,
                     .who = who,
                     .detail = detail});
    std::ranges::push_heap(heap_, std::greater<>());
  }

  bool empty() const { return heap_.empty(); }

  /// Time goes on to what comes next.
  Due next() {
    std::ranges::pop_heap(heap_, std::greater<>());
    const Due due = heap_.back();
    heap_.pop_back();
    now_us_ = due.at_us;
    return due;
  }

 private:
  std::vector<Due> heap_;
  std::uint64_t now_us_ = 1'000'000;
  std::uint64_t order_ = 0;
};

}  // namespace muster::sim
