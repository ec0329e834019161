// Any bytes as the input of `muster plan`: refused, or planned so that every owned partition is
// accounted for, and the answer is JSON that says so.

#include <nlohmann/json.hpp>
#include <string_view>

#include "domain/assert.h"
#include "tools/plan_input.h"
#include "tools/plan_prediction.h"
#include "tools/plan_view.h"

namespace muster::fuzz {
namespace {

Limits small_limits() {
  Limits limits;
  limits.partitions_per_topic_max = 64;
  limits.topics_max = 16;
  limits.members_per_group_max = 16;
  return limits;
}

void run(std::string_view input) {
  const Limits limits = small_limits();
  auto scenario = tools::read_plan_input(input, limits);
  if (!scenario) {
    MUSTER_ASSERT(scenario.error().message.size() < 2'048);
    return;
  }
  // A newcomer where there is room; otherwise the scenario as it is.
  const tools::Changes changes{.add_members = scenario->members.size() < 16 ? 1U : 0U};
  MUSTER_ASSERT(tools::apply(changes, limits, *scenario).has_value());
  const auto prediction = tools::predict(*scenario);
  MUSTER_ASSERT(prediction.has_value());
  MUSTER_ASSERT(prediction->moves.size() <= scenario->holdings.size());
  const auto json = nlohmann::json::parse(tools::prediction_json(*prediction));
  MUSTER_ASSERT(json.at("assignment").size() == scenario->members.size());
  MUSTER_ASSERT(json.at("moves").size() == prediction->moves.size());
  MUSTER_ASSERT(!tools::prediction_text(*prediction).empty());
}

}  // namespace
}  // namespace muster::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  muster::fuzz::run({reinterpret_cast<const char*>(data), size});
  return 0;
}
