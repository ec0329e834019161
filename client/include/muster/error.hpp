// What the client's calls return when they fail.
#pragma once

#include <cstdint>
#include <string>

#include "domain/error_code.h"
#include "domain/ids.h"

namespace muster {

/// Why a call failed: the server's refusal, or the client's own (codes from 100 on). Except with
/// kTimedOut and kUnavailable, which leave open whether it happened, nothing was changed.
struct Error {
  ErrorCode code = ErrorCode::kInternalError;
  std::string name;                  // "FENCED", as in docs/protocol.md
  std::string message;               // what was asked, what is wrong, what to do
  bool retriable = false;            // whether the same call can succeed later without a change
  std::uint32_t retry_after_ms = 0;  // when to try again; 0: no particular time
  FencingToken current_fence = 0;    // with kFenced: the partition's current token, 0 if free
};

/// An error with the name and the retriability that belong to its code.
Error make_error(ErrorCode code, std::string message);

}  // namespace muster
