// The file that --config names, as CLI11 is given it. Read by configuration_lines.h and not by
// CLI11's own reader, which cuts quoted values at a '#', takes a name without a value for "true",
// and leaves out what it does not understand.
#pragma once

#include <CLI/CLI.hpp>
#include <istream>
#include <string>
#include <vector>

#include "daemon/configuration_lines.h"

namespace muster::daemon {

class ConfigurationFile final : public CLI::ConfigTOML {
 public:
  /// `app` outlives it, and has all its options before the file is read.
  explicit ConfigurationFile(const CLI::App& app) : app_(app) {}

  /// Throws CLI::ConfigError, whose text is a sentence, for what can't be read, an unknown name,
  /// one that has no place in a file, and one that is there twice.
  std::vector<CLI::ConfigItem> from_config(std::istream& input) const override;

 private:
  /// What is wrong with the line, or nothing.
  std::string check(const ConfigurationLine& line) const;

  const CLI::App& app_;
};

/// The options that a file may set, by their names without dashes.
std::vector<std::string> file_names(const CLI::App& app);

}  // namespace muster::daemon
