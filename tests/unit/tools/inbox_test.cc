#include "tools/inbox.h"

#include <doctest/doctest.h>
#include <poll.h>

#include <future>

using namespace muster::tools;

namespace {

bool readable(int descriptor, int timeout_ms) {
  pollfd watched{.fd = descriptor, .events = POLLIN, .revents = 0};
  return ::poll(&watched, 1, timeout_ms) == 1;
}

}  // namespace

TEST_CASE("an inbox wakes its reader and runs what was posted in order") {
  Inbox inbox;
  CHECK_FALSE(readable(inbox.descriptor(), 0));
  std::string order;
  std::thread poster([&] {
    inbox.post([&] { order += "a"; });
    inbox.post([&] { order += "b"; });
  });
  REQUIRE(readable(inbox.descriptor(), 10'000));
  poster.join();
  inbox.run_posted();
  CHECK(order == "ab");
  CHECK_FALSE(readable(inbox.descriptor(), 0));
}

TEST_CASE("a burst of tasks is run in turns, so that its thread can look after other things") {
  Inbox inbox;
  int count = 0;
  for (int i = 0; i < 100; ++i) inbox.post([&] { ++count; });
  inbox.run_posted();
  CHECK(count > 0);
  CHECK(count < 100);
  int turns = 1;
  for (; turns < 200 && readable(inbox.descriptor(), 0); ++turns) inbox.run_posted();
  CHECK(count == 100);
  CHECK(turns < 20);
}

TEST_CASE("a task may post into the inbox that runs it") {
  Inbox inbox;
  int count = 0;
  inbox.post([&] { inbox.post([&] { ++count; }); });
  inbox.run_posted();
  CHECK(readable(inbox.descriptor(), 0));
  inbox.run_posted();
  CHECK(count == 1);
}

TEST_CASE("errands run one after the other away from the thread that posts them") {
  Errands errands;
  std::promise<std::thread::id> where;
  std::string order;
  errands.post([&] { order += "a"; });
  errands.post([&] {
    order += "b";
    where.set_value(std::this_thread::get_id());
  });
  CHECK(where.get_future().get() != std::this_thread::get_id());
  CHECK(order == "ab");
}
