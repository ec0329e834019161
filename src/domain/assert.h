// MUSTER_ASSERT: what can't happen. Always on, in release builds too: a coordinator that goes on
// with a broken state would journal the damage, while one that stops folds the journal again.
#pragma once

namespace muster {

/// Prints the condition and where it stood to stderr, then aborts.
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line) noexcept;

}  // namespace muster

#define MUSTER_ASSERT(condition) \
  ((condition) ? static_cast<void>(0) : ::muster::assertion_failed(#condition, __FILE__, __LINE__))
