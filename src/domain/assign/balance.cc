// The best balance is an optimal semi-matching (Harvey, Ladner, Lovász, Tamir 2003): no path of
// exchanges leads from a member to one with two less. It is found by dividing: fill everybody to
// the level that would be fair if all could take everything. Where this does not work out, those
// who are reached by what is left over (a minimum cut) have too much to take, the others too
// little, and neither concerns the other any more. (As the parametric flows of Gallo, Grigoriadis,
// Tarjan 1989.)
//
// Of all best balances, the one with the fewest moves is a flow of least cost. Which loads and
// which edges can occur in any best balance at all follows from one of them, by complementary
// slackness: members that exchange an extra have a common price between two loads, and a partition
// lies with one of its audience's cheapest members. Within these bounds only moves cost anything.
#include "domain/assign/balance.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <numeric>
#include <utility>

#include "domain/assert.h"
#include "domain/assign/flow.h"
#include "domain/assign/water_level.h"

namespace muster::domain {
namespace {

/// Audiences and members that concern nobody else.
struct Piece {
  std::vector<std::uint32_t> audiences;
  std::vector<std::uint32_t> members;
};

std::vector<std::uint32_t> count_up(std::size_t count) {
  std::vector<std::uint32_t> numbers(count);
  std::iota(numbers.begin(), numbers.end(), 0U);
  return numbers;
}

class Balance {
 public:
  explicit Balance(Flow& flow) : flow_(flow) {}

  /// Brings the flow to a best balance.
  void find();

  /// Confines the flow to what can occur in a best balance; `find` came before. Returns for each
  /// member the least load that it can have; its limit is the greatest.
  std::vector<Count> confine();

 private:
  bool fill(const Piece& piece, Count level);
  Piece split_off(Piece& piece);
  std::vector<Count> least_reachable() const;
  std::vector<Count> greatest_reaching() const;

