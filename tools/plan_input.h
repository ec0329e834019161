// The input of `muster plan`: JSON → scenario.
//
//   {"strategy":"sticky","topics":{"t":6},
//    "members":[{"id":"a","topics":["t"],"patterns":["u-.*"],"owned":{"t":[0,1]},"draining":true}],
//    "owned":{"gone":{"t":[2]}},"pins":{"t":{"3":"a"}}}
//
// Only `topics`, `members` and their ids are required. The `owned` beside the members is what
// anybody has by name, member or not.
#pragma once

#include <cstddef>
#include <expected>
#include <string_view>

#include "tools/plan_scenario.h"

namespace muster::tools {

/// Most bytes of an input: ten thousand members that list a thousand topics each fit.
inline constexpr std::size_t kPlanInputBytesMax = std::size_t{256} << 20;

/// Refuses what the coordinator would refuse (`limits`), with the place in the input. An owned
/// partition of a topic that is gone, or of an owner who is no member, is no error.
std::expected<Scenario, Rejection> read_plan_input(std::string_view json, const Limits& limits);

}  // namespace muster::tools
