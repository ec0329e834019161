// A commit that is written over another one has the bytes that it would have alone.
#include "codec/commit_shapes.h"

#include <doctest/doctest.h>
#include <event_generated.h>

#include <cstdint>
#include <cstring>
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
    if (random() % 2 == 0) commit.offsets[i].at.partition &= 0xffff;
    if (i > 0 && random() % 2 == 0) {
      commit.offsets[i].at.topic = commit.offsets[i - 1].at.topic;
      commit.offsets[i].fence = commit.offsets[i - 1].fence;
    }
    if (random() % 40 == 0) commit.offsets.back().metadata = "m";
    if (random() % 40 == 0) commit.offsets.back().commit_time_ms = 7;
  }
  return {.time_ms = static_cast<std::int64_t>(random() % 10 == 0 ? 0 : random()),
          .cause = {.kind = static_cast<domain::CauseKind>(random() % 4),
                    .who = text_of(random, 2),
                    .from = text_of(random, 2)},
          .body = commit};
}

bool contradicts_itself(std::string_view bytes) {
  const auto read = decode_event(bytes);
  return !read && read.error().message == "the lists of its offsets contradict each other";
}

bool contradicts_itself(flatbuffers::FlatBufferBuilder& builder,
                        flatbuffers::Offset<event::OffsetsCommitted> body) {
  const auto cause = event::CreateCause(builder);
  builder.Finish(
      event::CreateEvent(builder, 1, cause, event::EventBody::OffsetsCommitted, body.Union()));
  return contradicts_itself(std::string_view(
      reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize()));
}

}  // namespace

TEST_CASE("a commit has the same bytes whatever was encoded before it") {
  Random random(1);
  EventEncoder encoder;
  for (int i = 0; i < 20'000; ++i) {
    const domain::Event event = some_commit(random);
    REQUIRE(encoder.encode(event) == encode_event(event));
    const auto read = decode_event(encode_event(event));
    REQUIRE(read.has_value());
    REQUIRE(*read == event);
  }
}

TEST_CASE("topic and token that offsets share are written once") {
  const auto bytes = [](std::size_t offsets, FencingToken step, std::size_t stride) {
    domain::OffsetsCommitted commit{.group = "g", .offsets = {}};
    for (std::size_t i = 0; i < offsets; ++i) {
      commit.offsets.push_back(
          {.at = {.topic = 1, .partition = static_cast<std::int32_t>(stride * i)},
           .offset = 1,
           .fence = 9 + i * step});
    }
    return encode_event({.time_ms = 1, .cause = {}, .body = commit}).size();
  };
  CHECK(bytes(101, 0, 2) - bytes(1, 0, 2) <= 100 * 10 + 32);
  CHECK(bytes(101, 0, 700) - bytes(1, 0, 700) <= 100 * 12 + 32);  // some above 65,535
  CHECK(bytes(101, 1, 2) - bytes(1, 1, 2) == 100 * 32);           // none shared: no more than alone
}

TEST_CASE("an event whose lists of offsets contradict each other is refused") {
  const domain::OffsetValue value{.at = {.topic = 1, .partition = 2}, .offset = 3, .fence = 4};
  const domain::OffsetsCommitted commit{.group = "g", .offsets = {value, value, value, value}};
  const std::string good = encode_event({.time_ms = 1, .cause = {}, .body = commit});
  const auto refused = [&](auto spoil) {
    std::string bytes = good;
    spoil(const_cast<event::OffsetsCommitted&>(
        *event::GetEvent(bytes.data())->body_as_OffsetsCommitted()));
    return contradicts_itself(bytes);
  };
  const auto set_length = [](const auto& list, std::uint32_t length) {
    std::memcpy(const_cast<std::uint8_t*>(list.Data()) - 4, &length, 4);
  };
  const auto set_run = [](event::OffsetsCommitted& body, std::uint32_t length) {
    const event::OffsetRun run(1, 4, length);
    std::memcpy(const_cast<std::uint8_t*>(body.runs()->Data()), &run, sizeof(run));
  };
  REQUIRE(decode_event(good).has_value());
  CHECK(refused([&](auto& body) { set_run(body, 3); }));
  CHECK(refused([&](auto& body) { set_run(body, 5); }));
  CHECK(refused([&](auto& body) { set_run(body, ~0U); }));
  CHECK(refused([&](auto& body) { set_length(*body.short_partitions(), 3); }));
  CHECK(refused([&](auto& body) { set_length(*body.run_offsets(), 3); }));
  CHECK(refused([&](auto& body) { set_length(*body.runs(), 0); }));
  // A field whose place in the vtable is 0 is not there.
  const auto leave_out = [](event::OffsetsCommitted& body, flatbuffers::voffset_t field) {
    const auto* table = reinterpret_cast<const flatbuffers::Table*>(&body);
    const std::uint8_t* place = table->GetVTable() + field;
    std::memset(const_cast<std::uint8_t*>(place), 0, sizeof(flatbuffers::voffset_t));
  };
  for (const auto field :
       {event::OffsetsCommitted::VT_RUNS, event::OffsetsCommitted::VT_SHORT_PARTITIONS,
        event::OffsetsCommitted::VT_RUN_OFFSETS}) {
    CHECK(refused([&](auto& body) { leave_out(body, field); }));
  }
}

TEST_CASE("an event that writes its partitions in two lists is refused") {
  flatbuffers::FlatBufferBuilder builder;
  const auto group = builder.CreateString("g");
  const auto none = builder.CreateVector(std::vector<flatbuffers::Offset<event::OffsetValue>>());
  const event::OffsetRun run(1, 2, 1);
  const auto runs = builder.CreateVectorOfStructs(&run, 1);
  const auto partitions = builder.CreateVector(std::vector<std::int32_t>{1});
  const auto short_partitions = builder.CreateVector(std::vector<std::uint16_t>{1});
  const auto offsets = builder.CreateVector(std::vector<std::int64_t>{1});
  CHECK(contradicts_itself(
      builder, event::CreateOffsetsCommitted(builder, group, none, {}, runs, partitions, offsets,
                                             short_partitions)));
}

TEST_CASE("an event that writes its offsets in two ways is refused") {
  flatbuffers::FlatBufferBuilder builder;
  const auto group = builder.CreateString("g");
  const auto one = event::CreateOffsetValue(builder, 1, 0, 5);
  const auto tables = builder.CreateVector(&one, 1);
  const event::PlainOffset plain(1, 5, 0, 1);
  const auto structs = builder.CreateVectorOfStructs(&plain, 1);
  CHECK(
      contradicts_itself(builder, event::CreateOffsetsCommitted(builder, group, tables, structs)));
}

TEST_CASE("commits of some few lengths are encoded over one another, and no others") {
  const auto commit = [](std::string group, std::size_t offsets) {
    return domain::Event{
        .time_ms = 1,
        .cause = {},
        .body = domain::OffsetsCommitted{.group = std::move(group),
                                         .offsets = std::vector<domain::OffsetValue>(offsets)}};
  };
  const auto sharing_nothing = [&](std::size_t offsets) {
    domain::Event event = commit("g1", offsets);
    auto& values = std::get<domain::OffsetsCommitted>(event.body).offsets;
    for (std::size_t i = 0; i < offsets; ++i) values[i].fence = i;
    return event;
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
  CHECK(shapes.find(sharing_nothing(9)) == nullptr);
  CHECK_FALSE(CommitShape::has_shape(commit("g1", 1'000)));
  CHECK_FALSE(CommitShape::has_shape({.time_ms = 1, .cause = {}, .body = domain::TopicExpanded{}}));
}

}  // namespace muster::codec
