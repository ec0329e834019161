// Names of groups, topics, members and clients: 1 to 255 bytes of printable UTF-8.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "domain/errors.h"
#include "domain/limits.h"

namespace muster::domain {

/// Well-formed UTF-8 (no overlong forms, no surrogates) without control characters, line and
/// paragraph separators, and marks that change the direction of writing.
bool is_printable_utf8(std::string_view text);

/// The name as a message may quote it, whoever sent it: one that can't be a name is not repeated.
std::string_view quotable(std::string_view name);

/// Nothing when `name` may name a `what` ("group", "topic", …), otherwise kInvalidName. The
/// message quotes no name that could spoil a terminal or a log.
std::optional<Rejection> refuse_name(std::string_view what, std::string_view name,
                                     const Limits& limits);

}  // namespace muster::domain
