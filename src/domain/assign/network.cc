#include "domain/assign/network.h"

#include <algorithm>
#include <limits>

#include "domain/assert.h"

namespace muster::domain {

Network::Network(std::span<const Audience> audiences, std::size_t input_members) {
  std::vector<MemberIndex> subscribers;  // by edge
  audience_begin_.push_back(0);
  for (const Audience& audience : audiences) {
    subscribers.insert(subscribers.end(), audience.subscribers.begin(), audience.subscribers.end());
    MUSTER_ASSERT(subscribers.size() <= std::numeric_limits<std::uint32_t>::max());
    audience_begin_.push_back(static_cast<std::uint32_t>(subscribers.size()));
  }
  members_ = subscribers;
  std::ranges::sort(members_);
  members_.erase(std::ranges::unique(members_).begin(), members_.end());
  std::vector<std::uint32_t> number(input_members);
  for (std::uint32_t i = 0; i < members_.size(); ++i) number[members_[i]] = i;

  member_begin_.resize(members_.size() + 1);
  audience_of_.reserve(subscribers.size());
  member_of_.reserve(subscribers.size());
  for (std::uint32_t audience = 0; audience < audiences.size(); ++audience) {
    for (std::uint32_t edge = edges_begin(audience); edge < edges_end(audience); ++edge) {
      audience_of_.push_back(audience);
      member_of_.push_back(number[subscribers[edge]]);
      ++member_begin_[member_of_.back() + 1];
    }
  }
  for (std::size_t i = 1; i < member_begin_.size(); ++i) member_begin_[i] += member_begin_[i - 1];
  member_edges_.resize(subscribers.size());
  std::vector<std::uint32_t> next = member_begin_;
  for (std::uint32_t edge = 0; edge < member_of_.size(); ++edge) {
    member_edges_[next[member_of_[edge]]++] = edge;
  }
}

}  // namespace muster::domain
