// One connection as the coordinator sees it.
#pragma once

#include <absl/container/btree_set.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "codec/frame.h"
#include "coordinator/seams.h"

namespace muster::coordinator {

struct Connection {
  ConnectionId id = 0;
  std::string peer;
  codec::FrameReader frames;
  std::string client_id;  // from hello
  bool greeted = false;
  bool paused = false;                       // reading is stopped (back-pressure)
  bool closing = false;                      // its Close is parked: nothing more is taken from it
  absl::btree_set<std::uint64_t> in_flight;  // correlation ids without a reply; no memory when none
  std::size_t parked_bytes = 0;              // of replies that wait for the journal
};

}  // namespace muster::coordinator
