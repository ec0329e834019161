// What stands in a configuration file is read as it is written, or refused.
#include "daemon/configuration_lines.h"

#include <doctest/doctest.h>

namespace muster::daemon {
namespace {

using Values = std::vector<std::string>;

std::vector<ConfigurationLine> read(std::string_view text) {
  auto lines = read_configuration_lines(text);
  if (!lines) FAIL(lines.error());
  return *lines;
}

/// Of the only line.
Values values(std::string_view text) {
  const auto lines = read(text);
  REQUIRE(lines.size() == 1);
  return lines[0].values;
}

bool refused(std::string_view text, const std::string& with) {
  const auto lines = read_configuration_lines(text);
  REQUIRE_FALSE(lines.has_value());
  INFO(lines.error());
  const bool found = lines.error().find(with) != std::string::npos;
  CHECK(found);
  return found;
}

TEST_CASE("Comments and empty lines are none, and lines are numbered as in the file") {
  const auto lines = read("# first\r\n\r\n  a = 1 # one\n\n\tb=2");
  REQUIRE(lines.size() == 2);
  CHECK(lines[0] == ConfigurationLine{.number = 3, .name = "a", .values = {"1"}});
  CHECK(lines[1] == ConfigurationLine{.number = 5, .name = "b", .values = {"2"}});
  CHECK(read("").empty());
}

TEST_CASE("A value is in quotes, single ones or none, and what they enclose stays") {
  CHECK(values("data-dir = /var/lib/muster") == Values{"/var/lib/muster"});
  CHECK(values("data-dir = \"/with blanks, #commas\"") == Values{"/with blanks, #commas"});
  CHECK(values(R"(data-dir = "\"C:\\dir\"")") == Values{R"("C:\dir")"});
  CHECK(values(R"(data-dir = 'C:\dir "x"')") == Values{R"(C:\dir "x")"});
  CHECK(values("data-dir = \"\"") == Values{""});
}

TEST_CASE("Several values are a list, on one line or on several") {
  CHECK(values("listen = [a, \"b\", 'c']") == Values{"a", "b", "c"});
  const auto lines = read("listen = [ # where\n  \"[::1]:7461\",\n  b,  # two\n]\nmax = 5\n");
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].values == Values{"[::1]:7461", "b"});
  CHECK(lines[1].number == 5);
}

TEST_CASE("What can't be read says which line and what to write") {
  refused("a = 1\ndata-dir\n", "line 2: 'data-dir' has no value: write data-dir = VALUE");
  refused("data-dir =\nb = 2", "line 1: 'data-dir' has no value");
  refused("data-dir = /var/my dir", "line 1: there is more behind the value of 'data-dir': put");
  refused("listen = a, b", "as one list");
  refused("listen = [::1]:7461", "brackets in quotes");
  refused("\n= 5", "line 2: a name was expected");
  refused("data-dir = \"/var\nb = 2", "line 1: the quotes of 'data-dir' are not closed");
  refused("data-dir = '/var", "the quotes of 'data-dir' are not closed");
  refused("data-dir = \"C:\\dir\"", "a backslash");
  refused("listen = [a b]", "without a comma");
  refused("listen = [\n", "line 2: 'listen' has no value");
  refused("listen = [a\nb = 2\n",
          "line 2: the list of 'listen' goes on without a comma, or has no");
  refused("listen = []", "empty: leave the line out");
  refused("a = 1\n[limits]\n", "line 2: 'limits' is a table");
  refused(std::string_view("a = 1\nb = \0", 11), "line 2: the byte 0x00");
}

}  // namespace
}  // namespace muster::daemon
