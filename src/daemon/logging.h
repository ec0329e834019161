// The daemon's log on stderr: a line an entry, as text for people or as JSON for programs.
#pragma once

#include <spdlog/formatter.h>

#include <memory>
#include <string>

namespace muster::daemon {

enum class LogFormat { kText, kJson };

/// One object a line: {"time":"2024-05-01T12:00:00.000Z","level":"info","message":"…"}. Whatever
/// the message holds (clients choose their names), the line is valid JSON and one line.
std::unique_ptr<spdlog::formatter> json_formatter();

/// "2024-05-01T12:00:00.000Z info  …" with control characters escaped: a client can't forge a line.
std::unique_ptr<spdlog::formatter> text_formatter();

/// Makes the process' default logger, which writes every line through at once. `level` is one of
/// spdlog's names.
void start_logging(LogFormat format, const std::string& level);

/// Of the default logger, from now on.
void change_log_level(const std::string& level);

}  // namespace muster::daemon
