// Ending libuv handles that live inside another object: libuv keeps using a handle's memory until
// its close callback has run, so whoever owns one must wait for that before it goes.
#pragma once

#include <uv.h>

#include <initializer_list>

namespace muster::daemon {

/// Closes the handles and runs the loop until libuv has let go of all of them. Not to be called
/// from within a callback of the loop.
void close_and_wait(uv_loop_t* loop, std::initializer_list<uv_handle_t*> handles);

template <typename Handle>
uv_handle_t* as_handle(Handle* handle) {
  return reinterpret_cast<uv_handle_t*>(handle);
}

}  // namespace muster::daemon
