// The requests of one connection that have no reply yet, by correlation id. Clients number upwards
// and are mostly answered in that order, which costs next to nothing; any other order is right,
// too.
#pragma once

#include <absl/container/inlined_vector.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace muster::coordinator {

/// Takes no memory while there is nothing in it, nor for a request at a time.
class InFlight {
 public:
  /// False: the id is there already.
  bool insert(std::uint64_t id) {
    if (size() == 0 || ids_.back() < id) {
      ids_.push_back(id);
      return true;
    }
    const auto place = std::lower_bound(begin(), ids_.end(), id);
    if (*place == id) return false;
    ids_.insert(place, id);
    return true;
  }

  /// Ignored when it is not there.
  void erase(std::uint64_t id) {
    const auto place = std::lower_bound(begin(), ids_.end(), id);
    if (place == ids_.end() || *place != id) return;
    if (place == begin()) {
      ++answered_;
    } else {
      ids_.erase(place);
    }
    if (size() == 0) {
      ids_.clear();
      ids_.shrink_to_fit();
      answered_ = 0;
    } else if (answered_ > size()) {
      ids_.erase(ids_.begin(), begin());
      answered_ = 0;
    }
  }

  std::size_t size() const { return ids_.size() - answered_; }

 private:
  using Ids = absl::InlinedVector<std::uint64_t, 1>;
  Ids::iterator begin() { return ids_.begin() + static_cast<std::ptrdiff_t>(answered_); }

  Ids ids_;                   // ascending
  std::size_t answered_ = 0;  // that many in front are answered
};

}  // namespace muster::coordinator
