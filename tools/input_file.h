// A file that a command reads whole, or standard input.
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

#include "muster/error.hpp"

namespace muster::tools {

/// All of the file ("-": standard input), or at most one piece more than `bytes_max`: whoever reads
/// on refuses what is longer. `instead` ends the sentence about a file that can't be read: "give a
/// file that can, …".
std::expected<std::string, Error> read_input(const std::string& path, std::size_t bytes_max,
                                             std::string_view instead);

}  // namespace muster::tools
