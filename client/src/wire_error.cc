#include "client/src/wire_error.h"

namespace muster {

Error from_wire(const wire::ErrorT& refusal) {
  Error error;
  error.code = static_cast<ErrorCode>(refusal.code);
  error.name = refusal.name;
  error.message = refusal.message;
  error.retriable = refusal.retriable;
  error.retry_after_ms = refusal.retry_after_ms;
  error.current_fence = refusal.current_fence;
  return error;
}

}  // namespace muster
