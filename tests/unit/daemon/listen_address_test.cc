#include "daemon/listen_address.h"

#include <doctest/doctest.h>

#include <string>

using muster::daemon::parse_listen_address;
using muster::daemon::TcpAddress;
using muster::daemon::UnixAddress;

TEST_CASE("HOST:PORT, [IPV6]:PORT and unix:PATH are read, and written the same way") {
  CHECK(std::get<TcpAddress>(*parse_listen_address("127.0.0.1:7461")) ==
        TcpAddress{"127.0.0.1", 7461});
  CHECK(std::get<TcpAddress>(*parse_listen_address("localhost:0")) == TcpAddress{"localhost", 0});
  CHECK(std::get<TcpAddress>(*parse_listen_address("[::1]:65535")) == TcpAddress{"::1", 65535});
  CHECK(std::get<UnixAddress>(*parse_listen_address("unix:/run/a:b")) == UnixAddress{"/run/a:b"});
  for (const char* text : {"127.0.0.1:7461", "[::1]:65535", "unix:/run/a:b"}) {
    CHECK(to_string(*parse_listen_address(text)) == text);
  }
}

TEST_CASE("what is not an address is refused with the text and a right form") {
  for (const std::string text : {"", "localhost", ":7461", "host:", "host:65536", "host:-1",
                                 "host:7 ", "::1:7461", "[]:7461", "unix:"}) {
    CAPTURE(text);
    const auto address = parse_listen_address(text);
    REQUIRE(!address);
    CHECK(address.error().find("'" + text + "'") != std::string::npos);
    CHECK(address.error().find("HOST:PORT") != std::string::npos);
  }
}

TEST_CASE("a Unix path longer than the kernel takes is refused") {
  CHECK(parse_listen_address("unix:" + std::string(107, 'p')).has_value());
  CHECK_FALSE(parse_listen_address("unix:" + std::string(108, 'p')).has_value());
}
