// How many partitions of each topic each of its subscribers is to have, as a table.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "domain/assign/deal.h"
#include "domain/assign/freedom.h"
#include "domain/assign/network.h"

namespace muster::domain {

/// What one member is to have of one topic, pinned partitions included.
struct Share {
  Count count = 0;
  Count least = 0;  // as far as balance and moves leave a choice
  Count most = 0;
};

/// Whether all topics have come out as even as any shares could be that add up to as much. Takes no
/// longer than there are partitions and subscribers.
bool all_even(const AssignmentInput& input, std::span<const Audience> audiences,
              Positions& positions, const Assignment& assignment);

/// The topics of some audiences, each a row with a share for every subscriber of its audience, in
/// their order. Rows are numbered from 0, those of one audience one after the other.
class Shares {
 public:
  Shares(const AssignmentInput& input, std::span<const Audience> audiences, Positions& positions,
         const Assignment& assignment);

  std::uint32_t row_count() const { return static_cast<std::uint32_t>(topics_.size()); }
  std::uint32_t rows_begin(std::uint32_t audience) const { return rows_begin_[audience]; }
  std::uint32_t rows_end(std::uint32_t audience) const { return rows_begin_[audience + 1]; }
  std::uint32_t audience_of(std::uint32_t row) const { return audience_of_[row]; }
  std::span<Share> row(std::uint32_t row) {
    return std::span(shares_).subspan(begin_[row], begin_[row + 1] - begin_[row]);
  }
  std::span<const Share> row(std::uint32_t row) const {
    return std::span(shares_).subspan(begin_[row], begin_[row + 1] - begin_[row]);
  }

  /// What the assignment is as a flow. `pinned`: by member of the input.
  PresentFlow flow(const Network& network, const std::vector<Count>& pinned) const;

  /// Sets the least and the most of each share.
  void confine(const Network& network, const Freedom& freedom);

  /// Makes the assignment follow the shares of the row. Partitions stay with or return to those who
  /// hold them while these have a share left; as many of the others as can be stay where they are.
  void write_back(std::uint32_t row, const Audience& audience, const Positions& positions,
                  Assignment& assignment) const;

 private:
  const AssignmentInput& input_;
  std::vector<std::uint32_t> topics_;       // by row: number of the input's topic
  std::vector<std::uint32_t> audience_of_;  // by row
  std::vector<std::uint32_t> rows_begin_;   // by audience
  std::vector<std::size_t> begin_;          // by row: of its shares
  std::vector<Share> shares_;
};

}  // namespace muster::domain
