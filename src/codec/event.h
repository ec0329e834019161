// Events as bytes: the journal's records. Domain types are not the FlatBuffers types, so that the
// format on disk can outlive the code.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "domain/events.h"

namespace muster::event {
struct Event;  // of schemas/event.fbs
}

namespace muster::codec {

/// The bytes are not an event of this format version.
struct EventError {
  std::string message;
};

/// Encodes one event after the other in the same memory.
class EventEncoder {
 public:
  EventEncoder();
  ~EventEncoder();
  EventEncoder(const EventEncoder&) = delete;
  EventEncoder& operator=(const EventEncoder&) = delete;

  /// One FlatBuffer of schemas/event.fbs. Valid until the next call.
  std::string_view encode(const domain::Event& event);

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

/// The same of one alone.
std::string encode_event(const domain::Event& event);

/// Decodes one event after the other in the same memory.
class EventDecoder {
 public:
  /// Verifies, then reads. `bytes` may have any alignment.
  std::expected<domain::Event, EventError> decode(std::string_view bytes);

 private:
  std::vector<char> aligned_;
};

/// The same of one alone.
std::expected<domain::Event, EventError> decode_event(std::string_view bytes);

/// The same for a table that was verified.
std::expected<domain::Event, EventError> read_event(const event::Event& source);

}  // namespace muster::codec
