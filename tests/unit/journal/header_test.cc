#include "journal/header.h"

#include <doctest/doctest.h>
#include <xxhash.h>

#include "journal/little_endian.h"

namespace muster::journal {
namespace {

Header example() {
  return {.journal_id = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0xff},
          .fence_base = 1ULL << 40,
          .boot = 7,
          .first_sequence = 100,
          .last_sequence = 4'000'000'000'000,
          .transaction = 99,
          .backup = true};
}

std::string with_checksum(std::string bytes) {
  append_little_endian(bytes, std::uint64_t{XXH3_64bits(bytes.data(), bytes.size())});
  return bytes;
}

}  // namespace

TEST_CASE("a header survives its encoding") {
  CHECK(decode_header(encode_header(example())) == example());
}

TEST_CASE("a header's bytes are little-endian and stay as they are from build to build") {
  const std::string bytes = encode_header(example());
  CHECK(bytes.substr(0, 4) == std::string("\x01\0\0\0", 4));
  CHECK(bytes.substr(5, 5) == "0.1.0");
  CHECK(read_little_endian<std::uint64_t>(bytes, 10 + 16) == 1ULL << 40);
  CHECK(bytes.size() == 4 + 1 + 5 + 16 + 5 * 8 + 1 + 8);
}

TEST_CASE("any flipped bit of a header is noticed") {
  const std::string bytes = encode_header(example());
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    const auto decoded = decode_header(flipped);
    REQUIRE_FALSE(decoded.has_value());
    CHECK(decoded.error().fault == Fault::kCorrupt);
  }
}

TEST_CASE("a shortened header is refused") {
  const std::string bytes = encode_header(example());
  for (std::size_t size = 0; size + 8 < bytes.size(); ++size) {
    CHECK_FALSE(decode_header(bytes.substr(0, size)).has_value());
    CHECK_FALSE(decode_header(with_checksum(bytes.substr(0, size))).has_value());
  }
}

TEST_CASE("a newer format is refused and names the version that it needs") {
  std::string bytes;
  append_little_endian(bytes, std::uint32_t{2});
  append_little_endian(bytes, std::uint8_t{6});
  bytes += "12.3.4 and whatever the future holds";
  const auto decoded = decode_header(with_checksum(bytes));
  REQUIRE_FALSE(decoded.has_value());
  CHECK(decoded.error().fault == Fault::kNewerFormat);
  CHECK(decoded.error().message.find("use muster 12.3.4 or newer") != std::string::npos);
}

TEST_CASE("journal ids differ and are written as 32 hexadecimal digits") {
  CHECK(draw_journal_id() != draw_journal_id());
  CHECK(text(example().journal_id) == "0102030405060708090a0b0c0d0e0fff");
}

}  // namespace muster::journal
