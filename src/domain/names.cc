#include "domain/names.h"

#include <algorithm>
#include <cstdint>

#include "domain/message.h"

namespace muster::domain {
namespace {

struct CodePoint {
  char32_t value = 0;
  std::size_t bytes = 0;  // 0: malformed
};

/// The first code point of a text that is not empty. Table 3-7 of the Unicode standard.
CodePoint first_code_point(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return {};
  char32_t value = lead & (0x7fU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    value = (value << 6) | (byte(i) & 0x3f);
  }
  constexpr char32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = value >= 0xd800 && value <= 0xdfff;
  if (value < kSmallest[length] || value > 0x10ffff || surrogate) return {};
  return {value, length};
}

bool is_printable(char32_t value) {
  const bool control = value < 0x20 || (value >= 0x7f && value < 0xa0);
  const bool separator = value == 0x2028 || value == 0x2029;
  // Change the direction of what is printed after them.
  const bool directional = (value >= 0x202a && value <= 0x202e) ||
                           (value >= 0x2066 && value <= 0x2069) || value == 0x200e ||
                           value == 0x200f || value == 0x061c;
  // Take no room: two names that look alike would be two things.
  const bool invisible = (value >= 0x200b && value <= 0x200d) ||
                         (value >= 0x2060 && value <= 0x2064) || value == 0xfeff || value == 0xad;
  return !control && !separator && !directional && !invisible;
}

}  // namespace

bool is_printable_utf8(std::string_view text) {
  // Nearly every name, and every commit names a group and topics.
  const auto is_plain = [](char byte) { return byte >= 0x20 && byte < 0x7f; };
  if (std::ranges::all_of(text, is_plain)) return true;
  while (!text.empty()) {
    const CodePoint point = first_code_point(text);
    if (point.bytes == 0 || !is_printable(point.value)) return false;
    text.remove_prefix(point.bytes);
  }
  return true;
}

std::string_view quotable(std::string_view name) {
  constexpr std::size_t kMostBytes = 255;
  const bool fit = !name.empty() && name.size() <= kMostBytes && is_printable_utf8(name);
  return fit ? name : std::string_view("(not a name)");
}

std::optional<Rejection> refuse_name(std::string_view what, std::string_view name,
                                     const Limits& limits) {
  if (name.empty()) {
    return Rejection{.code = ErrorCode::kInvalidName,
                     .message = sentence("The name of the ", what, " is empty: use 1 to ",
                                         limits.name_bytes_max, " bytes.")};
  }
  if (name.size() > limits.name_bytes_max) {
    return Rejection{.code = ErrorCode::kInvalidName,
                     .message = sentence("The name of the ", what, " has ", name.size(),
                                         " bytes: use 1 to ", limits.name_bytes_max, ".")};
  }
  if (!is_printable_utf8(name)) {
    return Rejection{.code = ErrorCode::kInvalidName,
                     .message = sentence("The name of the ", what,
                                         " is not printable UTF-8: use letters, digits, signs and "
                                         "spaces, without control characters.")};
  }
  return std::nullopt;
}

}  // namespace muster::domain
