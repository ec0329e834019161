// What is known of each error code, and the refusal that carries one.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "domain/error_code.h"
#include "domain/ids.h"

namespace muster {

struct ErrorTraits {
  ErrorCode code;
  std::string_view name;  // SCREAMING_SNAKE, as in docs/protocol.md
  bool retriable;         // whether the same request can succeed later without a change
};

/// Traits of a code; those of kInternalError for a number that this build does not know.
const ErrorTraits& traits_of(ErrorCode code) noexcept;

/// Why a command was refused. Nothing was changed.
struct Rejection {
  ErrorCode code = ErrorCode::kInternalError;
  std::string message;               // what was asked, what is wrong, what to do
  std::uint32_t retry_after_ms = 0;  // 0: no particular time
  FencingToken current_fence = 0;    // with kFenced: the partition's current token, 0 if free
};

}  // namespace muster
