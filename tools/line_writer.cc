#include "tools/line_writer.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <string_view>
#include <thread>
#include <utility>

namespace muster::tools {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kWaitingBytesMax = std::size_t{256} << 10;
constexpr milliseconds kPatienceAtEnd{1'000};

/// False when nobody will ever read it.
bool write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {  // whoever shares the pipe has made it so
      pollfd room{.fd = descriptor, .events = POLLOUT, .revents = 0};
      ::poll(&room, 1, -1);
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

}  // namespace

struct LineWriter::Shared {
  int descriptor;
  std::function<void()> on_room;
  std::mutex mutex;
  std::condition_variable changed;
  std::string waiting = {};
  std::size_t under_way_bytes = 0;
  bool was_full = false;
  bool ended = false;

  bool idle() const { return waiting.empty() && under_way_bytes == 0; }
  bool full() const { return waiting.size() + under_way_bytes >= kWaitingBytesMax; }
};

LineWriter::LineWriter(int descriptor, std::function<void()> on_room)
    : shared_(std::make_shared<Shared>(descriptor, std::move(on_room))) {
  std::thread([shared = shared_] { work(shared); }).detach();
}

LineWriter::~LineWriter() {
  flush(kPatienceAtEnd);
  const std::lock_guard lock(shared_->mutex);
  shared_->ended = true;
  shared_->changed.notify_all();
}

void LineWriter::write(std::string lines) {
  const std::lock_guard lock(shared_->mutex);
  shared_->waiting += lines;
  shared_->was_full = shared_->full();
  shared_->changed.notify_all();
}

bool LineWriter::full() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->full();
}

bool LineWriter::flush(milliseconds patience) {
  std::unique_lock lock(shared_->mutex);
  return shared_->changed.wait_for(lock, patience, [this] { return shared_->idle(); });
}

void LineWriter::work(const std::shared_ptr<Shared>& shared) {
  bool has_reader = true;
  std::unique_lock lock(shared->mutex);
  while (true) {
    shared->changed.wait(lock, [&] { return shared->ended || !shared->waiting.empty(); });
    if (shared->ended) return;
    const std::string bytes = std::exchange(shared->waiting, {});
    shared->under_way_bytes = bytes.size();
    lock.unlock();
    if (has_reader) has_reader = write_all(shared->descriptor, bytes);
    lock.lock();
    shared->under_way_bytes = 0;
    if (shared->was_full && !shared->full() && !shared->ended) {
      shared->was_full = false;
      shared->on_room();
    }
    shared->changed.notify_all();
  }
}

}  // namespace muster::tools
