// Brings a table of shares to the least sum of squares that balance and moves leave it.
#pragma once

#include <cstdint>
#include <functional>
#include <queue>
#include <span>
#include <utility>
#include <vector>

#include "domain/assign/freedom.h"
#include "domain/assign/network.h"
#include "domain/assign/shares.h"

namespace muster::domain {

class Levelling {
 public:
  /// Of the flow whose freedom it is: `load` by member. `steps`: how many shares it may look at.
  Levelling(Shares& shares, const Network& network, Freedom freedom, std::vector<Count> load,
            std::int64_t steps);

  /// Brings the shares to the least unevenness that is free. When the steps do not suffice, the
  /// shares are left less uneven than they were or as they were.
  void run();

  /// By row: whether its shares are others now.
  const std::vector<bool>& changed() const { return changed_; }

 private:
  using Node = std::uint32_t;  // rows, then members, then the sink of all loads
  struct Cell {
    std::uint32_t row = 0;
    std::uint32_t at = 0;  // in the row
  };
  struct Change {
    Cell cell;
    Count by = 0;
  };
  enum class State : std::uint8_t { kOpen, kOnPath, kDead };

  bool is_row(Node node) const { return node < rows_; }
  std::span<const Cell> cells_of(Node member) const {
    const std::uint32_t i = member - rows_;
    return std::span(cells_).subspan(cells_begin_[i], cells_begin_[i + 1] - cells_begin_[i]);
  }
  Node member_of(Cell cell) const {
    return rows_ +
           network_.member_of(network_.edges_begin(shares_.audience_of(cell.row)) + cell.at);
  }

  // Steps of a unit, and what each costs for a partition of the unit, beyond the prices.
  bool takes(Cell cell) const {
    const Share& share = shares_.row(cell.row)[cell.at];
    return share.count <= share.most - unit_;
  }
  bool gives(Cell cell) const {
    const Share& share = shares_.row(cell.row)[cell.at];
    return share.count >= share.least + unit_;
  }
  std::int64_t taking(Cell cell) const {
    return 2 * std::int64_t{shares_.row(cell.row)[cell.at].count} + unit_ + prices_[cell.row] -
           prices_[member_of(cell)];
  }
  std::int64_t giving(Cell cell) const {
    return unit_ - 2 * std::int64_t{shares_.row(cell.row)[cell.at].count} +
           prices_[member_of(cell)] - prices_[cell.row];
  }
  bool rises(Node member) const {
    return load_[member - rows_] + unit_ <= freedom_.most_load[member - rows_];
  }
  bool falls(Node member) const {
    return load_[member - rows_] - unit_ >= freedom_.least_load[member - rows_];
  }

  void level();
  void level_row(Node row);
  void level_loads();
  void change(Cell cell, Count by);
  void undo(std::vector<Count> load);

  bool find_prices();
  void reach(Node node, std::int64_t distance);
  void reach_from(Node node, std::int64_t distance);

  bool find_path(Node source);
  Node next_on_path(Node node);
  void push_along_path();

  Shares& shares_;
  const Network& network_;
  const Freedom freedom_;
  std::vector<Count> load_;  // by member
  std::int64_t steps_ = 0;   // that may still be done
  Count unit_ = 1;           // partitions that are moved at once
  std::vector<bool> changed_;
  std::vector<Change> log_;  // since the last level was reached
  const Node rows_;
  const Node sink_;
  std::vector<Cell> cells_;  // of the members, one after the other
  std::vector<std::uint32_t> cells_begin_;

  // By node.
  std::vector<std::int64_t> prices_;
  std::vector<Count> surplus_;  // units that have to go elsewhere; below 0: that are lacking
  std::vector<std::int64_t> distances_;
  std::vector<std::uint32_t> cursor_;  // the next step to be tried
  std::vector<State> state_;

  std::vector<Node> reached_;
  using Entry = std::pair<std::int64_t, Node>;  // distance
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue_;
  std::vector<Node> path_;
};

}  // namespace muster::domain
