// What `muster bench` prints when a load has ended.
#pragma once

#include <string>

#include "tools/bench/loads.h"
#include "tools/output.h"

namespace muster::tools {

Json report_json(const BenchOptions& options, const Meter& meter);
/// Figures, and the latencies as bars.
std::string report_text(const BenchOptions& options, const Meter& meter);

}  // namespace muster::tools
