// The verbs of `muster offset`, one function a file.
#pragma once

#include "tools/commands.h"

namespace muster::tools {

/// delete | restore
void add_offset_undo(CLI::App& noun, Context& context);
/// export | import
void add_offset_transfer(CLI::App& noun, Context& context);
/// report-end
void add_offset_ends(CLI::App& noun, Context& context);

}  // namespace muster::tools
