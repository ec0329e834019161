#include "daemon/handles.h"

#include <algorithm>

namespace muster::daemon {

void close_and_wait(uv_loop_t* loop, std::initializer_list<uv_handle_t*> handles) {
  for (uv_handle_t* handle : handles) {
    handle->data = nullptr;
    uv_close(handle, [](uv_handle_t* closed) { closed->data = closed; });
  }
  const auto closed = [](const uv_handle_t* handle) { return handle->data == handle; };
  while (!std::all_of(handles.begin(), handles.end(), closed)) uv_run(loop, UV_RUN_NOWAIT);
}

}  // namespace muster::daemon
