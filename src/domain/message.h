// Sentences for people out of pieces: what was asked, what is wrong, what to do.
#pragma once

#include <concepts>
#include <string>
#include <string_view>

namespace muster::domain {

inline void append_piece(std::string& sentence, std::string_view piece) { sentence += piece; }
inline void append_piece(std::string& sentence, std::integral auto number) {
  sentence += std::to_string(number);
}

/// sentence("Topic '", name, "' has ", 4, " partitions.")
template <typename... Pieces>
std::string sentence(const Pieces&... pieces) {
  std::string whole;
  (append_piece(whole, pieces), ...);
  return whole;
}

}  // namespace muster::domain
