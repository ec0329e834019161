// Flow of partitions from audiences to members: who could take how many so that no member exceeds
// its limit, and which way of doing so moves the fewest.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "domain/assign/network.h"

namespace muster::domain {

/// Audiences and members belong to pieces, and nothing flows along an edge between two pieces.
class Flow : public Network {
 public:
  /// `pinned`: by member of the input.
  Flow(const std::vector<Audience>& audiences, const std::vector<Count>& pinned);

  enum class Cost : std::uint8_t {
    kFree,   // any flow will do
    kMoves,  // each unit on an edge beyond what the member holds costs one
  };

  /// Has all members keep what they hold, as far as pieces and limits go.
  void keep_held();

  /// Takes as many units from a member as it has beyond its limit, back to their audiences.
  void cut_to_limit(std::uint32_t member);

  /// Places as many waiting units of these audiences as possible. `audiences` and `members` are all
  /// nodes of one or more pieces. Under kMoves the flow must be the cheapest of its value before
  /// (after keep_held it is) and is so afterwards.
  void augment(std::span<const std::uint32_t> audiences, std::span<const std::uint32_t> members,
               Cost cost);

  /// All edges on which the member has units, and perhaps some on which it no longer has.
  std::span<const std::uint32_t> carried_by(std::uint32_t member) const {
    return std::span(carried_).subspan(member_edges_begin(member), carried_count_[member]);
  }
  Count units(std::uint32_t edge) const { return units_[edge]; }

  // By audience.
  std::vector<Count> waiting;  // units that no member has
  std::vector<std::int64_t> audience_piece;
  // By member.
  std::vector<Count> pinned;
  std::vector<Count> load;   // pinned ones and units
  std::vector<Count> limit;  // of the load; at least `pinned`
  std::vector<std::int64_t> member_piece;

 private:
  struct Step {
    std::uint32_t edge = 0;
    bool forward = false;  // from the audience to the member
  };
  using Nodes = std::span<const std::uint32_t>;

  Count room_forward(std::uint32_t edge, Cost cost) const;
  Count room_back(std::uint32_t edge, Cost cost) const;
  std::int32_t price_forward(std::uint32_t edge, Cost cost) const;
  std::int32_t price_back(std::uint32_t edge, Cost cost) const;
  bool tight_forward(std::uint32_t edge, Cost cost) const;
  bool tight_back(std::uint32_t edge, Cost cost) const;
  bool takes(std::uint32_t member) const {
    return load[member] < limit[member] && member_price_[member] == goal_;
  }

  void add_units(std::uint32_t edge, Count amount);
  void forget_empty(std::uint32_t member);
  void list_usable(Nodes audiences, Cost cost);
  bool find_prices(Nodes audiences, Nodes members);
  bool find_layers(Nodes audiences, Nodes members, Cost cost);
  bool find_path(std::uint32_t source, Cost cost);
  void push_along_path(std::uint32_t source, Cost cost);

  // By edge.
  std::vector<Count> units_;
  std::vector<Count> held_;

  // Most edges carry nothing. Those of a member that do stand first in its part of `carried_`,
  // which is as long as it has edges.
  std::vector<std::uint32_t> carried_;
  std::vector<std::uint32_t> carried_count_;
  std::vector<bool> listed_;  // by edge: whether it stands there

  // By audience: edges that can be tight while the prices stay as they are.
  std::vector<std::uint32_t> usable_;
  std::vector<std::uint32_t> usable_begin_;
  std::vector<std::uint32_t> usable_end_;

  // The cheapest way to each node (potentials), and to a member that takes more.
  std::vector<std::int32_t> audience_price_;
  std::vector<std::int32_t> member_price_;
  std::int32_t goal_ = 0;

  // Dinitz: how far each node is from the waiting units, and which of its edges is to be tried.
  std::vector<std::int32_t> audience_layer_;
  std::vector<std::int32_t> member_layer_;
  std::vector<std::uint32_t> audience_cursor_;  // in `usable_`
  std::vector<std::uint32_t> member_cursor_;    // in `carried_`
  std::vector<Step> path_;
};

}  // namespace muster::domain
