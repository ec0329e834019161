// A commit that is written over another one has the bytes that it would have alone.
#include "codec/commit_shapes.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <random>

#include "codec/event.h"

namespace muster::codec {
namespace {

using Random = std::mt19937_64;

std::string text_of(Random& random, std::size_t most_bytes) {
  std::string text(random() % (most_bytes + 1), ' ');
  for (char& byte : text) byte = static_cast<char>(random());
  return text;
}

/// Few lengths, many contents; at times something that has no shape.
domain::Event some_commit(Random& random) {
  domain::OffsetsCommitted commit{.group = text_of(random, 3), .offsets = {}};
  const std::size_t offsets = random() % 20 == 0 ? 60 + random() % 9 : random() % 4;
  for (std::size_t i = 0; i < offsets; ++i) {
    commit.offsets.push_back({.at = {.topic = random() >> random() % 64,
                                     .partition = static_cast<std::int32_t>(random())},
                              .offset = static_cast<std::int64_t>(random()),
                              .fence = random() % 3 == 0 ? 0 : random()});
    if (random() % 40 == 0) commit.offsets.back().metadata = "m";
    if (random() % 40 == 0) commit.offsets.back().commit_time_ms = 7;
  }
  return {.time_ms = static_cast<std::int64_t>(random() % 10 == 0 ? 0 : random()),
          .cause = {.kind = static_cast<domain::CauseKind>(random() % 4),
                    .who = text_of(random, 2),
                    .from = text_of(random, 2)},
          .body = commit};
}

}  // namespace

TEST_CASE("a commit has the same bytes whatever was encoded before it") {
  Random random(1);
  EventEncoder encoder;
  for (int i = 0; i < 20'000; ++i) {
    const domain::Event event = some_commit(random);
    REQUIRE(encoder.encode(event) == encode_event(event));
  }
}

TEST_CASE("commits of some few lengths are encoded over one another, and no others") {
  const auto commit = [](std::string group, std::size_t offsets) {
    return domain::Event{
        .time_ms = 1,
        .cause = {},
        .body = domain::OffsetsCommitted{.group = std::move(group),
                                         .offsets = std::vector<domain::OffsetValue>(offsets)}};
  };
  CommitShapes shapes;
  CHECK(shapes.find(commit("g1", 1)) == nullptr);
  shapes.remember(commit("g1", 1), encode_event(commit("g1", 1)));
  CHECK(shapes.find(commit("g2", 1)) != nullptr);
  CHECK(shapes.find(commit("g2", 2)) == nullptr);
  CHECK(shapes.find(commit("group", 1)) == nullptr);
  // The oldest makes room.
  for (std::size_t offsets = 2; offsets < 10; ++offsets) {
    shapes.remember(commit("g1", offsets), encode_event(commit("g1", offsets)));
  }
  CHECK(shapes.find(commit("g1", 1)) == nullptr);
  CHECK(shapes.find(commit("g1", 9)) != nullptr);
  CHECK_FALSE(CommitShape::has_shape(commit("g1", 1'000)));
  CHECK_FALSE(CommitShape::has_shape({.time_ms = 1, .cause = {}, .body = domain::TopicExpanded{}}));
}

}  // namespace muster::codec