  Flow& flow_;
  std::int64_t last_piece_ = 0;
};

void Balance::find() {
  std::vector<Piece> pieces = {
      {.audiences = count_up(flow_.audience_count()), .members = count_up(flow_.member_count())}};
  std::vector<Count> pinned;
  while (!pieces.empty()) {
    Piece piece = std::move(pieces.back());
    pieces.pop_back();
    std::int64_t units = 0;
    pinned.clear();
    for (const std::uint32_t audience : piece.audiences) units += flow_.waiting[audience];
    for (const std::uint32_t member : piece.members) {
      units += flow_.load[member] - flow_.pinned[member];
      pinned.push_back(flow_.pinned[member]);
    }
    if (pinned.empty()) continue;
    const Count level = water_level(pinned, static_cast<Count>(units)).level;
    // Filled to the level, all are; one more each, everything is placed: within one of each other.
    const bool level_reached = fill(piece, level);
    if (level_reached) fill(piece, level + 1);
    const bool placed = std::ranges::all_of(
        piece.audiences, [&](std::uint32_t audience) { return flow_.waiting[audience] == 0; });
    if (level_reached && placed) continue;
    Piece loaded = split_off(piece);
    MUSTER_ASSERT(!loaded.members.empty() && !piece.members.empty());
    pieces.push_back(std::move(loaded));
    pieces.push_back(std::move(piece));
  }
}

/// False when not all members reach the level.
bool Balance::fill(const Piece& piece, Count level) {
  for (const std::uint32_t member : piece.members) {
    flow_.limit[member] = std::max(level, flow_.pinned[member]);
    flow_.cut_to_limit(member);
  }
  flow_.augment(piece.audiences, piece.members, Flow::Cost::kFree);
  return std::ranges::all_of(piece.members, [&](std::uint32_t member) {
    return flow_.load[member] == flow_.limit[member];
  });
}

/// Separates what is reached by units that wait: members at their limit, and audiences without
/// others than these.
Piece Balance::split_off(Piece& piece) {
  const std::int64_t former = flow_.audience_piece[piece.audiences.front()];
  const std::int64_t number = ++last_piece_;
  std::vector<std::uint32_t> reached;
  for (const std::uint32_t audience : piece.audiences) {
    if (flow_.waiting[audience] == 0) continue;
    flow_.audience_piece[audience] = number;
    reached.push_back(audience);
  }
  while (!reached.empty()) {
    const std::uint32_t audience = reached.back();
    reached.pop_back();
    for (std::uint32_t e = flow_.edges_begin(audience); e < flow_.edges_end(audience); ++e) {
      const std::uint32_t member = flow_.member_of(e);
      if (flow_.member_piece[member] != former) continue;
      flow_.member_piece[member] = number;
      for (const std::uint32_t edge : flow_.carried_by(member)) {
        const std::uint32_t other = flow_.audience_of(edge);
        if (flow_.units(edge) == 0 || flow_.audience_piece[other] != former) continue;
        flow_.audience_piece[other] = number;
        reached.push_back(other);
      }
    }
  }
  const auto divide = [&](std::vector<std::uint32_t>& nodes,
                          const std::vector<std::int64_t>& piece_of) {
    std::vector<std::uint32_t> separated;
    for (const std::uint32_t node : nodes) {
      if (piece_of[node] == number) separated.push_back(node);
    }
    std::erase_if(nodes, [&](std::uint32_t node) { return piece_of[node] == number; });
    return separated;
  };
  return {.audiences = divide(piece.audiences, flow_.audience_piece),
          .members = divide(piece.members, flow_.member_piece)};
}

/// For each member, the least load among those to whom it could hand an extra, through others or
/// not, itself included.
std::vector<Count> Balance::least_reachable() const {
  constexpr Count kOpen = -1;
  std::vector<std::uint32_t> order = count_up(flow_.member_count());
  std::ranges::sort(order, {}, [&](std::uint32_t m) { return std::pair(flow_.load[m], m); });
  std::vector<Count> least(flow_.member_count(), kOpen);
  std::vector<bool> expanded(flow_.audience_count());
  std::vector<std::uint32_t> stack;
  for (const std::uint32_t root : order) {
    if (least[root] != kOpen) continue;
    least[root] = flow_.load[root];
    stack.push_back(root);
    while (!stack.empty()) {
      const std::uint32_t receiver = stack.back();
      stack.pop_back();
      for (const std::uint32_t edge : flow_.edges_of_member(receiver)) {
        const std::uint32_t audience = flow_.audience_of(edge);
        if (expanded[audience]) continue;
        expanded[audience] = true;
        for (std::uint32_t e = flow_.edges_begin(audience); e < flow_.edges_end(audience); ++e) {
          const std::uint32_t giver = flow_.member_of(e);
          if (flow_.units(e) == 0 || least[giver] != kOpen) continue;
          least[giver] = flow_.load[root];
          stack.push_back(giver);
        }
      }
    }
  }
  return least;
}

/// For each member, the greatest load among those that could hand it an extra, itself included.
std::vector<Count> Balance::greatest_reaching() const {
  constexpr Count kOpen = -1;
  std::vector<std::uint32_t> order = count_up(flow_.member_count());
  std::ranges::sort(order, std::greater<>(),
                    [&](std::uint32_t m) { return std::pair(flow_.load[m], m); });
  std::vector<Count> greatest(flow_.member_count(), kOpen);
  std::vector<bool> expanded(flow_.audience_count());
  std::vector<std::uint32_t> stack;
  for (const std::uint32_t root : order) {
    if (greatest[root] != kOpen) continue;
    greatest[root] = flow_.load[root];
    stack.push_back(root);
    while (!stack.empty()) {
      const std::uint32_t giver = stack.back();
      stack.pop_back();
      for (const std::uint32_t edge : flow_.carried_by(giver)) {
        const std::uint32_t audience = flow_.audience_of(edge);
        if (flow_.units(edge) == 0 || expanded[audience]) continue;
        expanded[audience] = true;
        for (std::uint32_t e = flow_.edges_begin(audience); e < flow_.edges_end(audience); ++e) {
          const std::uint32_t receiver = flow_.member_of(e);
          if (greatest[receiver] != kOpen) continue;
          greatest[receiver] = flow_.load[root];
          stack.push_back(receiver);
        }
      }
    }
  }
  return greatest;
}

std::vector<Count> Balance::confine() {
  const std::vector<Count> below = least_reachable();
  const std::vector<Count> above = greatest_reaching();
  std::vector<Count> least(flow_.member_count());
  for (std::uint32_t member = 0; member < flow_.member_count(); ++member) {
    const Count load = flow_.load[member];
    // No exchange betters the balance: this proves that it is best.
    MUSTER_ASSERT(below[member] >= load - 1 && above[member] <= load + 1);
    MUSTER_ASSERT(above[member] - below[member] <= 1);
    least[member] = below[member];
    flow_.limit[member] = above[member];
    flow_.member_piece[member] =
        std::int64_t{least[member]} + flow_.limit[member];  // twice a price
  }
  for (std::uint32_t audience = 0; audience < flow_.audience_count(); ++audience) {
    std::int64_t& price = flow_.audience_piece[audience];
    price = std::numeric_limits<std::int64_t>::max();
    for (std::uint32_t e = flow_.edges_begin(audience); e < flow_.edges_end(audience); ++e) {
      price = std::min(price, flow_.member_piece[flow_.member_of(e)]);
    }
  }
  return least;
}

/// Fills every member to its least load and places the rest up to the limits, with as few moves as
/// can be.
void place_with_fewest_moves(Flow& flow, std::vector<Count> least) {
  const std::vector<std::uint32_t> audiences = count_up(flow.audience_count());
  const std::vector<std::uint32_t> members = count_up(flow.member_count());
  // In this order: a unit of an extra must not come before a unit that a member lacks.
  std::swap(flow.limit, least);
  flow.keep_held();
  flow.augment(audiences, members, Flow::Cost::kMoves);
  MUSTER_ASSERT(flow.load == flow.limit);
  std::swap(flow.limit, least);
  flow.augment(audiences, members, Flow::Cost::kMoves);
  for (const Count waiting : flow.waiting) MUSTER_ASSERT(waiting == 0);
}

}  // namespace

void balance_quotas(const std::vector<Audience>& audiences, const std::vector<Count>& pinned) {
  Flow flow(audiences, pinned);
  Balance balance(flow);
  balance.find();
  bool held = false;
  for (const Audience& audience : audiences) {
    held = held || std::ranges::any_of(audience.held, [](Count count) { return count > 0; });
  }
  // From nothing nothing can move.
  if (held) place_with_fewest_moves(flow, balance.confine());
  for (std::uint32_t i = 0; i < audiences.size(); ++i) {
    for (std::uint32_t edge = flow.edges_begin(i); edge < flow.edges_end(i); ++edge) {
      audiences[i].quota[edge - flow.edges_begin(i)] = flow.units(edge);
    }
  }
}

}  // namespace muster::domain
