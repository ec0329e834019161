// The scenario that `muster plan` is asked about: a group with its topics, as a file or a server
// tells it, and what somebody would change in it.
#pragma once

#include <cstdint>
#include <deque>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "domain/assign/strategy.h"
#include "domain/errors.h"
#include "domain/ids.h"
#include "domain/limits.h"
#include "domain/subscription.h"

namespace muster::tools {

/// Names by number: half a million holdings repeat a few thousand of them.
class NameTable {
 public:
  NameTable() = default;
  NameTable(const NameTable&) = delete;  // numbers_ points into names_
  NameTable& operator=(const NameTable&) = delete;
  NameTable(NameTable&&) noexcept = default;  // a deque's elements stay where they are
  NameTable& operator=(NameTable&&) noexcept = default;

  /// Takes the name in, if it is new.
  std::uint32_t number_of(std::string_view name);
  std::string_view name(std::uint32_t number) const { return names_[number]; }
  std::size_t size() const { return names_.size(); }

 private:
  std::deque<std::string> names_;
  std::unordered_map<std::string_view, std::uint32_t> numbers_;
};

/// One partition that somebody has now, before anything changes.
struct Holding {
  std::uint32_t topic = 0;  // number of its name; the topic may be gone
  PartitionIndex partition = 0;
  std::uint32_t owner = 0;  // number of its name; it may be no member any more
};

struct Scenario {
  struct Member {
    domain::Subscription subscription;
    bool draining = false;
  };

  std::string strategy{domain::kDefaultStrategy};
  std::uint32_t max_members = 0;  // 0: no limit of the group's own
  /// Of a live group. Information: what unfreezing would do is asked all the same.
  std::optional<bool> frozen;
  std::map<std::string, std::int32_t, std::less<>> topics;  // partition counts
  std::map<std::string, Member, std::less<>> members;
  std::map<std::pair<std::string, PartitionIndex>, std::string> pins;  // topic, partition → member
  NameTable names;                                                     // of the holdings
  std::vector<Holding> holdings;
};

/// Brings the holdings into the order of their topics' names and partitions.
void sort_holdings(Scenario& scenario);

/// Nothing when the coordinator itself can plan by this strategy, otherwise why not and what to
/// ask instead.
std::optional<Rejection> refuse_strategy(std::string_view strategy);

/// What is supposed to change.
struct Changes {
  std::optional<std::string> strategy;
  std::uint32_t add_members = 0;  // "new-1" …, subscribing as the first member by id does
  std::vector<std::string> remove_members;
  std::vector<std::pair<std::string, std::int32_t>> partitions;  // topic, its new count
};

/// Changes the scenario, or says what the coordinator would refuse; it is half changed then. What
/// passes has a strategy that refuse_strategy lets pass, also without changes.
std::expected<void, Rejection> apply(const Changes& changes, const Limits& limits,
                                     Scenario& scenario);

}  // namespace muster::tools
