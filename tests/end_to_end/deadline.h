// Waiting for something to become true, with an end: no test sleeps blindly.
#pragma once

#include <chrono>
#include <functional>

namespace muster::e2e {

using Milliseconds = std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;

/// Long enough for anything that is not itself a timeout under test, on a busy machine under a
/// sanitizer. A test that waits this long has failed.
inline constexpr Milliseconds kPatience{20'000};

/// What a measured time may exceed its bound by because processes share two busy cores.
inline constexpr Milliseconds kSchedulingAllowance{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    1'500
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
    1'500
#else
    400
#endif
#else
    400
#endif
};

/// Milliseconds since `start`.
Milliseconds since(SteadyClock::time_point start);

/// Milliseconds left until `end`, never below 0.
Milliseconds until(SteadyClock::time_point end);

/// Asks `predicate` every few milliseconds; true as soon as it is, false after `patience`.
bool wait_until(const std::function<bool()>& predicate, Milliseconds patience = kPatience);

/// True if `predicate` stays true for the whole of `period`: for what must not happen.
bool holds_for(const std::function<bool()>& predicate, Milliseconds period);

}  // namespace muster::e2e
