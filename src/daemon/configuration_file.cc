#include "daemon/configuration_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>

#include "daemon/configuration_lines.h"
#include "domain/nearest_name.h"

namespace muster::daemon {

std::vector<CLI::ConfigItem> ConfigurationFile::from_config(std::istream& input) const {
  const std::string text(std::istreambuf_iterator<char>(input), {});
  const auto lines = read_configuration_lines(text);
  if (!lines) throw CLI::ConfigError(lines.error());
  std::vector<CLI::ConfigItem> settings;
  std::set<std::string> names;
  for (const ConfigurationLine& line : *lines) {
    const auto wrong = check(line);
    if (!wrong.empty()) throw CLI::ConfigError(fmt::format("line {}: {}", line.number, wrong));
    if (!names.insert(line.name).second) {
      throw CLI::ConfigError(
          fmt::format("line {}: '{}' is there twice: leave one of the lines out, several values "
                      "are written as one list, [\"…\", \"…\"]",
                      line.number, line.name));
    }
    settings.push_back({.parents = {}, .name = line.name, .inputs = line.values});
  }
  return settings;
}

std::string ConfigurationFile::check(const ConfigurationLine& line) const {
  const CLI::Option* option = app_.get_option_no_throw("--" + line.name);
  const std::vector<std::string> known = file_names(app_);
  if (std::ranges::find(known, line.name) == known.end()) {
    if (option != nullptr) {
      return fmt::format("'{}' can't stand in a file: give it as --{}", line.name, line.name);
    }
    const std::string nearest = domain::nearest_name(line.name, known);
    return fmt::format("the name '{}' is unknown. {}", line.name,
                       nearest.empty() ? std::string("musterd --help lists the names")
                                       : fmt::format("Did you mean '{}'?", nearest));
  }
  const bool one_value = option->get_multi_option_policy() == CLI::MultiOptionPolicy::Throw;
  if (one_value && line.values.size() > 1) {
    return fmt::format("'{}' has a list: it takes one value", line.name);
  }
  return {};
}

std::vector<std::string> file_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_configurable()) names.push_back(option->get_single_name());
  }
  return names;
}

}  // namespace muster::daemon
