// A prediction as `muster plan` prints it.
#pragma once

#include <string>

#include "tools/plan_prediction.h"

namespace muster::tools {

/// {"assignment":{"a":{"t":[0,1]}},"moves":[{"topic","partition","from","to"}],
///  "balance":{"min","max","spread"},"strategy":"sticky","unowned":{"t":[2]},
///  "idle_pins":[{"topic","partition","member","reasons"}]}, on one line. `to` is null for nobody;
/// reasons are "draining" and "not_subscribed". Of a live group also "frozen".
std::string prediction_json(const Prediction& prediction);

/// Members with their partitions, the moves, and the balance in a sentence.
std::string prediction_text(const Prediction& prediction);

/// "0-3, 7"; the numbers ascend.
std::string ranges_text(const std::vector<PartitionIndex>& partitions);

}  // namespace muster::tools
