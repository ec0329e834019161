#include "daemon/closing_message.h"

#include <memory>
#include <utility>

#include "codec/wire.h"

namespace muster::daemon {

std::string closing_message(ErrorCode code, std::string message, std::uint32_t retry_after_ms) {
  wire::ClosingT closing;
  closing.error = std::make_unique<wire::ErrorT>(codec::to_wire(
      Rejection{.code = code, .message = std::move(message), .retry_after_ms = retry_after_ms}));
  return codec::encode_server_message(0, 0, std::move(closing));
}

}  // namespace muster::daemon
