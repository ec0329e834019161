#include "tools/bench/streams.h"

#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

namespace muster::tools {
namespace {

constexpr std::chrono::seconds kConnectTimeout{30};
constexpr std::size_t kReadBytes = std::size_t{256} * 1024;
constexpr rlim_t kOtherDescriptors = 64;

/// As many descriptors as the streams need.
std::expected<void, Error> raise_descriptor_limit(std::size_t streams) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return {};
  const rlim_t wanted = streams + kOtherDescriptors;
  if (limit.rlim_cur >= wanted) return {};
  if (wanted <= limit.rlim_max) {
    limit.rlim_cur = wanted;
    if (::setrlimit(RLIMIT_NOFILE, &limit) == 0) return {};
  }
  return std::unexpected(
      make_error(ErrorCode::kInvalidArgument,
                 std::to_string(streams) + " connections need " + std::to_string(wanted) +
                     " open files, and this process may have " + std::to_string(limit.rlim_max) +
                     ". Ask for fewer --connections, or raise the limit (ulimit -n)."));
}

}  // namespace

std::expected<Streams, Error> Streams::open(const Address& address, std::size_t count,
                                            std::string_view greeting, const GoesOn& goes_on) {
  if (auto raised = raise_descriptor_limit(count); !raised) {
    return std::unexpected(std::move(raised.error()));
  }
  Streams streams;
  streams.buffer_.resize(kReadBytes);
  streams.epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  if (streams.epoll_ < 0) {
    return std::unexpected(
        make_error(ErrorCode::kInternalError, std::string("No epoll: ") + std::strerror(errno) +
                                                  ". Raise the limit on open files (ulimit -n)."));
  }
  const Deadline deadline = std::chrono::steady_clock::now() + kConnectTimeout;
  for (std::size_t i = 0; i < count && goes_on(); ++i) {
    auto socket = Socket::connect(address, deadline);
    if (!socket) return std::unexpected(std::move(socket.error()));
    if (auto adopted = streams.adopt(std::move(*socket)); !adopted) {
      return std::unexpected(std::move(adopted.error()));
    }
    streams.send(i, greeting);
    if (auto written = streams.write_gathered(); !written) {
      return std::unexpected(std::move(written.error()));
    }
  }
  return streams;
}

Streams::Streams(Streams&& other) noexcept
    : epoll_(std::exchange(other.epoll_, -1)),
      streams_(std::move(other.streams_)),
      unwritten_(std::move(other.unwritten_)),
      buffer_(std::move(other.buffer_)) {}

Streams& Streams::operator=(Streams&& other) noexcept {
  std::swap(epoll_, other.epoll_);
  std::swap(streams_, other.streams_);
  std::swap(unwritten_, other.unwritten_);
  std::swap(buffer_, other.buffer_);
  return *this;
}

Streams::~Streams() {
  if (epoll_ >= 0) ::close(epoll_);
}

std::expected<void, Error> Streams::adopt(Socket socket) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = streams_.size();
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, socket.descriptor(), &event) != 0) {
    return std::unexpected(make_error(ErrorCode::kInternalError,
                                      std::string("A connection can't be watched: ") +
                                          std::strerror(errno) + ". Ask for fewer --connections."));
  }
  streams_.push_back({.socket = std::move(socket), .unsent = {}});
  return {};
}

void Streams::watch(std::size_t stream, bool to_write) {
  epoll_event event{};
  event.events = to_write ? EPOLLIN | EPOLLOUT : EPOLLIN;
  event.data.u64 = stream;
  ::epoll_ctl(epoll_, EPOLL_CTL_MOD, streams_[stream].socket.descriptor(), &event);
  streams_[stream].waits_to_write = to_write;
}

std::expected<void, Error> Streams::write(std::size_t stream) {
  Stream& to = streams_[stream];
  if (to.unsent.empty()) return {};
  const auto written = to.socket.write_some(to.unsent);
  if (!written) return std::unexpected(written.error());
  to.unsent.erase(0, *written);
  if (to.waits_to_write != !to.unsent.empty()) watch(stream, !to.unsent.empty());
  return {};
}

std::expected<void, Error> Streams::write_gathered() {
  for (const std::size_t stream : unwritten_) {
    if (auto written = write(stream); !written) return written;
  }
  unwritten_.clear();
  return {};
}

std::expected<bool, Error> Streams::wait(int timeout_ms, const Take& take) {
  if (auto written = write_gathered(); !written) return std::unexpected(written.error());
  std::array<epoll_event, 512> events;
  const int ready =
      ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), timeout_ms);
  for (int i = 0; i < ready; ++i) {
    const auto stream = static_cast<std::size_t>(events[static_cast<std::size_t>(i)].data.u64);
    const auto count = streams_[stream].socket.read_some(buffer_.data(), buffer_.size());
    if (!count) return std::unexpected(count.error());
    if (*count > 0) take(stream, {buffer_.data(), *count});
    if (auto written = write(stream); !written) return std::unexpected(written.error());
  }
  return ready > 0;
}

}  // namespace muster::tools
