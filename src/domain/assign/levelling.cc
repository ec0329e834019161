// Unevenness is a convex cost of a flow from topics to members, within the bounds that balance and
// moves leave it (freedom.h). It is least when there are prices of topics and members at which no
// single step pays: to give a member one more of a topic, or one less. The steps that pay are taken
// at once, whatever comes of it. That leaves topics with partitions that nobody has, and members
// that lack some: these are brought together again at the least cost, by the primal-dual method
// (Ford and Fulkerson 1962): prices that make the cheapest ways cost nothing (Dijkstra 1959), then
// as many as there are of these ways. Changes of load are steps, too, between a member and one sink
// of all loads.
//
// Large shares are exchanged in large pieces first, half as large each time, so that the number of
// exchanges depends on the size of the table and not on that of the topics (Minoux 1984). Where
// topics are even from the beginning no step pays at all.
#include "domain/assign/levelling.h"

#include <algorithm>
#include <bit>
#include <limits>

namespace muster::domain {
namespace {

constexpr std::int64_t kInfinite = std::numeric_limits<std::int64_t>::max();

}  // namespace

Levelling::Levelling(Shares& shares, const Network& network, Freedom freedom,
                     std::vector<Count> load, std::int64_t steps)
    : shares_(shares),
      network_(network),
      freedom_(std::move(freedom)),
      load_(std::move(load)),
      steps_(steps),
      changed_(shares.row_count()),
      rows_(shares.row_count()),
      sink_(rows_ + static_cast<Node>(network.member_count())),
      prices_(sink_ + 1),
      surplus_(sink_ + 1),
      distances_(sink_ + 1, kInfinite),
      cursor_(sink_ + 1),
      state_(sink_ + 1) {
  for (std::uint32_t member = 0; member < network.member_count(); ++member) {
    cells_begin_.push_back(static_cast<std::uint32_t>(cells_.size()));
    for (const std::uint32_t edge : network.edges_of_member(member)) {
      const std::uint32_t audience = network.audience_of(edge);
      const std::uint32_t at = edge - network.edges_begin(audience);
      for (auto row = shares.rows_begin(audience); row < shares.rows_end(audience); ++row) {
        cells_.push_back({.row = row, .at = at});
      }
    }
  }
  cells_begin_.push_back(static_cast<std::uint32_t>(cells_.size()));
}

void Levelling::run() {
  Count most = 1;
  for (std::uint32_t row = 0; row < rows_; ++row) {
    for (const Share& share : shares_.row(row)) most = std::max(most, share.count - share.least);
  }
  unit_ = static_cast<Count>(std::bit_floor(static_cast<std::uint32_t>(most)));
  for (; unit_ > 0 && steps_ > 0; unit_ /= 2) level();
}

/// Until no step of a unit pays; if that takes too long, as if it had not begun.
void Levelling::level() {
  log_.clear();
  std::vector<Count> load = load_;
  for (Node row = 0; row < rows_; ++row) level_row(row);
  level_loads();
  while (std::ranges::any_of(surplus_, [](Count count) { return count > 0; })) {
    if (!find_prices()) return undo(std::move(load));
    std::ranges::fill(cursor_, 0);
    std::ranges::fill(state_, State::kOpen);
    for (Node node = 0; node <= sink_; ++node) {
      while (surplus_[node] > 0 && find_path(node)) push_along_path();
    }
  }
  for (const Change& change : log_) changed_[change.cell.row] = true;
}

/// Sets a price at which no subscriber gains by taking a unit more, and takes the units of those
/// who gain by giving.
void Levelling::level_row(Node row) {
  const auto count = static_cast<std::uint32_t>(shares_.row(row).size());
  std::int64_t least_taking = kInfinite;
  std::int64_t least_giving = kInfinite;
  prices_[row] = 0;
  for (Cell cell{.row = row}; cell.at < count; ++cell.at) {
    if (takes(cell)) least_taking = std::min(least_taking, taking(cell));
    if (gives(cell)) least_giving = std::min(least_giving, giving(cell));
  }
  steps_ -= count;
  if (least_taking != kInfinite) {
    prices_[row] = -least_taking;
  } else if (least_giving != kInfinite) {
    prices_[row] = least_giving;
  }
  for (Cell cell{.row = row}; cell.at < count; ++cell.at) {
    while (gives(cell) && giving(cell) < 0) {
      change(cell, -unit_);
      ++surplus_[row];
      --surplus_[member_of(cell)];
    }
  }
}

/// The same of the sink: no member's load gains by rising.
void Levelling::level_loads() {
  std::int64_t least_rising = kInfinite;
  std::int64_t most_falling = -kInfinite;
  for (Node member = rows_; member < sink_; ++member) {
    if (rises(member)) least_rising = std::min(least_rising, prices_[member]);
    if (falls(member)) most_falling = std::max(most_falling, prices_[member]);
  }
  if (least_rising != kInfinite) {
    prices_[sink_] = least_rising;
  } else if (most_falling != -kInfinite) {
    prices_[sink_] = most_falling;
  }
  for (Node member = rows_; member < sink_; ++member) {
    if (!falls(member) || prices_[sink_] >= prices_[member]) continue;
    load_[member - rows_] -= unit_;
    --surplus_[sink_];
    ++surplus_[member];
  }
}

void Levelling::change(Cell cell, Count by) {
  shares_.row(cell.row)[cell.at].count += by;
  log_.push_back({.cell = cell, .by = by});
}

void Levelling::undo(std::vector<Count> load) {
  for (const Change& change : log_) shares_.row(change.cell.row)[change.cell.at].count -= change.by;
  load_ = std::move(load);
  std::ranges::fill(surplus_, 0);
}

// ---- the cheapest ways -------------------------------------------------------------------------

/// Makes a way from a node with a surplus to the nearest that lacks something cost nothing, and no
/// step cost less. There is a way, back to where the unit came from; false when the steps did not
/// suffice to find it.
bool Levelling::find_prices() {
  for (const Node node : reached_) distances_[node] = kInfinite;
  reached_.clear();
  queue_ = {};
  for (Node node = 0; node <= sink_; ++node) {
    if (surplus_[node] > 0) reach(node, 0);
  }
  while (!queue_.empty() && steps_ > 0) {
    const auto [distance, node] = queue_.top();
    queue_.pop();
    if (distance > distances_[node]) continue;
    if (surplus_[node] < 0) {
      for (const Node nearer : reached_) {
        if (distances_[nearer] < distance) prices_[nearer] -= distance - distances_[nearer];
      }
      return true;
    }
    reach_from(node, distance);
  }
  return false;
}

void Levelling::reach(Node node, std::int64_t distance) {
  if (distance >= distances_[node]) return;
  if (distances_[node] == kInfinite) reached_.push_back(node);
  distances_[node] = distance;
  queue_.emplace(distance, node);
}

void Levelling::reach_from(Node node, std::int64_t distance) {
  if (is_row(node)) {
    const auto count = static_cast<std::uint32_t>(shares_.row(node).size());
    for (Cell cell{.row = node}; cell.at < count; ++cell.at) {
      if (takes(cell)) reach(member_of(cell), distance + taking(cell));
    }
    steps_ -= count;
  } else if (node != sink_) {
    for (const Cell cell : cells_of(node)) {
      if (gives(cell)) reach(cell.row, distance + giving(cell));
    }
    steps_ -= std::ssize(cells_of(node));
    if (rises(node)) reach(sink_, distance + prices_[node] - prices_[sink_]);
  } else {
    for (Node member = rows_; member < sink_; ++member) {
      if (falls(member)) reach(member, distance + prices_[sink_] - prices_[member]);
    }
    steps_ -= sink_ - rows_;
  }
}

/// Depth first along steps that cost nothing. A cursor that moved on does not return before the
/// prices change, so that all searches together look at each step once.
bool Levelling::find_path(Node source) {
  path_ = {source};
  state_[source] = State::kOnPath;
  while (!path_.empty()) {
    const Node node = path_.back();
    const Node next = next_on_path(node);
    if (next == node) {
      state_[node] = State::kDead;
      path_.pop_back();
      if (!path_.empty()) ++cursor_[path_.back()];
      continue;
    }
    path_.push_back(next);
    state_[next] = State::kOnPath;
    if (surplus_[next] < 0) return true;
  }
  return false;
}

/// The node itself when there is none.
Levelling::Node Levelling::next_on_path(Node node) {
  std::uint32_t& cursor = cursor_[node];
  const auto is_open = [&](Node next) { return state_[next] == State::kOpen; };
  const std::uint32_t from = cursor;
  Node found = node;
  if (is_row(node)) {
    const auto count = static_cast<std::uint32_t>(shares_.row(node).size());
    for (; cursor < count && found == node; ++cursor) {
      const Cell cell{.row = node, .at = cursor};
      if (takes(cell) && taking(cell) == 0 && is_open(member_of(cell))) found = member_of(cell);
    }
  } else if (node != sink_) {
    const std::span<const Cell> cells = cells_of(node);
    for (; cursor < cells.size() && found == node; ++cursor) {
      const Cell cell = cells[cursor];
      if (gives(cell) && giving(cell) == 0 && is_open(cell.row)) found = cell.row;
    }
    const bool to_sink = rises(node) && prices_[node] == prices_[sink_] && is_open(sink_);
    if (found == node && cursor == cells.size() && to_sink) {
      found = sink_;
      ++cursor;
    }
  } else {
    for (; cursor < sink_ - rows_ && found == node; ++cursor) {
      const Node member = rows_ + cursor;
      if (falls(member) && prices_[sink_] == prices_[member] && is_open(member)) found = member;
    }
  }
  steps_ -= cursor - from;
  if (found != node) --cursor;  // it stays until it leads nowhere
  return found;
}

void Levelling::push_along_path() {
  for (std::size_t i = 0; i + 1 < path_.size(); ++i) {
    const Node from = path_[i];
    const Node to = path_[i + 1];
    if (is_row(from)) {
      change({.row = from, .at = cursor_[from]}, unit_);
    } else if (is_row(to)) {
      change(cells_of(from)[cursor_[from]], -unit_);
    } else if (to == sink_) {
      load_[from - rows_] += unit_;
    } else {
      load_[to - rows_] -= unit_;
    }
  }
  --surplus_[path_.front()];
  ++surplus_[path_.back()];
  for (const Node node : path_) state_[node] = State::kOpen;
}

}  // namespace muster::domain
