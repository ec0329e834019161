// muster completion bash | zsh | fish: a script that a shell reads once. It knows nothing itself:
// for each word it asks `muster __complete WORD...`, so that it is never older than the commands.
#pragma once

#include <string>
#include <string_view>

namespace muster::tools {

/// The first argument of the calls that the scripts make.
inline constexpr std::string_view kCompleteCall = "__complete";

/// "" for a shell that is none of these.
std::string completion_script(std::string_view shell);

}  // namespace muster::tools
