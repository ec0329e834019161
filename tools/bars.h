// Numbers as heights and lengths, in Unicode's block characters.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace muster::tools {

/// At most `columns` numbers, neighbours added up where there are more. As many of them, but for
/// the last, go into each.
std::vector<std::uint64_t> condensed(std::span<const std::uint64_t> numbers, std::size_t columns);

/// How many numbers go into each of those columns.
std::size_t numbers_per_column(std::size_t numbers, std::size_t columns);

/// "▁▃█ ▂": one column a number, as high as it is beside the largest; none for 0.
std::string sparkline(std::span<const std::uint64_t> numbers);

/// "██████▌": `number` of `most`, in up to `columns` columns; something for anything but 0.
std::string bar(std::uint64_t number, std::uint64_t most, std::size_t columns);

}  // namespace muster::tools
