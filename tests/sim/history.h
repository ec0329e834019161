// A value and all that it was before, by the sequence from which on it was so: replies speak of the
// state at a sequence, and arrive when the world has moved on.
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "domain/ids.h"

namespace muster::sim {

template <typename Value>
class History {
 public:
  void set(Sequence from, Value value) {
    if (!values_.empty() && values_.back().first == from) {
      values_.back().second = std::move(value);
    } else {
      values_.emplace_back(from, std::move(value));
    }
  }

  const Value& now() const { return values_.empty() ? kNothing : values_.back().second; }

  const Value& at(Sequence sequence) const {
    if (values_.empty() || values_.back().first <= sequence) return now();
    const auto after =
        std::ranges::upper_bound(values_, sequence, {}, &std::pair<Sequence, Value>::first);
    return after == values_.begin() ? kNothing : std::prev(after)->second;
  }

  /// One of all that it ever was.
  const Value& any(std::uint64_t number) const {
    return values_.empty() ? kNothing : values_[number % values_.size()].second;
  }

  /// Whether `holds` for a value that was there at some time up to `sequence`.
  template <typename Holds>
  bool any_until(Sequence sequence, Holds holds) const {
    return std::ranges::any_of(
        values_, [&](const auto& entry) { return entry.first <= sequence && holds(entry.second); });
  }

 private:
  static inline const Value kNothing{};
  std::vector<std::pair<Sequence, Value>> values_;
};

}  // namespace muster::sim
