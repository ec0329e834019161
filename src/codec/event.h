// Events as bytes: the journal's records. Domain types are not the FlatBuffers types, so that the
// format on disk can outlive the code.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "domain/events.h"

namespace muster::event {
struct Event;  // of schemas/event.fbs
}

namespace muster::codec {

/// The bytes are not an event of this format version.
struct EventError {
  std::string message;
};

/// One FlatBuffer of schemas/event.fbs.
std::string encode_event(const domain::Event& event);

/// Verifies, then reads. `bytes` may have any alignment.
std::expected<domain::Event, EventError> decode_event(std::string_view bytes);

/// The same for a table that was verified.
std::expected<domain::Event, EventError> read_event(const event::Event& source);

}  // namespace muster::codec
