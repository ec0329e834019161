// The few names that the world of the simulator has: few, so that everybody meets everybody.
#pragma once

#include <cstdint>
#include <string>

namespace muster::sim {

inline constexpr std::uint64_t kGroups = 2;
inline constexpr std::uint64_t kTopics = 4;
inline constexpr std::uint64_t kWorkerNames = 4;
inline constexpr std::uint64_t kPlannerNames = 4;

inline std::string group_name(std::uint64_t number) { return "group-" + std::to_string(number); }
inline std::string topic_name(std::uint64_t number) { return "topic-" + std::to_string(number); }
inline std::string worker_name(std::uint64_t number) { return "pod-" + std::to_string(number); }
inline std::string planner_name(std::uint64_t number) { return "brain-" + std::to_string(number); }
inline std::string rude_name(std::uint64_t number) { return "rude-" + std::to_string(number); }

}  // namespace muster::sim
