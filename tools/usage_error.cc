#include "tools/usage_error.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>

#include "tools/command_place.h"
#include "tools/meant.h"
#include "tools/output.h"

namespace muster::tools {
namespace {

/// What stands between the two, if the text has both.
std::optional<std::string> between(const std::string& text, const std::string& before,
                                   const std::string& behind) {
  const std::size_t found = text.find(before);
  if (found == std::string::npos) return std::nullopt;
  const std::size_t begin = found + before.size();
  const std::size_t end = behind.empty() ? text.size() : text.find(behind, begin);
  if (end == std::string::npos) return std::nullopt;
  return text.substr(begin, end - begin);
}

/// "a, b or c"
std::string one_of(const std::string& commas) {
  const std::vector<std::string> all = CLI::detail::split(commas, ',');
  if (all.size() < 2) return commas;
  return fmt::format("{} or {}", fmt::join(all.begin(), all.end() - 1, ", "), all.back());
}

/// CLI11 knows which option it was; its sentences are for those who write the program.
std::string missing(const CLI::App& command, const std::string& said) {
  if (said.starts_with("A subcommand")) {
    std::vector<std::string> names;
    for (const CLI::App* each : manual::commands_of(command)) names.push_back(each->get_name());
    return fmt::format("a command is missing: {}",
                       one_of(fmt::format("{}", fmt::join(names, ","))));
  }
  if (const auto options = between(said, "[", "]")) {
    const bool several = said.ends_with("were given");
    return fmt::format("give {}one of {}", several ? "only " : "", one_of(*options));
  }
  const auto name = between(said, "", " is required");
  return name ? *name + " is missing" : said;
}

std::string wrong_count(const std::string& said) {
  const auto name = between(said, "", ":");
  const auto received = between(said, "At Most 1 required but received ", "");
  if (name && received) return fmt::format("{} is given {} times: give it once", *name, *received);
  if (name && said.ends_with(" missing")) return *name + " needs a value";
  return said;
}

/// Of a value that an option does not take. CLI11's own checks say it in their way; those of this
/// program say what to write.
std::string wrong_value(const std::string& said) {
  const auto name = between(said, "", ": ");
  const auto value = between(said, ": ", " not in {");
  const auto choices = between(said, " not in {", "}");
  if (name && value && choices) {
    return fmt::format("{}: '{}' is not {}", *name, *value, one_of(*choices));
  }
  const auto number = between(said, ": Value ", " not in range ");
  const auto range = between(said, " not in range ", "");
  if (name && number && range) {
    return fmt::format("{}: {} is not from {}", *name, *number, *range);
  }
  return said;
}

std::string not_converted(const std::string& said) {
  const auto name = between(said, "Could not convert: ", " = ");
  const auto value = between(said, " = ", "");
  if (!name || !value) return said;
  return fmt::format("{}: '{}' is not a whole number in its range", *name, *value);
}

/// Two options that need or exclude each other.
std::string wrong_pair(const std::string& said) {
  if (const auto first = between(said, "", " excludes ")) {
    return fmt::format("{} and {} can't be given together", *first,
                       said.substr(first->size() + std::string(" excludes ").size()));
  }
  if (const auto first = between(said, "", " requires ")) {
    return fmt::format("{} needs {} beside it", *first,
                       said.substr(first->size() + std::string(" requires ").size()));
  }
  return said;
}

std::string what_is_wrong(const Place& place, const CLI::ParseError& error) {
  const CLI::App& command = *place.command;
  const std::size_t taken = manual::arguments_of(command).size();
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr && place.arguments.size() > taken) {
    return fmt::format("'{}' is more than it takes", place.arguments[taken]);
  }
  const std::string said = error.what();
  const std::string kind = error.get_name();
  if (kind == "RequiredError") return missing(command, said);
  if (kind == "ArgumentMismatch") return wrong_count(said);
  if (kind == "ValidationError") return wrong_value(said);
  if (kind == "ConversionError") return not_converted(said);
  if (kind == "ExcludesError" || kind == "RequiresError") return wrong_pair(said);
  return said;
}

}  // namespace

std::string usage_message(const CLI::App& root, const CLI::ParseError& error,
                          std::span<const std::string> words) {
  if (std::string unknown = unknown_word(root, words); !unknown.empty()) return unknown;
  const Place place = place_of(root, words);
  const std::string name = full_name(*place.command);
  return printable(fmt::format("{}: {}. See {} --help.", name, what_is_wrong(place, error), name));
}

bool asks_for_json(std::span<const std::string> words) {
  for (std::size_t i = 0; i < words.size() && words[i] != "--"; ++i) {
    if (words[i] == "--output=json") return true;
    if (words[i] == "--output" && i + 1 < words.size() && words[i + 1] == "json") return true;
  }
  return false;
}

}  // namespace muster::tools
