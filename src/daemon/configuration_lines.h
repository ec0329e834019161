// The lines of a configuration file, a small part of TOML:
//
//   # a comment
//   data-dir = "/var/lib/muster"     # "…" (with \" and \\), '…', or bare, without blanks
//   listen = ["127.0.0.1:7461",
//             "unix:/run/muster.sock"]
//
// What is written otherwise is refused, and never read as something else.
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace muster::daemon {

struct ConfigurationLine {
  std::size_t number = 0;  // from 1
  std::string name;
  std::vector<std::string> values;  // at least one
  bool operator==(const ConfigurationLine&) const = default;
};

/// The error is a sentence without its stop, with the line's number in front.
std::expected<std::vector<ConfigurationLine>, std::string> read_configuration_lines(
    std::string_view text);

}  // namespace muster::daemon
