// The file that --config names: TOML without tables, one NAME = VALUE a line. CLI11 reads it; here
// is what it would let pass, or refuse without a remedy.
#pragma once

#include <CLI/CLI.hpp>
#include <istream>
#include <string>
#include <vector>

namespace muster::daemon {

class ConfigurationFile final : public CLI::ConfigTOML {
 public:
  /// `app` outlives it, and has all its options before the file is read.
  explicit ConfigurationFile(const CLI::App& app) : app_(app) {}

  /// Throws CLI::ConfigError, whose text is a sentence, for a table, an unknown name, one that has
  /// no place in a file, and one that is there twice.
  std::vector<CLI::ConfigItem> from_config(std::istream& input) const override;

 private:
  void check(const CLI::ConfigItem& item) const;

  const CLI::App& app_;
};

/// The options that a file may set, by their names without dashes.
std::vector<std::string> file_names(const CLI::App& app);

}  // namespace muster::daemon
