// Who subscribes to what, as a bipartite network: audiences and members are its nodes,
// subscriptions its edges. Nodes and edges are numbered from 0.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "domain/assign/audience.h"

namespace muster::domain {

class Network {
 public:
  /// `input_members`: how many members the input has.
  Network(std::span<const Audience> audiences, std::size_t input_members);

  std::size_t audience_count() const { return audience_begin_.size() - 1; }
  std::size_t member_count() const { return members_.size(); }
  std::size_t edge_count() const { return member_of_.size(); }

  /// The edges of an audience are numbered [begin, end), in the order of its subscribers.
  std::uint32_t edges_begin(std::uint32_t audience) const { return audience_begin_[audience]; }
  std::uint32_t edges_end(std::uint32_t audience) const { return audience_begin_[audience + 1]; }
  std::span<const std::uint32_t> edges_of_member(std::uint32_t member) const {
    return std::span(member_edges_)
        .subspan(member_begin_[member], member_begin_[member + 1] - member_begin_[member]);
  }
  std::uint32_t audience_of(std::uint32_t edge) const { return audience_of_[edge]; }
  std::uint32_t member_of(std::uint32_t edge) const { return member_of_[edge]; }
  /// The member's number in the input. Members are numbered in that order.
  MemberIndex input_member(std::uint32_t member) const { return members_[member]; }

 protected:
  std::uint32_t member_edges_begin(std::uint32_t member) const { return member_begin_[member]; }

 private:
  std::vector<MemberIndex> members_;
  std::vector<std::uint32_t> audience_begin_;
  std::vector<std::uint32_t> audience_of_;
  std::vector<std::uint32_t> member_of_;
  std::vector<std::uint32_t> member_begin_;
  std::vector<std::uint32_t> member_edges_;
};

}  // namespace muster::domain
