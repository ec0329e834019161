#include "tools/arguments.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <utility>

#include "domain/limits.h"

namespace muster::tools {
namespace {

struct Unit {
  std::string_view suffix;
  std::uint64_t milliseconds;
};

// The larger first, as they follow each other in one text.
constexpr std::array<Unit, 5> kTimeUnits{
    {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};
constexpr std::string_view kDays = "d";

template <typename Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// An option whose text `parse` turns into `target`, or that is a usage error with this hint.
template <typename Target, typename Parse>
CLI::Option* add_parsed(CLI::App& command, const std::string& name, const std::string& description,
                        std::string hint, Target& target, Parse parse) {
  return command.add_option_function<std::string>(
      name,
      [name, hint = std::move(hint), &target, parse](const std::string& text) {
        const auto parsed = parse(text);
        if (!parsed) throw CLI::ValidationError(name, "\"" + text + "\" is not " + hint);
        target = *parsed;
      },
      description);
}

}  // namespace

std::optional<PartitionArgument> parse_partition(std::string_view text) {
  const std::size_t slash = text.rfind('/');
  if (slash == std::string_view::npos || slash == 0) return std::nullopt;
  const auto partition = parse_number<std::int32_t>(text.substr(slash + 1));
  if (!partition || *partition < 0) return std::nullopt;
  return PartitionArgument{.topic = std::string(text.substr(0, slash)), .partition = *partition};
}

std::optional<std::uint64_t> parse_milliseconds(std::string_view text) {
  if (text.empty()) return std::nullopt;
  std::uint64_t duration_ms = 0;
  const auto* next = kTimeUnits.begin();  // a smaller one than those before
  while (!text.empty()) {
    const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    const std::size_t end = std::min(text.find_first_of("0123456789", digits), text.size());
    const auto count = parse_number<std::uint32_t>(text.substr(0, digits));
    const auto* unit = std::find_if(next, kTimeUnits.end(), [&](const Unit& each) {
      return each.suffix == text.substr(digits, end - digits);
    });
    if (!count || unit == kTimeUnits.end()) return std::nullopt;
    duration_ms += *count * unit->milliseconds;
    next = unit + 1;
    text.remove_prefix(end);
  }
  return duration_ms;
}

std::optional<std::uint32_t> parse_duration_ms(std::string_view text) {
  const auto duration_ms = parse_milliseconds(text);
  if (!duration_ms || *duration_ms == 0) return std::nullopt;
  if (*duration_ms > std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
  return static_cast<std::uint32_t>(*duration_ms);
}

std::string duration_text(std::uint64_t duration_ms) {
  for (const Unit& unit : kTimeUnits) {
    const bool fits = duration_ms >= unit.milliseconds && duration_ms % unit.milliseconds == 0;
    if (!fits || unit.suffix == kDays) continue;
    return std::to_string(duration_ms / unit.milliseconds) + std::string(unit.suffix);
  }
  return "0ms";
}

namespace {

constexpr std::uint64_t kDay_ms = 24 * 3'600'000;

}  // namespace

std::optional<std::uint64_t> parse_retention_ms(std::string_view text) {
  if (text == "0" || text == "off") return 0;
  if (!text.ends_with("d")) return parse_duration_ms(text);
  const auto days = parse_number<std::uint32_t>(text.substr(0, text.size() - 1));
  if (!days || *days == 0) return std::nullopt;
  return *days * kDay_ms;
}

std::string retention_text(std::uint64_t retention_ms) {
  if (retention_ms == 0) return "for ever";
  if (retention_ms % kDay_ms == 0) return std::to_string(retention_ms / kDay_ms) + "d";
  return duration_text(retention_ms);
}

CLI::Option* add_group_argument(CLI::App& command, std::string& group) {
  return command.add_option("GROUP", group, "The group's name")->required()->type_name("");
}

CLI::Option* add_topic_argument(CLI::App& command, std::string& topic) {
  return command.add_option("NAME", topic, "The topic's name")->required()->type_name("");
}

CLI::Option* add_partition_argument(CLI::App& command, std::optional<PartitionArgument>& at) {
  return add_partition_option(command, "TOPIC/PARTITION", at,
                              "The topic's name, a slash, the partition's number")
      ->type_name("");
}

CLI::Option* add_partition_option(CLI::App& command, const std::string& name,
                                  std::optional<PartitionArgument>& at,
                                  const std::string& description) {
  return add_parsed(command, name, description, "TOPIC/PARTITION: write for example outbox/0", at,
                    parse_partition)
      ->type_name("TOPIC/PARTITION");
}

CLI::Option* add_duration_option(CLI::App& command, const std::string& name,
                                 std::uint32_t& duration_ms, const std::string& description) {
  return add_parsed(command, name, description,
                    "a duration: write a whole number and its unit, as in 500ms, 30s, 2m or 1h30m",
                    duration_ms, parse_duration_ms)
      ->type_name("DURATION");
}

CLI::Option* add_retention_option(CLI::App& command, const std::string& name,
                                  std::optional<std::uint64_t>& retention_ms,
                                  const std::string& description) {
  return add_parsed(command, name, description,
                    "a retention: write a whole number and its unit, as in 90m, 12h or 7d, or off",
                    retention_ms, parse_retention_ms)
      ->type_name("DURATION|off");
}

CLI::Option* add_offset(CLI::App& command, const std::string& name, std::int64_t& offset,
                        const std::string& description) {
  const auto parse = [](std::string_view text) -> std::optional<std::int64_t> {
    const auto number = parse_number<std::int64_t>(text);
    return number && *number >= 0 ? number : std::nullopt;
  };
  return add_parsed(command, name, description, "an offset: give a whole number, 0 or more", offset,
                    parse)
      ->type_name(name.starts_with("-") ? "N" : "");
}

CLI::Option* add_expected_offset(CLI::App& command, const std::string& name,
                                 std::optional<std::int64_t>& offset,
                                 const std::string& description) {
  const auto parse = [](std::string_view text) -> std::optional<std::int64_t> {
    if (text == "none") return -1;
    const auto number = parse_number<std::int64_t>(text);
    return number && *number >= 0 ? number : std::nullopt;
  };
  return add_parsed(command, name, description,
                    "an offset: give a whole number, 0 or more, or none", offset, parse)
      ->type_name("N|none");
}

CLI::Option* add_member_limit(CLI::App& command, const std::string& name,
                              std::optional<std::int32_t>& limit, const std::string& description) {
  const auto parse = [](std::string_view text) -> std::optional<std::int32_t> {
    const auto number = parse_number<std::int32_t>(text);
    return number && *number >= 0 ? number : std::nullopt;
  };
  return add_parsed(command, name, description,
                    "a number of members: give a whole number, 0 for no limit", limit, parse)
      ->type_name("N");
}

CLI::Option* add_member_count(CLI::App& command, const std::string& name, std::uint32_t& count,
                              const std::string& description) {
  const auto parse = [](std::string_view text) -> std::optional<std::uint32_t> {
    const auto number = parse_number<std::uint32_t>(text);
    return number && *number <= Limits{}.members_per_group_max ? number : std::nullopt;
  };
  return add_parsed(command, name, description,
                    "a number of members: give a whole number, 0 to " +
                        std::to_string(Limits{}.members_per_group_max),
                    count, parse)
      ->type_name("N");
}

CLI::Option* add_sequence(CLI::App& command, const std::string& name, std::uint64_t& sequence,
                          const std::string& description) {
  const auto parse = [](std::string_view text) -> std::optional<std::uint64_t> {
    const auto number = parse_number<std::uint64_t>(text);
    return number && *number > 0 ? number : std::nullopt;
  };
  return add_parsed(command, name, description, "the sequence of an event: give a whole number",
                    sequence, parse)
      ->type_name("SEQUENCE");
}

CLI::Option* add_fence(CLI::App& command, const std::string& name, std::uint64_t& fence,
                       const std::string& description) {
  const auto parse = [](std::string_view text) -> std::optional<std::uint64_t> {
    const auto number = parse_number<std::uint64_t>(text);
    return number && *number > 0 ? number : std::nullopt;
  };
  return add_parsed(command, name, description,
                    "a fencing token: give the number of the grant, as in $MUSTER_FENCE", fence,
                    parse)
      ->type_name(name.starts_with("-") ? "TOKEN" : "");
}

}  // namespace muster::tools
