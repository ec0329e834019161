// A live group as the scenario of `muster plan --from-group`.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "muster/error.hpp"
#include "tools/plan_scenario.h"

namespace muster::tools {

/// The group as its last plan has it, also where that plan is still being carried out. Gathered
/// from several replies: if the group changes meanwhile, some of what changed may be missing.
std::expected<Scenario, Error> read_live_group(std::string_view server, const std::string& group);

}  // namespace muster::tools
