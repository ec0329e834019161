#include "daemon/logging.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <iterator>
#include <nlohmann/json.hpp>

namespace muster::daemon {
namespace {

std::string time_of(const spdlog::details::log_msg& entry) {
  using std::chrono::floor;
  const auto seconds = floor<std::chrono::seconds>(entry.time);
  const auto millis = std::chrono::duration_cast<std::chrono::milliseconds>(entry.time - seconds);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(seconds), millis.count());
}

std::string_view level_of(const spdlog::details::log_msg& entry) {
  const auto level = spdlog::level::to_string_view(entry.level);
  return {level.data(), level.size()};
}

class JsonFormatter final : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& entry, spdlog::memory_buf_t& line) override {
    nlohmann::ordered_json object;
    object["time"] = time_of(entry);
    object["level"] = level_of(entry);
    object["message"] = std::string(entry.payload.data(), entry.payload.size());
    const std::string text =
        object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
    line.append(text.data(), text.data() + text.size());
    line.push_back('\n');
  }
  std::unique_ptr<spdlog::formatter> clone() const override { return json_formatter(); }
};

class TextFormatter final : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& entry, spdlog::memory_buf_t& line) override {
    auto out = std::back_inserter(line);
    out = fmt::format_to(out, "{} {:<8} ", time_of(entry), level_of(entry));
    for (const char byte : entry.payload) {
      const auto code = static_cast<unsigned char>(byte);
      if (code < 0x20 || code == 0x7f) {
        out = fmt::format_to(out, "\\x{:02x}", code);
      } else {
        line.push_back(byte);
      }
    }
    line.push_back('\n');
  }
  std::unique_ptr<spdlog::formatter> clone() const override { return text_formatter(); }
};

}  // namespace

std::unique_ptr<spdlog::formatter> json_formatter() { return std::make_unique<JsonFormatter>(); }

std::unique_ptr<spdlog::formatter> text_formatter() { return std::make_unique<TextFormatter>(); }

void start_logging(LogFormat format, const std::string& level) {
  auto logger = std::make_shared<spdlog::logger>("musterd",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_formatter(format == LogFormat::kJson ? json_formatter() : text_formatter());
  logger->set_level(spdlog::level::from_str(level));
  spdlog::set_default_logger(std::move(logger));
}

void change_log_level(const std::string& level) {
  spdlog::default_logger()->set_level(spdlog::level::from_str(level));
}

}  // namespace muster::daemon
