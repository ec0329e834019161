// The maximum flow is found as by Dinitz (1970): shortest paths in layers, all of one length at a
// time. The cheapest one by the primal-dual method of Ford and Fulkerson (1962), with potentials as
// Edmonds and Karp (1972) have them: only along edges that lie on a cheapest path, price by price.
// Prices are small numbers of moves, so that there are few rounds.
#include "domain/assign/flow.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <queue>
#include <utility>

#include "domain/assert.h"

namespace muster::domain {
namespace {

constexpr Count kUnlimited = std::numeric_limits<Count>::max();
constexpr std::int32_t kUnreached = -1;

}  // namespace

Flow::Flow(const std::vector<Audience>& audiences, const std::vector<Count>& pinned_of)
    : Network(audiences, pinned_of.size()) {
  for (const Audience& audience : audiences) {
    waiting.push_back(audience.partitions);
    held_.insert(held_.end(), audience.held.begin(), audience.held.end());
  }
  for (std::uint32_t i = 0; i < member_count(); ++i) pinned.push_back(pinned_of[input_member(i)]);
  load = pinned;
  limit = pinned;
  audience_piece.resize(audience_count());
  member_piece.resize(member_count());

  units_.resize(edge_count());
  carried_.resize(edge_count());
  carried_count_.resize(member_count());
  listed_.resize(edge_count());
  usable_begin_.resize(audience_count());
  usable_end_.resize(audience_count());
  audience_price_.resize(audience_count());
  audience_layer_.resize(audience_count());
  audience_cursor_.resize(audience_count());
  member_price_.resize(member_count());
  member_layer_.resize(member_count());
  member_cursor_.resize(member_count());
}

void Flow::keep_held() {
  std::ranges::fill(audience_price_, 0);
  std::ranges::fill(member_price_, 0);
  load = pinned;
  for (std::uint32_t audience = 0; audience < audience_count(); ++audience) {
    for (std::uint32_t edge = edges_begin(audience); edge < edges_end(audience); ++edge) {
      const std::uint32_t member = member_of(edge);
      const bool inside = audience_piece[audience] == member_piece[member];
      const Count kept = inside ? std::min(held_[edge], limit[member] - load[member]) : 0;
      waiting[audience] += units_[edge] - kept;
      if (units_[edge] != kept) add_units(edge, kept - units_[edge]);
      load[member] += kept;
    }
  }
}

void Flow::cut_to_limit(std::uint32_t member) {
  for (const std::uint32_t edge : carried_by(member)) {
    const Count excess = load[member] - limit[member];
    if (excess <= 0) return;
    const Count cut = std::min(excess, units_[edge]);
    add_units(edge, -cut);
    load[member] -= cut;
    waiting[audience_of(edge)] += cut;
  }
}

void Flow::add_units(std::uint32_t edge, Count amount) {
  units_[edge] += amount;
  if (listed_[edge] || units_[edge] == 0) return;
  const std::uint32_t member = member_of(edge);
  carried_[member_edges_begin(member) + carried_count_[member]++] = edge;
  listed_[edge] = true;
}

void Flow::forget_empty(std::uint32_t member) {
  std::uint32_t kept = member_edges_begin(member);
  for (const std::uint32_t edge : carried_by(member)) {
    listed_[edge] = units_[edge] > 0;
    if (listed_[edge]) carried_[kept++] = edge;
  }
  carried_count_[member] = kept - member_edges_begin(member);
}

void Flow::augment(Nodes audiences, Nodes members, Cost cost) {
  goal_ = 0;
  if (cost == Cost::kFree) {
    for (const std::uint32_t audience : audiences) audience_price_[audience] = 0;
    for (const std::uint32_t member : members) member_price_[member] = 0;
  }
  do {
    if (cost == Cost::kMoves && !find_prices(audiences, members)) return;
    list_usable(audiences, cost);
    while (find_layers(audiences, members, cost)) {
      for (const std::uint32_t source : audiences) {
        if (audience_layer_[source] != 0) continue;
        while (waiting[source] > 0 && find_path(source, cost)) push_along_path(source, cost);
      }
    }
  } while (cost == Cost::kMoves);
}

// Until all that a member holds of an audience is placed on the edge, one more costs nothing;
// beyond that it costs a move. What lies beyond is taken back first, for the move that it saves.

Count Flow::room_forward(std::uint32_t edge, Cost cost) const {
  return cost == Cost::kMoves && units_[edge] < held_[edge] ? held_[edge] - units_[edge]
                                                            : kUnlimited;
}

Count Flow::room_back(std::uint32_t edge, Cost cost) const {
  return cost == Cost::kMoves && units_[edge] > held_[edge] ? units_[edge] - held_[edge]
                                                            : units_[edge];
}

std::int32_t Flow::price_forward(std::uint32_t edge, Cost cost) const {
  return cost == Cost::kMoves && units_[edge] >= held_[edge] ? 1 : 0;
}

std::int32_t Flow::price_back(std::uint32_t edge, Cost cost) const {
  return cost == Cost::kMoves && units_[edge] > held_[edge] ? -1 : 0;
}

bool Flow::tight_forward(std::uint32_t edge, Cost cost) const {
  const std::uint32_t audience = audience_of(edge);
  const std::uint32_t member = member_of(edge);
  return audience_price_[audience] + price_forward(edge, cost) == member_price_[member];
}

bool Flow::tight_back(std::uint32_t edge, Cost cost) const {
  return units_[edge] > 0 && member_price_[member_of(edge)] + price_back(edge, cost) ==
                                 audience_price_[audience_of(edge)];
}

void Flow::list_usable(Nodes audiences, Cost cost) {
  usable_.clear();
  for (const std::uint32_t audience : audiences) {
    usable_begin_[audience] = static_cast<std::uint32_t>(usable_.size());
    for (std::uint32_t edge = edges_begin(audience); edge < edges_end(audience); ++edge) {
      const std::uint32_t member = member_of(edge);
      const std::int32_t difference = member_price_[member] - audience_price_[audience];
      const bool inside = audience_piece[audience] == member_piece[member];
      const bool can_be_tight =
          cost == Cost::kFree || difference == 1 || (difference == 0 && held_[edge] > 0);
      if (inside && can_be_tight) usable_.push_back(edge);
    }
    usable_end_[audience] = static_cast<std::uint32_t>(usable_.size());
  }
}

/// Makes the prices those of the cheapest paths from waiting units, by Dijkstra's algorithm over
/// what an edge costs beyond the difference of the former prices. A node that cannot be reached
/// never will be again: new flow leads only to nodes that were reached.
bool Flow::find_prices(Nodes audiences, Nodes members) {
  constexpr Cost kCost = Cost::kMoves;
  constexpr std::int32_t kFar = std::numeric_limits<std::int32_t>::max();
  const auto first_member = static_cast<std::uint32_t>(audience_count());
  std::vector<std::int32_t> distances(audience_count() + member_count(), kFar);
  using Entry = std::pair<std::int32_t, std::uint32_t>;  // distance, node
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue;
  const auto reach = [&](std::uint32_t node, std::int32_t distance) {
    MUSTER_ASSERT(distance >= 0);
    if (distance >= distances[node]) return;
    distances[node] = distance;
    queue.emplace(distance, node);
  };
  for (const std::uint32_t audience : audiences) {
    if (waiting[audience] > 0) reach(audience, -audience_price_[audience]);
  }
  while (!queue.empty()) {
    const auto [distance, node] = queue.top();
    queue.pop();
    if (distance > distances[node]) continue;
    if (node < first_member) {
      for (std::uint32_t edge = edges_begin(node); edge < edges_end(node); ++edge) {
        const std::uint32_t member = member_of(edge);
        if (audience_piece[node] != member_piece[member]) continue;
        reach(first_member + member, distance + price_forward(edge, kCost) + audience_price_[node] -
                                         member_price_[member]);
      }
      continue;
    }
    const std::uint32_t member = node - first_member;
    for (const std::uint32_t edge : carried_by(member)) {
      if (units_[edge] == 0) continue;
      const std::uint32_t audience = audience_of(edge);
      reach(audience,
            distance + price_back(edge, kCost) + member_price_[member] - audience_price_[audience]);
    }
  }
  for (const std::uint32_t audience : audiences) {
    if (distances[audience] != kFar) audience_price_[audience] += distances[audience];
  }
  goal_ = kFar;
  for (const std::uint32_t member : members) {
    if (distances[first_member + member] == kFar) continue;
    member_price_[member] += distances[first_member + member];
    if (load[member] < limit[member]) goal_ = std::min(goal_, member_price_[member]);
  }
  return goal_ != kFar;
}

/// Breadth first from the waiting units until a member takes more; false when none does.
bool Flow::find_layers(Nodes audiences, Nodes members, Cost cost) {
  for (const std::uint32_t member : members) {
    member_layer_[member] = kUnreached;
    member_cursor_[member] = member_edges_begin(member);
    forget_empty(member);
  }
  std::vector<std::uint32_t> layer;  // alternately of audiences and members
  for (const std::uint32_t audience : audiences) {
    const bool source = waiting[audience] > 0 && audience_price_[audience] == 0;
    audience_layer_[audience] = source ? 0 : kUnreached;
    audience_cursor_[audience] = usable_begin_[audience];
    if (source) layer.push_back(audience);
  }
  std::vector<std::uint32_t> reached;
  for (std::int32_t depth = 1; !layer.empty(); depth += 2) {
    bool arrived = false;
    reached.clear();
    for (const std::uint32_t audience : layer) {
      for (std::uint32_t i = usable_begin_[audience]; i < usable_end_[audience]; ++i) {
        const std::uint32_t edge = usable_[i];
        const std::uint32_t member = member_of(edge);
        if (member_layer_[member] != kUnreached || !tight_forward(edge, cost)) continue;
        member_layer_[member] = depth;
        reached.push_back(member);
        arrived = arrived || takes(member);
      }
    }
    if (arrived) return true;
    layer.clear();
    for (const std::uint32_t member : reached) {
      for (const std::uint32_t edge : carried_by(member)) {
        const std::uint32_t audience = audience_of(edge);
        if (audience_layer_[audience] != kUnreached || !tight_back(edge, cost)) continue;
        audience_layer_[audience] = depth + 1;
        layer.push_back(audience);
      }
    }
  }
  return false;
}

/// Depth first along the layers to a member that takes more. A cursor that moved on never returns:
/// within one set of layers its edge leads nowhere any more.
bool Flow::find_path(std::uint32_t source, Cost cost) {
  path_.clear();
  std::uint32_t audience = source;
  for (;;) {
    // At an audience: on to a member.
    std::uint32_t& cursor = audience_cursor_[audience];
    const std::uint32_t end = usable_end_[audience];
    const auto leads_on = [&](std::uint32_t edge) {
      return member_layer_[member_of(edge)] == audience_layer_[audience] + 1 &&
             tight_forward(edge, cost);
    };
    while (cursor < end && !leads_on(usable_[cursor])) ++cursor;
    std::uint32_t member = 0;
    if (cursor < end) {
      path_.push_back({.edge = usable_[cursor], .forward = true});
      member = member_of(usable_[cursor]);
      if (takes(member)) return true;
    } else {
      if (path_.empty()) return false;
      member = member_of(path_.back().edge);
      ++member_cursor_[member];
      path_.pop_back();
    }
    // At a member: on to an audience that can take one back, or back to the one before.
    std::uint32_t& back = member_cursor_[member];
    const std::uint32_t back_end = member_edges_begin(member) + carried_count_[member];
    const auto leads_back = [&](std::uint32_t edge) {
      return audience_layer_[audience_of(edge)] == member_layer_[member] + 1 &&
             tight_back(edge, cost);
    };
    while (back < back_end && !leads_back(carried_[back])) ++back;
    if (back < back_end) {
      path_.push_back({.edge = carried_[back], .forward = false});
    } else {
      ++audience_cursor_[audience_of(path_.back().edge)];
      path_.pop_back();
    }
    audience = path_.empty() ? source : audience_of(path_.back().edge);
  }
}

void Flow::push_along_path(std::uint32_t source, Cost cost) {
  const std::uint32_t sink = member_of(path_.back().edge);
  Count amount = std::min(waiting[source], limit[sink] - load[sink]);
  for (const Step& step : path_) {
    amount =
        std::min(amount, step.forward ? room_forward(step.edge, cost) : room_back(step.edge, cost));
  }
  MUSTER_ASSERT(amount > 0);
  for (const Step& step : path_) add_units(step.edge, step.forward ? amount : -amount);
  waiting[source] -= amount;
  load[sink] += amount;
}

}  // namespace muster::domain
