#include "daemon/loop.h"

#include <utility>

#include "daemon/handles.h"
#include "domain/assert.h"

namespace muster::daemon {
namespace {

void must(int result) { MUSTER_ASSERT(result == 0); }

}  // namespace

Loop::Loop() {
  must(uv_loop_init(&loop_));
  must(uv_prepare_init(&loop_, &prepare_));
  must(uv_check_init(&loop_, &check_));
  must(uv_timer_init(&loop_, &timer_));
  must(uv_async_init(&loop_, &async_, on_woken));
  prepare_.data = check_.data = async_.data = this;
}

Loop::~Loop() {
  close_and_wait(
      &loop_, {as_handle(&prepare_), as_handle(&check_), as_handle(&timer_), as_handle(&async_)});
  must(uv_loop_close(&loop_));
}

void Loop::run(Turn turn) {
  turn_ = std::move(turn);
  must(uv_prepare_start(&prepare_, on_prepare));
  must(uv_check_start(&check_, on_check));
  uv_run(&loop_, UV_RUN_DEFAULT);
  must(uv_prepare_stop(&prepare_));
  must(uv_check_stop(&check_));
  must(uv_timer_stop(&timer_));
  turn_ = {};
}

void Loop::stop() { uv_stop(&loop_); }

void Loop::wake() noexcept { must(uv_async_send(&async_)); }

void Loop::on_prepare(uv_prepare_t* handle) noexcept {
  auto* self = static_cast<Loop*>(handle->data);
  self->turn_.begin();
  // The loop's notion of now is from the start of the turn; the sleep is to count from here.
  uv_update_time(&self->loop_);
  must(uv_timer_start(&self->timer_, [](uv_timer_t*) {}, self->turn_.wake_in_ms(), 0));
}

void Loop::on_check(uv_check_t* handle) noexcept { static_cast<Loop*>(handle->data)->turn_.end(); }

void Loop::on_woken(uv_async_t* handle) noexcept {
  auto* self = static_cast<Loop*>(handle->data);
  if (self->turn_.woken) self->turn_.woken();
}

}  // namespace muster::daemon
