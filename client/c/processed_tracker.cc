// The tracker of the C interface.
#include "client/c/handles.h"

using muster::c::read_or;

extern "C" {

muster_tracker* muster_tracker_new(int64_t position) {
  try {
    return new muster_tracker(position);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}
void muster_tracker_free(muster_tracker* tracker) { delete tracker; }

bool muster_tracker_started(muster_tracker* tracker, int64_t offset, int64_t next) {
  return read_or(tracker, false, [&](auto& value) {
    return value.started(offset, next == -1 ? std::nullopt : std::optional(next));
  });
}
bool muster_tracker_done(muster_tracker* tracker, int64_t offset) {
  return read_or(tracker, false, [&](auto& value) { return value.done(offset); });
}
bool muster_tracker_failed(muster_tracker* tracker, int64_t offset) {
  return read_or(tracker, false, [&](auto& value) { return value.failed(offset); });
}
bool muster_tracker_skip(muster_tracker* tracker, int64_t offset) {
  return read_or(tracker, false, [&](auto& value) { return value.skip(offset); });
}
int64_t muster_tracker_processed_up_to(const muster_tracker* tracker) {
  return read_or(tracker, int64_t{-1}, [](const auto& value) { return value.processed_up_to(); });
}
int64_t muster_tracker_first_failed(const muster_tracker* tracker) {
  return read_or(tracker, int64_t{-1},
                 [](const auto& value) { return value.first_failed().value_or(-1); });
}
size_t muster_tracker_outstanding(const muster_tracker* tracker) {
  return read_or(tracker, size_t{0}, [](const auto& value) { return value.outstanding(); });
}

}  // extern "C"
