#include "daemon/signals.h"

#include <csignal>
#include <utility>

#include "daemon/handles.h"
#include "domain/assert.h"

namespace muster::daemon {

StopSignals::StopSignals(uv_loop_t* loop, std::function<void(int)> on_stop)
    : loop_(loop), on_stop_(std::move(on_stop)) {
  std::signal(SIGPIPE, SIG_IGN);
  constexpr std::array kSignals{SIGTERM, SIGINT};
  for (std::size_t i = 0; i < handles_.size(); ++i) {
    uv_signal_t& handle = handles_[i];
    const int initialized = uv_signal_init(loop, &handle);
    MUSTER_ASSERT(initialized == 0);
    handle.data = this;
    const int started = uv_signal_start(&handle, on_signal, kSignals[i]);
    MUSTER_ASSERT(started == 0);
    uv_unref(as_handle(&handle));
  }
}

StopSignals::~StopSignals() {
  close_and_wait(loop_, {as_handle(&handles_[0]), as_handle(&handles_[1])});
}

namespace {

void mask_hang_up(int how) {
  sigset_t hang_up;
  sigemptyset(&hang_up);
  sigaddset(&hang_up, SIGHUP);
  pthread_sigmask(how, &hang_up, nullptr);
}

}  // namespace

void hold_reload_signals() { mask_hang_up(SIG_BLOCK); }

ReloadSignal::ReloadSignal(uv_loop_t* loop, std::function<void()> on_reload)
    : loop_(loop), on_reload_(std::move(on_reload)) {
  const int initialized = uv_signal_init(loop, &handle_);
  MUSTER_ASSERT(initialized == 0);
  handle_.data = this;
  const auto on_hang_up = [](uv_signal_t* handle, int) {
    static_cast<ReloadSignal*>(handle->data)->on_reload_();
  };
  const int started = uv_signal_start(&handle_, on_hang_up, SIGHUP);
  MUSTER_ASSERT(started == 0);
  uv_unref(as_handle(&handle_));
  mask_hang_up(SIG_UNBLOCK);
}

ReloadSignal::~ReloadSignal() {
  mask_hang_up(SIG_BLOCK);  // libuv gives it back its default action, which is to end the process
  close_and_wait(loop_, {as_handle(&handle_)});
  std::signal(SIGHUP, SIG_IGN);
}

void StopSignals::on_signal(uv_signal_t* handle, int signal) noexcept {
  auto* self = static_cast<StopSignals*>(handle->data);
  for (uv_signal_t& each : self->handles_) uv_signal_stop(&each);
  self->on_stop_(signal);
}

}  // namespace muster::daemon
