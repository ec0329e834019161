// The checker itself: it accepts what can be put in order, and nothing else.
#include "checker.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>

#include "offsets_model.h"
#include "seat_model.h"

namespace muster::linearizability {
namespace {

using Offsets = std::vector<Timed<OffsetsModel::Operation>>;
using Seat = std::vector<Timed<SeatModel::Operation>>;
using enum SeatModel::Kind;
using enum SeatModel::Answer;

OffsetsModel::Operation commit(std::int64_t offset, bool answered = true) {
  return {.commits = {{0, offset}}, .fetched = std::nullopt, .answered = answered};
}
OffsetsModel::Operation fetch(std::int64_t offset) {
  return {.commits = {}, .fetched = OffsetsModel::State{offset, -1, -1}};
}

TEST_CASE("checker: one operation after the other must give what the model gives") {
  CHECK(linearizable<OffsetsModel>(Offsets{}));
  CHECK(linearizable<OffsetsModel>(Offsets{{0, 1, commit(5)}, {2, 3, fetch(5)}}));
  CHECK_FALSE(linearizable<OffsetsModel>(Offsets{{0, 1, commit(5)}, {2, 3, fetch(-1)}}));
  CHECK_FALSE(linearizable<OffsetsModel>(Offsets{{0, 1, fetch(5)}, {2, 3, commit(5)}}));
}

TEST_CASE("checker: what overlaps may be in either order, but in one for all who look") {
  const Offsets either{{0, 10, commit(5)}, {1, 2, fetch(-1)}, {3, 4, fetch(5)}};
  CHECK(linearizable<OffsetsModel>(either));
  const Offsets back_again{{0, 10, commit(5)}, {1, 2, fetch(5)}, {3, 4, fetch(-1)}};
  CHECK_FALSE(linearizable<OffsetsModel>(back_again));
  const Offsets two_orders{
      {0, 10, commit(5)}, {0, 10, commit(6)}, {11, 12, fetch(5)}, {13, 14, fetch(6)}};
  CHECK_FALSE(linearizable<OffsetsModel>(two_orders));
}

TEST_CASE("checker: what was not answered happened or not, before it can no more") {
  CHECK(linearizable<OffsetsModel>(Offsets{{0, 9, commit(5, false)}, {10, 11, fetch(5)}}));
  CHECK(linearizable<OffsetsModel>(Offsets{{0, 9, commit(5, false)}, {10, 11, fetch(-1)}}));
  CHECK_FALSE(linearizable<OffsetsModel>(
      Offsets{{0, 9, commit(5, false)}, {10, 11, fetch(-1)}, {12, 13, fetch(5)}}));
}

TEST_CASE("checker: a commit of several partitions is seen whole or not at all") {
  const OffsetsModel::Operation both{.commits = {{0, 5}, {1, 5}}, .fetched = std::nullopt};
  const OffsetsModel::Operation half{.commits = {}, .fetched = OffsetsModel::State{5, -1, -1}};
  CHECK_FALSE(linearizable<OffsetsModel>(Offsets{{0, 10, both}, {1, 2, half}}));
}

TEST_CASE("checker: a seat has one holder, and who was replaced stays so") {
  CHECK(linearizable<SeatModel>(
      Seat{{0, 1, {kJoin, 1, kDone}}, {2, 3, {kJoin, 2, kInUse}}, {4, 5, {kResume, 1, kDone}}}));
  CHECK(linearizable<SeatModel>(
      Seat{{0, 1, {kJoin, 1, kDone}}, {2, 3, {kJoin, 2, kDone}}, {4, 5, {kResume, 1, kFenced}}}));
  CHECK_FALSE(linearizable<SeatModel>(
      Seat{{0, 1, {kJoin, 1, kDone}}, {2, 3, {kJoin, 2, kDone}}, {4, 5, {kResume, 1, kDone}}}));
  CHECK_FALSE(linearizable<SeatModel>(
      Seat{{0, 1, {kJoin, 1, kDone}}, {2, 3, {kLeave, 1, kDone}}, {4, 5, {kJoin, 2, kInUse}}}));
  CHECK_FALSE(
      linearizable<SeatModel>(Seat{{0, 1, {kJoin, 1, kDone}}, {2, 3, {kLook, 0, kDone, 0}}}));
}

/// A history that an object gave: operations take effect in the order of their numbers, and each is
/// under way for a while around that.
Offsets true_history(std::mt19937_64& random, int operations) {
  Offsets history;
  OffsetsModel::State state = OffsetsModel::first();
  for (int i = 0; i < operations; ++i) {
    const std::int64_t moment = 10 * i;
    Timed<OffsetsModel::Operation> one{
        .called_ns = moment - static_cast<std::int64_t>(random() % 40),
        .returned_ns = moment + static_cast<std::int64_t>(random() % 40),
        .operation = {}};
    if (random() % 2 == 0) {
      one.operation.commits[random() % kOffsets] = i;
      one.operation.answered = random() % 8 != 0;
      if (one.operation.answered || random() % 2 == 0) {
        for (const auto& [partition, offset] : one.operation.commits) state[partition] = offset;
      }
    } else {
      one.operation.fetched = state;
    }
    history.push_back(std::move(one));
  }
  return history;
}

TEST_CASE("checker: what an object gave is accepted, and refused once an answer is another one") {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    Offsets history = true_history(random, 60);
    CHECK(linearizable<OffsetsModel>(history));
    const auto fetch = std::ranges::find_if(
        history, [](const auto& one) { return one.operation.fetched.has_value(); });
    REQUIRE(fetch != history.end());
    (*fetch->operation.fetched)[0] = 1'000;  // nobody committed that
    CHECK_FALSE(linearizable<OffsetsModel>(history));
  }
}

}  // namespace
}  // namespace muster::linearizability
