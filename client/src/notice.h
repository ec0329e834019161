// What a session has to tell the application.
#pragma once

#include <cstdint>

#include "client/src/holdings.h"
#include "muster/error.hpp"

namespace muster {

enum class NoticeKind : std::uint8_t {
  kAssigned,
  kRevoked,
  kLost,
  kPaused,
  kResumed,
  kWaiting,
  kEnded,
  kCommitFailed,
  kLeft  // on the application's own word: for what is built on a consumer, which has to end too
};

struct Notice {
  NoticeKind kind = NoticeKind::kAssigned;
  PartitionKey at = {};    // all kinds that have no `why`
  FencingToken fence = 0;  // the token that it was held under
  std::int64_t committed = -1;
  std::uint64_t release_by_ms = 0;  // kRevoked, on the session's clock
  Error why = {};                   // kWaiting, kEnded, kLeft, kCommitFailed
  Incarnation incarnation = 0;      // kEnded, kLeft: whose membership it was
};

}  // namespace muster
