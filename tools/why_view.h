// A partition's story as it is shown.
#pragma once

#include <cstdint>
#include <string>

#include "tools/commands.h"
#include "tools/output.h"
#include "tools/why.h"

namespace muster::tools {

/// {"group","topic","partition","now":{…},"story":[{"sequence","time","kind","what","why",…}]}
Json story_json(const Story& story);

/// How it stands, then what happened, a line each. `now_ms`: wall clock, for "2 h 3 m ago".
std::string story_text(const Story& story, std::int64_t now_ms);

/// Prints it, or says why there is none (Story::unknown).
Outcome print_story(const Context& context, const Story& story);

}  // namespace muster::tools
