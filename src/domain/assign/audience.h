// What `sticky` decides in: audiences with partitions to deal, and how many each subscriber gets.
// Partitions of one audience are alike as far as balance and moves go, so that the size of the
// problem is the number of subscriptions, not of partitions.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "domain/assign/strategy.h"

namespace muster::domain {

/// A number of partitions.
using Count = std::int32_t;

/// Everybody who subscribes to certain topics. `held`, `quota` and `open` run parallel to
/// `subscribers`.
struct Audience {
  std::span<const MemberIndex> subscribers;  // ascending, at least one
  std::span<const std::uint32_t> topics;     // numbers of the input's topics, ascending
  Count partitions = 0;                      // those that no pin fixes
  std::span<Count> held;                     // how many of them each subscriber has now
  std::span<Count> quota;                    // how many each shall have at least
  std::span<bool> open;                      // who may take one more, if `extras` are left
  Count extras = 0;                          // what there is beyond the quotas
};

/// The audiences of an input that have partitions to deal, in the order of their first topics
/// (so that the order in which the input lists audiences matters to nobody), and the memory that
/// their spans point into.
class Audiences {
 public:
  explicit Audiences(const AssignmentInput& input);

  std::vector<Audience>& all() { return audiences_; }

  /// Audiences that share members, directly or through others, must be solved together; those of
  /// different components need not know of each other. Each component ascending, by first audience.
  std::vector<std::vector<std::uint32_t>> components(std::size_t member_count) const;

 private:
  std::vector<Audience> audiences_;
  std::vector<std::uint32_t> topics_;
  std::vector<Count> held_;
  std::vector<Count> quota_;
  std::unique_ptr<bool[]> open_;
};

}  // namespace muster::domain
