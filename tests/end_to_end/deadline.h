// Waiting for something to become true, with an end: no test sleeps blindly.
#pragma once

#include <chrono>
#include <functional>

#include "tests/sanitized.h"

namespace muster::e2e {

using Milliseconds = std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;

/// Long enough for anything that is not itself a timeout under test, on a busy machine under a
/// sanitizer. A test that waits this long has failed.
inline constexpr Milliseconds kPatience{20'000};

/// What a measured time may exceed its bound by because processes share two busy cores.
inline constexpr Milliseconds kSchedulingAllowance{kSanitized ? 1'500 : 400};

/// Milliseconds since `start`.
Milliseconds since(SteadyClock::time_point start);

/// Milliseconds left until `end`, never below 0.
Milliseconds until(SteadyClock::time_point end);

/// Asks `predicate` every few milliseconds; true as soon as it is, false after `patience`.
bool wait_until(const std::function<bool()>& predicate, Milliseconds patience = kPatience);

/// True if `predicate` stays true for the whole of `period`: for what must not happen.
bool holds_for(const std::function<bool()>& predicate, Milliseconds period);

}  // namespace muster::e2e
