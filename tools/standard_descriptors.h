// Standard input, output and errors, where the caller has closed some of them.
#pragma once

namespace muster::tools {

/// Opens on /dev/null what is closed. Otherwise the next pipe or socket would get its number, and
/// be mistaken for what that stands for.
void open_standard_descriptors();

}  // namespace muster::tools
