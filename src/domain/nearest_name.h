// "Did you mean …": which of the known names somebody can have meant by one that is unknown.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace muster::domain {

/// Letters left out, put in, exchanged or swapped with their neighbour that make one name of the
/// other; `most` + 1 when it takes more than `most`. Upper and lower case differ by nothing.
std::size_t edit_distance(std::string_view one, std::string_view other, std::size_t most);

/// The known name that is nearest, by so few edits that it can be a slip of the finger: one for
/// each three letters, one at least and three at most. The first of several; "" when none is near.
class NearestName {
 public:
  explicit NearestName(std::string_view unknown);

  void consider(std::string_view known);
  const std::string& name() const { return name_; }

 private:
  std::string_view unknown_;
  std::size_t most_;  // edits that a better name may take
  std::string name_;
};

std::string nearest_name(std::string_view unknown, std::span<const std::string> known);

}  // namespace muster::domain
