#include "domain/nearest_name.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace muster::domain {
namespace {

constexpr std::size_t kLettersAnEdit = 3;
constexpr std::size_t kEditsMost = 3;

char lower(char letter) {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

}  // namespace

std::size_t edit_distance(std::string_view one, std::string_view other, std::size_t most) {
  const std::size_t longer = std::max(one.size(), other.size());
  if (longer - std::min(one.size(), other.size()) > most) return most + 1;
  // Distances between the beginnings of both names: of the row before the last, the last, this one.
  std::vector<std::size_t> before(other.size() + 1);
  std::vector<std::size_t> last(other.size() + 1);
  std::vector<std::size_t> row(other.size() + 1);
  for (std::size_t column = 0; column <= other.size(); ++column) last[column] = column;
  for (std::size_t line = 1; line <= one.size(); ++line) {
    row[0] = line;
    std::size_t least = line;
    for (std::size_t column = 1; column <= other.size(); ++column) {
      const bool same = lower(one[line - 1]) == lower(other[column - 1]);
      row[column] =
          std::min({last[column] + 1, row[column - 1] + 1, last[column - 1] + (same ? 0 : 1)});
      const bool swapped = line > 1 && column > 1 &&
                           lower(one[line - 1]) == lower(other[column - 2]) &&
                           lower(one[line - 2]) == lower(other[column - 1]);
      if (swapped) row[column] = std::min(row[column], before[column - 2] + 1);
      least = std::min(least, row[column]);
    }
    if (least > most) return most + 1;
    std::swap(before, last);
    std::swap(last, row);
  }
  return std::min(last.back(), most + 1);
}

NearestName::NearestName(std::string_view unknown)
    : unknown_(unknown),
      most_(std::clamp<std::size_t>(unknown.size() / kLettersAnEdit, 1, kEditsMost)) {}

void NearestName::consider(std::string_view known) {
  // Of two letters nothing is left that would say which name was meant.
  if (unknown_.size() < 2 || known == unknown_) return;
  if (!name_.empty() && most_ == 0) return;
  const std::size_t allowed = name_.empty() ? most_ : most_ - 1;
  const std::size_t edits = edit_distance(unknown_, known, allowed);
  if (edits > allowed) return;
  name_ = known;
  most_ = edits;
}

std::string nearest_name(std::string_view unknown, std::span<const std::string> known) {
  NearestName nearest(unknown);
  for (const std::string& name : known) nearest.consider(name);
  return nearest.name();
}

}  // namespace muster::domain
