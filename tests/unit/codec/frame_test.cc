#include "codec/frame.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <random>
#include <vector>

namespace muster::codec {
namespace {

/// All frames that are whole; fails the test on a bad one.
void drain(FrameReader& reader, std::vector<std::string>& frames) {
  for (;;) {
    const auto next = reader.next();
    REQUIRE(next.has_value());
    if (!*next) return;
    REQUIRE(reinterpret_cast<std::uintptr_t>((*next)->data()) % 8 == 0);  // for FlatBuffers
    frames.emplace_back(**next);
  }
}

std::vector<std::string> payloads() {
  std::vector<std::string> all;
  for (const std::size_t size : {1, 2, 3, 7, 8, 15, 16, 17, 100, 1'000}) {
    all.emplace_back(size, static_cast<char>('a' + size % 26));
  }
  return all;
}

std::string stream_of(const std::vector<std::string>& all) {
  std::string stream;
  for (const std::string& payload : all) stream += frame(payload);
  return stream;
}

TEST_CASE("A frame is a 4-byte little-endian length and the payload") {
  CHECK(frame("abc") == std::string("\x03\0\0\0"
                                    "abc",
                                    7));
  CHECK(frame(std::string(0x10203, 'x')).substr(0, 4) == std::string("\x03\x02\x01\0", 4));
}

TEST_CASE("Any two-way split of a stream yields the same frames") {
  const std::string stream = stream_of(payloads());
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    FrameReader reader;
    std::vector<std::string> frames;
    reader.feed(std::string_view(stream).substr(0, cut));
    drain(reader, frames);
    reader.feed(std::string_view(stream).substr(cut));
    drain(reader, frames);
    REQUIRE(frames == payloads());
  }
}

TEST_CASE("Random splits of a stream yield the same frames, drained late or at once") {
  const std::string stream = stream_of(payloads());
  std::mt19937_64 random(3);
  for (int round = 0; round < 300; ++round) {
    FrameReader reader;
    std::vector<std::string> frames;
    for (std::size_t at = 0; at < stream.size();) {
      const std::size_t size = 1 + random() % (round % 2 == 0 ? 3 : 400);
      reader.feed(std::string_view(stream).substr(at, size));
      at += size;
      if (random() % 3 != 0) drain(reader, frames);
    }
    drain(reader, frames);
    REQUIRE(frames == payloads());
  }
}

TEST_CASE("A length of 0 is refused") {
  FrameReader reader;
  reader.feed(std::string_view("\0\0\0\0", 4));
  const auto next = reader.next();
  REQUIRE_FALSE(next.has_value());
  CHECK(next.error().announced_bytes == 0);
}

TEST_CASE("A frame over the limit is refused by its header, before its bytes are gathered") {
  FrameReader reader(10);
  reader.feed(frame(std::string(10, 'x')));
  REQUIRE(reader.next().has_value());
  reader.feed(frame(std::string(11, 'x')).substr(0, 4));
  const auto next = reader.next();
  REQUIRE_FALSE(next.has_value());
  CHECK(next.error().announced_bytes == 11);
  CHECK(next.error().max_bytes == 10);
  FrameReader most;
  most.feed("\xff\xff\xff\xff");
  REQUIRE_FALSE(most.next().has_value());
}

TEST_CASE("An incomplete header or frame is nothing yet") {
  FrameReader reader;
  for (const char byte : frame("abc").substr(0, 6)) {
    reader.feed(std::string_view(&byte, 1));
    const auto next = reader.next();
    REQUIRE(next.has_value());
    CHECK_FALSE(next->has_value());
  }
}

}  // namespace
}  // namespace muster::codec
