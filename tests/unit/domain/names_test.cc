#include "domain/names.h"

#include <doctest/doctest.h>

namespace muster::domain {
namespace {

TEST_CASE("Printable UTF-8 of all lengths is a name") {
  for (const char* text : {"a", "pod-0", "a b", "größe", "日本語", "🙂", "\xf4\x8f\xbf\xbd"}) {
    INFO(text);
    CHECK(is_printable_utf8(text));
  }
}

TEST_CASE("What is not well-formed UTF-8 is refused") {
  for (const char* text : {"\x80", "\xc3", "\xc0\xaf", "\xc1\xbf", "\xe0\x80\xaf", "\xe2\x82",
                           "\xed\xa0\x80", "\xf0\x80\x80\xaf", "\xf4\x90\x80\x80",
                           "\xf5\x80\x80\x80", "\xff", "a\xc3(", "\xe2\x28\xa1"}) {
    CHECK_FALSE(is_printable_utf8(text));
  }
}

TEST_CASE("What could spoil a terminal or a log is refused") {
  for (const char* text :
       {"a\n", "\t", "\x1b[2J", "\x7f", "\xc2\x85", "\xe2\x80\xa8", "\xe2\x80\xa9",
        "\xe2\x80\xae"
        "evil",
        "\xe2\x81\xa6"
        "evil"}) {
    CHECK_FALSE(is_printable_utf8(text));
  }
  CHECK_FALSE(is_printable_utf8(std::string_view("a\0b", 3)));
}

TEST_CASE("A name has 1 to 255 bytes, and the refusal says so without quoting it") {
  const Limits limits;
  CHECK_FALSE(refuse_name("group", std::string(255, 'x'), limits).has_value());
  const auto refused = [&](const std::string& name) {
    const auto rejection = refuse_name("group", name, limits);
    REQUIRE(rejection.has_value());
    CHECK(rejection->code == ErrorCode::kInvalidName);
    return rejection->message;
  };
  CHECK(refused("") == "The name of the group is empty: use 1 to 255 bytes.");
  CHECK(refused(std::string(256, 'x')) == "The name of the group has 256 bytes: use 1 to 255.");
  CHECK(refused("\x1b[2J").find('\x1b') == std::string::npos);
}

}  // namespace
}  // namespace muster::domain
