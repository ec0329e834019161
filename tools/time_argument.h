// Points in time as people write them on the command line.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace muster::tools {

/// Milliseconds since 1970 of
/// - RFC 3339: "2026-11-22T14:00:00.123Z", "2026-11-22T15:00:00+01:00";
/// - the same with less: "2026-11-22 14:00", "2026-11-22"; without a zone it is UTC, as all times
///   that muster prints;
/// - a time ago, before `now_ms`: "30s", "5m ago", "2h", "7d"; or "now".
std::optional<std::int64_t> parse_time_ms(std::string_view text, std::int64_t now_ms);

/// Milliseconds since 1970, by this machine's clock.
std::int64_t wall_clock_ms();

/// What parse_time_ms reads, for the message that something else is refused with.
inline constexpr const char* kTimeHint =
    "a time: write 2026-11-22T14:00:00Z, '2026-11-22 14:00' (UTC), or how long ago, as in 5m, "
    "'2h ago' or 7d";

CLI::Option* add_time_option(CLI::App& command, const std::string& name,
                             std::optional<std::int64_t>& time_ms, const std::string& description);

}  // namespace muster::tools
