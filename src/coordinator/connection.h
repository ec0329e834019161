// One connection as the coordinator sees it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "codec/frame.h"
#include "coordinator/in_flight.h"
#include "coordinator/seams.h"

namespace muster::coordinator {

struct Connection {
  ConnectionId id = 0;
  std::string peer;
  codec::FrameReader frames;
  std::string client_id;  // from hello
  bool greeted = false;
  bool paused = false;   // reading is stopped (back-pressure)
  bool closing = false;  // its Close is parked: nothing more is taken from it
  InFlight in_flight;
  std::size_t parked_bytes = 0;  // of replies that wait for the journal
};

}  // namespace muster::coordinator
