// Words of the command line that are more than text or a number, and what --help and a usage error
// say of them.
#pragma once

#include <CLI/CLI.hpp>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace muster::tools {

/// TOPIC/PARTITION. A topic's name may contain slashes: the last one divides.
struct PartitionArgument {
  std::string topic;
  std::int32_t partition = 0;
  auto operator<=>(const PartitionArgument&) const = default;

  std::string text() const { return topic + "/" + std::to_string(partition); }
};

std::optional<PartitionArgument> parse_partition(std::string_view text);

/// "500ms", "30s", "2m", "1h", "7d", "1h30m": whole numbers and their units, the larger first,
/// 1 ms … 49 days. In milliseconds.
std::optional<std::uint32_t> parse_duration_ms(std::string_view text);
/// The same of any length, and of none ("0s").
std::optional<std::uint64_t> parse_milliseconds(std::string_view text);

/// In the largest unit up to hours that loses nothing: 120000 is "2m".
std::string duration_text(std::uint64_t duration_ms);

/// The same, and days ("7d"); "0" or "off" for no end of it.
std::optional<std::uint64_t> parse_retention_ms(std::string_view text);
/// "7d", "90m"; "for ever" for 0.
std::string retention_text(std::uint64_t retention_ms);

/// An option for an event's sequence, 1 or more.
CLI::Option* add_sequence(CLI::App& command, const std::string& name, std::uint64_t& sequence,
                          const std::string& description);

CLI::Option* add_group_argument(CLI::App& command, std::string& group);
CLI::Option* add_topic_argument(CLI::App& command, std::string& topic);
CLI::Option* add_partition_argument(CLI::App& command, std::optional<PartitionArgument>& at);
/// The same as an option.
CLI::Option* add_partition_option(CLI::App& command, const std::string& name,
                                  std::optional<PartitionArgument>& at,
                                  const std::string& description);
CLI::Option* add_duration_option(CLI::App& command, const std::string& name,
                                 std::uint32_t& duration_ms, const std::string& description);
/// A whole number of 0 or more, as the option NAME or, without dashes, the argument NAME.
CLI::Option* add_offset(CLI::App& command, const std::string& name, std::int64_t& offset,
                        const std::string& description);
/// The same, or "none" for nothing committed, which is -1.
CLI::Option* add_expected_offset(CLI::App& command, const std::string& name,
                                 std::optional<std::int64_t>& offset,
                                 const std::string& description);
/// How long offsets are kept; 0: for ever.
CLI::Option* add_retention_option(CLI::App& command, const std::string& name,
                                  std::optional<std::uint64_t>& retention_ms,
                                  const std::string& description);
/// A limit of members: 0 means none.
CLI::Option* add_member_limit(CLI::App& command, const std::string& name,
                              std::optional<std::int32_t>& limit, const std::string& description);
/// How many members more there are; at most as many as a group may have.
CLI::Option* add_member_count(CLI::App& command, const std::string& name, std::uint32_t& count,
                              const std::string& description);
/// A fencing token. 0 is refused: whoever has no token must say so by leaving the option out.
CLI::Option* add_fence(CLI::App& command, const std::string& name, std::uint64_t& fence,
                       const std::string& description);

}  // namespace muster::tools
