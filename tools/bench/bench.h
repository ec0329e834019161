// The command `muster bench`, for the command line.
#pragma once

#include "tools/commands.h"

namespace muster::tools {

void add_bench_command(CLI::App& app, Context& context);

}  // namespace muster::tools
