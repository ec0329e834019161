// How a process ends whose journal failed.
#pragma once

#include "journal/error.h"

namespace muster::journal {

/// Memory now holds what the journal does not, or the journal is damaged: nothing of it may be said
/// to anybody any more. So no clean-up either: a sentence on stderr, and exit status 1.
[[noreturn]] void stop_process(const Error& error);

}  // namespace muster::journal
