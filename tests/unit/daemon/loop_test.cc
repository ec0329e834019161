#include "daemon/loop.h"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>
#include <thread>

#include "daemon/handles.h"
#include "daemon/signals.h"

using muster::daemon::as_handle;
using muster::daemon::close_and_wait;
using muster::daemon::Loop;

TEST_CASE("a turn reads what is ready before it ends, even when its wake-up was long due") {
  Loop loop;
  std::array<int, 2> pair{};
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, pair.data()) == 0);
  REQUIRE(write(pair[0], "x", 1) == 1);
  std::string order;
  uv_poll_t poll;
  uv_poll_init(loop.uv(), &poll, pair[1]);
  poll.data = &order;
  uv_poll_start(&poll, UV_READABLE, [](uv_poll_t* handle, int, int) {
    static_cast<std::string*>(handle->data)->append("read ");
    uv_poll_stop(handle);
  });
  loop.run({.begin = [&] { order += "begin "; },
            .wake_in_ms = [] { return std::uint64_t{0}; },
            .end =
                [&] {
                  order += "end";
                  loop.stop();
                },
            .woken = {}});
  CHECK(order == "begin read end");
  close_and_wait(loop.uv(), {as_handle(&poll)});
  close(pair[0]);
  close(pair[1]);
}

TEST_CASE("wake() from another thread ends the sleep") {
  Loop loop;
  std::jthread other;
  bool woken = false;
  loop.run({.begin =
                [&] {
                  if (!other.joinable()) other = std::jthread([&] { loop.wake(); });
                },
            .wake_in_ms = [] { return std::uint64_t{60'000}; },
            .end =
                [&] {
                  if (woken) loop.stop();
                },
            .woken = [&] { woken = true; }});
  CHECK(woken);
}

TEST_CASE("the first stop signal is reported, and the kernel has the second") {
  Loop loop;
  int reported = 0;
  muster::daemon::StopSignals signals(loop.uv(), [&](int signal) {
    reported = signal;
    loop.stop();
  });
  bool raised = false;
  loop.run({.begin =
                [&] {
                  if (!raised) ::raise(SIGTERM);
                  raised = true;
                },
            .wake_in_ms = [] { return std::uint64_t{60'000}; },
            .end = [] {},
            .woken = {}});
  CHECK(reported == SIGTERM);
  struct sigaction action{};
  sigaction(SIGTERM, nullptr, &action);
  CHECK((action.sa_handler == SIG_DFL));
  sigaction(SIGINT, nullptr, &action);
  CHECK((action.sa_handler == SIG_DFL));
}
