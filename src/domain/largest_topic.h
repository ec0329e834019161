// The most partitions that any topic has: no configuration allows one more, and a journal or
// snapshot that says otherwise is corrupt (bounded: what it makes the fold reserve stays within
// reason).
#pragma once

#include <cstdint>

namespace muster {

inline constexpr std::int32_t kPartitionsPerTopicMost = 10'000'000;

}  // namespace muster
