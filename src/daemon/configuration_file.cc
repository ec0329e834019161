#include "daemon/configuration_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "domain/nearest_name.h"

namespace muster::daemon {

std::vector<CLI::ConfigItem> ConfigurationFile::from_config(std::istream& input) const {
  std::vector<CLI::ConfigItem> lines = CLI::ConfigTOML::from_config(input);
  std::set<std::string> names;
  for (const CLI::ConfigItem& item : lines) {
    check(item);
    // Lines of one name that follow each other come as one item with several values.
    const CLI::Option* option = app_.get_option_no_throw("--" + item.name);
    const bool one_value = option->get_multi_option_policy() == CLI::MultiOptionPolicy::Throw;
    if (names.insert(item.name).second && !(one_value && item.inputs.size() > 1)) continue;
    throw CLI::ConfigError(fmt::format(
        "'{}' is there twice: leave one of the lines out, several values are written as one list, "
        "[\"…\", \"…\"]",
        item.name));
  }
  return lines;
}

void ConfigurationFile::check(const CLI::ConfigItem& item) const {
  if (!item.parents.empty()) {
    throw CLI::ConfigError(
        fmt::format("'{}' is a table: write all names without tables, as max-connections = 5000",
                    item.parents.front()));
  }
  const std::vector<std::string> known = file_names(app_);
  if (std::ranges::find(known, item.name) != known.end()) return;
  if (app_.get_option_no_throw("--" + item.name) != nullptr) {
    throw CLI::ConfigError(
        fmt::format("'{}' can't stand in a file: give it as --{}", item.name, item.name));
  }
  const std::string nearest = domain::nearest_name(item.name, known);
  throw CLI::ConfigError(fmt::format("the name '{}' is unknown. {}", item.name,
                                     nearest.empty() ? std::string("musterd --help lists the names")
                                                     : fmt::format("Did you mean '{}'?", nearest)));
}

std::vector<std::string> file_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_configurable()) names.push_back(option->get_single_name());
  }
  return names;
}

}  // namespace muster::daemon
