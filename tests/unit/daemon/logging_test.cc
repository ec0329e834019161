#include "daemon/logging.h"

#include <doctest/doctest.h>
#include <spdlog/details/log_msg.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <string>

namespace {

std::string formatted(spdlog::formatter& formatter, const std::string& message) {
  spdlog::details::log_msg entry(
      spdlog::log_clock::time_point(std::chrono::milliseconds(1'714'564'800'123)),
      spdlog::source_loc{}, "musterd", spdlog::level::warn, message);
  spdlog::memory_buf_t line;
  formatter.format(entry, line);
  return {line.data(), line.size()};
}

}  // namespace

TEST_CASE("a JSON line is one valid object with time, level and message") {
  const auto formatter = muster::daemon::json_formatter();
  const auto object = nlohmann::json::parse(formatted(*formatter, "listening on 127.0.0.1:1"));
  CHECK(object["time"] == "2024-05-01T12:00:00.123Z");
  CHECK(object["level"] == "warning");
  CHECK(object["message"] == "listening on 127.0.0.1:1");
}

TEST_CASE("whatever a message holds, its JSON line stays one line and valid") {
  const auto formatter = muster::daemon::json_formatter();
  const std::string nasty("quote \" backslash \\ newline \n nul \0 bell \a utf-8 ü", 51);
  const std::string line = formatted(*formatter, nasty);
  CHECK(std::count(line.begin(), line.end(), '\n') == 1);
  CHECK(line.back() == '\n');
  CHECK(nlohmann::json::parse(line)["message"] == nasty);
  const std::string broken = formatted(*formatter, "not utf-8: \xff\xfe");
  CHECK(nlohmann::json::accept(broken));
}

TEST_CASE("a text line can't be forged by a newline in a message") {
  const auto formatter = muster::daemon::text_formatter();
  const std::string line = formatted(*formatter, "client a\n2024 info  fake");
  CHECK(line == "2024-05-01T12:00:00.123Z warning  client a\\x0a2024 info  fake\n");
}

TEST_CASE("a cloned formatter writes the same line") {
  const auto formatter = muster::daemon::json_formatter();
  const auto clone = formatter->clone();
  CHECK(formatted(*clone, "x") == formatted(*formatter, "x"));
}
