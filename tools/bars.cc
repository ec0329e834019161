#include "tools/bars.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace muster::tools {
namespace {

constexpr std::array<std::string_view, 9> kHeights{" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
constexpr std::array<std::string_view, 9> kLengths{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"};
constexpr std::uint64_t kEighths = 8;

/// So many of `whole` as `number` is of `most`, at least one unless it is 0.
std::uint64_t scaled(std::uint64_t number, std::uint64_t most, std::uint64_t whole) {
  if (number == 0 || most == 0) return 0;
  const double share = static_cast<double>(number) / static_cast<double>(most);
  const auto parts = static_cast<std::uint64_t>(share * static_cast<double>(whole) + 0.5);
  return std::clamp<std::uint64_t>(parts, 1, whole);
}

}  // namespace

std::size_t numbers_per_column(std::size_t numbers, std::size_t columns) {
  return std::max<std::size_t>(1, (numbers + columns - 1) / columns);
}

std::vector<std::uint64_t> condensed(std::span<const std::uint64_t> numbers, std::size_t columns) {
  const std::size_t each = numbers_per_column(numbers.size(), columns);
  std::vector<std::uint64_t> sums((numbers.size() + each - 1) / each);
  for (std::size_t i = 0; i < numbers.size(); ++i) sums[i / each] += numbers[i];
  return sums;
}

std::string sparkline(std::span<const std::uint64_t> numbers) {
  std::uint64_t most = 0;
  for (const std::uint64_t number : numbers) most = std::max(most, number);
  std::string text;
  for (const std::uint64_t number : numbers) text += kHeights[scaled(number, most, kEighths)];
  return text;
}

std::string bar(std::uint64_t number, std::uint64_t most, std::size_t columns) {
  std::uint64_t eighths = scaled(number, most, kEighths * columns);
  std::string text;
  for (; eighths >= kEighths; eighths -= kEighths) text += kLengths[kEighths];
  return text.append(kLengths[eighths]);
}

}  // namespace muster::tools
