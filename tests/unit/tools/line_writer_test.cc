#include "tools/line_writer.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <utility>

#include "process_fixture.h"

using namespace muster::tools;
using namespace std::chrono_literals;

namespace {

struct Pipe {
  std::array<int, 2> ends{-1, -1};
  Pipe() { REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0); }
  ~Pipe() {
    close_reader();
    ::close(ends[1]);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  int writer() const { return ends[1]; }
  void close_reader() {
    if (ends[0] >= 0) ::close(std::exchange(ends[0], -1));
  }
  std::string read(std::size_t size) const {
    std::string text(size, '\0');
    std::size_t got = 0;
    while (got < size) {
      const ssize_t more = ::read(ends[0], text.data() + got, size - got);
      if (more <= 0) break;
      got += static_cast<std::size_t>(more);
    }
    text.resize(got);
    return text;
  }
  /// Until it takes no byte more. Returns how many it took.
  std::size_t fill() const {
    const int flags = ::fcntl(ends[1], F_GETFL);
    ::fcntl(ends[1], F_SETFL, flags | O_NONBLOCK);
    std::size_t filled = 0;
    while (::write(ends[1], "x", 1) == 1) ++filled;
    ::fcntl(ends[1], F_SETFL, flags);
    return filled;
  }
};

}  // namespace

TEST_CASE("lines are written in order, all before the writer ends") {
  const Pipe pipe;
  {
    LineWriter writer(pipe.writer(), [] {});
    writer.write("one\n");
    writer.write("two\n");
  }
  CHECK(pipe.read(8) == "one\ntwo\n");
}

TEST_CASE("a reader that takes nothing makes the writer full, never the caller wait") {
  const Pipe pipe;
  const std::size_t before =
      pipe.fill();  // or the writer's thread finds room in it, sooner or later
  std::atomic<int> told = 0;
  LineWriter writer(pipe.writer(), [&told] { ++told; });
  const std::string line(1'023, 'x');
  std::size_t lines = 0;
  while (!writer.full() && lines < 10'000) {
    writer.write(line + "\n");
    ++lines;
  }
  CHECK(lines < 1'000);
  CHECK_FALSE(writer.flush(1ms));
  CHECK(told == 0);
  const std::size_t written = before + lines * 1'024;
  CHECK(pipe.read(written).size() == written);
  CHECK(writer.flush(10s));
  CHECK_FALSE(writer.full());
  CHECK(eventually([&] { return told == 1; }));
}

TEST_CASE("a pipe that somebody made non-blocking loses nothing") {
  const Pipe pipe;
  ::fcntl(pipe.writer(), F_SETFL, O_NONBLOCK);
  LineWriter writer(pipe.writer(), [] {});
  const std::string text(200'000, 'x');
  writer.write(text + "\n");
  CHECK(pipe.read(text.size() + 1) == text + "\n");
}

TEST_CASE("when the reader is gone, what is written is dropped") {
  std::signal(SIGPIPE, SIG_IGN);
  Pipe pipe;
  pipe.close_reader();
  LineWriter writer(pipe.writer(), [] {});
  for (int i = 0; i < 1'000; ++i) writer.write(std::string(1'023, 'x') + "\n");
  CHECK(writer.flush(10s));
}
