// Messages read where they lie, for a reader of so many that unpacking each would cost too much.
#pragma once

#include <expected>
#include <string_view>

#include "codec/wire.h"

namespace muster::codec {

/// Verify one frame's payload, which begins at a multiple of eight, as FrameReader's do. What they
/// return is valid as long as the payload is.
std::expected<const wire::Request*, WireError> view_request(std::string_view payload);
std::expected<const wire::ServerMessage*, WireError> view_server_message(std::string_view payload);

}  // namespace muster::codec
