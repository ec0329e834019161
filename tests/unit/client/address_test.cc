#include "client/src/address.h"

#include <doctest/doctest.h>

#include <string>

namespace muster {
namespace {

TEST_CASE("the three forms of an address are read and written alike") {
  for (const char* text : {"127.0.0.1:7461", "[::1]:7461", "db.example:1", "unix:/run/muster"}) {
    CAPTURE(text);
    const auto address = parse_address(text);
    REQUIRE(address.has_value());
    CHECK(to_text(*address) == text);
  }
  CHECK(parse_address("[::1]:7461")->host == "::1");
  CHECK(parse_address("unix:/run/muster")->path == "/run/muster");
}

TEST_CASE("what is no address is refused with a sentence that shows the forms") {
  const std::string long_path = "unix:/" + std::string(107, 'x');
  for (const std::string& text :
       {std::string(""), std::string("localhost"), std::string(":7461"), std::string("h:"),
        std::string("h:0"), std::string("h:65536"), std::string("h:7x"), std::string("::1:7461"),
        std::string("unix:"), long_path}) {
    CAPTURE(text);
    const auto address = parse_address(text);
    REQUIRE_FALSE(address.has_value());
    CHECK(address.error().code == ErrorCode::kInvalidArgument);
    CHECK(address.error().message.find("HOST:PORT") != std::string::npos);
  }
}

TEST_CASE("an address fits exactly as long as the kernel's socket address does") {
  CHECK(parse_address("unix:" + std::string(107, 'x')).has_value());
}

}  // namespace
}  // namespace muster
