// What a journal consists of: counted over all its events, in one reading.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>

#include "tools/storms.h"

namespace muster::tools {

inline constexpr std::int64_t kHour_ms = 3'600'000;

struct Activity {
  std::uint64_t events = 0;
  std::uint64_t bytes = 0;  // of the events themselves
  std::uint64_t commits = 0;
  std::uint64_t plans = 0;
  std::uint64_t joined = 0;
  std::uint64_t left = 0;
  std::uint64_t expired = 0;
  std::uint64_t fenced = 0;

  void add(const domain::EventBody& body, std::size_t body_bytes);
};

struct TypeCount {
  std::uint64_t events = 0;
  std::uint64_t bytes = 0;
};

class Statistics {
 public:
  /// Of a journal that begins with this sequence.
  explicit Statistics(Sequence first_sequence = 1)
      : first_sequence_(first_sequence), last_sequence_(first_sequence - 1) {}

  /// To be called with every event, in order.
  void take(Sequence sequence, const domain::Event& event, std::size_t bytes);

  const Activity& all() const { return all_; }
  Sequence first_sequence() const { return first_sequence_; }
  Sequence last_sequence() const { return last_sequence_; }
  std::int64_t first_time_ms() const { return first_time_ms_; }
  std::int64_t last_time_ms() const { return last_time_ms_; }
  /// How often an event's time is before that of the one before it: the clock was set.
  std::uint64_t steps_back() const { return steps_back_; }

  /// In the order of domain::event_names().
  const auto& by_type() const { return by_type_; }
  const std::unordered_map<std::string, Activity>& by_group() const { return by_group_; }
  /// By the number of the hour since 1970; hours in which nothing happened are left out.
  const std::map<std::int64_t, Activity>& by_hour() const { return by_hour_; }
  const std::vector<Storm>& storms() const { return storms_.storms(); }

 private:
  Activity all_;
  Sequence first_sequence_;
  Sequence last_sequence_;
  std::int64_t first_time_ms_ = 0;
  std::int64_t last_time_ms_ = 0;
  std::uint64_t steps_back_ = 0;
  std::array<TypeCount, std::variant_size_v<domain::EventBody>> by_type_{};
  std::unordered_map<std::string, Activity> by_group_;
  std::map<std::int64_t, Activity> by_hour_;
  StormWatch storms_;
};

}  // namespace muster::tools
