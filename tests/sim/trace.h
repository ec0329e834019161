// The trace of a run, boiled down to one number: equal on every machine for equal seed and flags.
#pragma once

#include <cstdint>
#include <cstring>
#include <iostream>
#include <string_view>

#include "domain/message.h"
#include "tests/sim/random.h"

namespace muster::sim {

class Trace {
 public:
  void add(std::uint64_t number) { hash_ = mixed(hash_ ^ number); }
  void add(std::string_view bytes) {
    add(bytes.size());
    while (bytes.size() >= sizeof(std::uint64_t)) {
      std::uint64_t word = 0;
      std::memcpy(&word, bytes.data(), sizeof(word));
      hash_ = (hash_ ^ word) * 0x9fb21c651e98df25U;
      hash_ ^= hash_ >> 32;
      bytes.remove_prefix(sizeof(word));
    }
    std::uint64_t rest = 0;
    if (!bytes.empty()) std::memcpy(&rest, bytes.data(), bytes.size());
    add(rest);
  }
  std::uint64_t value() const { return hash_; }

  /// From now on what happens is told on stderr, for whoever looks into a failure.
  void tell() { told_ = true; }
  template <typename... Pieces>
  void say(std::uint64_t now_us, const Pieces&... pieces) const {
    if (told_) std::cerr << now_us << " " << domain::sentence(pieces...) << "\n";
  }

 private:
  bool told_ = false;
  std::uint64_t hash_ = 0;
};

}  // namespace muster::sim
