// The operators' hands of `muster group`: one function a file. Each says in one sentence what was
// done and what follows from it.
#pragma once

#include "tools/commands.h"

namespace muster::tools {

/// configure | freeze | unfreeze
void add_group_settings(CLI::App& noun, Context& context);
/// remove-member | drain-member | undrain-member
void add_group_members(CLI::App& noun, Context& context);
/// lag
void add_group_lag(CLI::App& noun, Context& context);
/// reset-offsets
void add_group_reset(CLI::App& noun, Context& context);
/// pin | unpin
void add_group_pins(CLI::App& noun, Context& context);

}  // namespace muster::tools
