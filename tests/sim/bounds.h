// Bounds of the simulated world that several of its parts reckon with.
#pragma once

#include <cstddef>
#include <cstdint>

namespace muster::sim {

// Of members, as they are drawn.
inline constexpr std::uint32_t kLeastSessionMs = 1'000;
inline constexpr std::uint32_t kMostSessionMs = 4'000;  // and most grace
inline constexpr std::uint32_t kLeastReleaseMs = 4'000;
inline constexpr std::uint32_t kMostReleaseMs = 5'000;
/// The longest lease, and as much as the clocks of their hosts are off.
inline constexpr std::uint32_t kLongestLeaseMs = kMostSessionMs + 100;
/// After which a worker gives up an attempt to connect.
inline constexpr std::uint32_t kConnectTimeoutMs = 3'000;

// Small limits, so that they are met.
inline constexpr std::size_t kMostGroups = 4;
inline constexpr std::size_t kRoomForSure = 5;  // members that each group has room for

}  // namespace muster::sim
