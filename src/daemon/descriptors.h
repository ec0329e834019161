// File descriptors are what runs out first under many connections: raise the limit, and know
// before the first client comes how many connections fit.
#pragma once

#include <cstddef>
#include <expected>
#include <string>

namespace muster::daemon {

/// Descriptors that are not connections: the journal, listeners, the loop, the log, and the few
/// connections that are being refused at any moment.
inline constexpr std::size_t kReservedDescriptors = 192;

/// Raises RLIMIT_NOFILE to at least `wanted`, or as far as this process may. Returns the limit
/// that is in force afterwards.
std::size_t raise_descriptor_limit(std::size_t wanted);

/// How many connections to admit when the process may open `descriptors` files: `asked`, or less
/// if `asked` was only a default. A limit that somebody asked for and that does not fit is refused
/// with a message that says what would fit and how to raise it.
std::expected<std::size_t, std::string> fit_connections(std::size_t asked, bool asked_explicitly,
                                                        std::size_t descriptors);

}  // namespace muster::daemon
