#include "client/src/connector.h"

#include <poll.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "client/src/quiet_thread.h"

namespace muster {

void Connector::begin(const Address& address) {
  cancel();
  name_ = to_text(address);
  lookup_ = std::make_shared<Lookup>();
  if (is_numeric(address)) {
    lookup_->found = resolve(address);
    wake_->signal();
    return;
  }
  // A name server that does not answer must not stop the leases' clock.
  const auto look_up = [lookup = lookup_, wake = wake_, address] {
    auto found = resolve(address);
    const std::lock_guard lock(lookup->mutex);
    lookup->found = std::move(found);
    wake->signal();
  };
  try {
    start_quiet_thread(look_up).detach();
  } catch (const std::system_error& refused) {
    lookup_->found = std::unexpected(make_error(
        ErrorCode::kUnavailable, "Looking up " + name_ + " needs a thread: " + refused.what() +
                                     ". It is tried again; name an IP address to do "
                                     "without."));
    wake_->signal();
  }
}

void Connector::cancel() {
  lookup_.reset();
  endpoints_.clear();
  socket_.close();
}

std::expected<std::optional<Socket>, Error> Connector::step() {
  if (lookup_ && !take_lookup()) return std::nullopt;
  while (true) {
    if (!socket_.is_open()) {
      if (auto begun = try_next_endpoint(); !begun) return std::unexpected(begun.error());
    }
    pollfd watched{.fd = socket_.descriptor(), .events = POLLOUT, .revents = 0};
    if (::poll(&watched, 1, 0) <= 0) return std::nullopt;
    auto connected = socket_.finish_connect();
    if (connected) {
      endpoints_.clear();
      return std::optional<Socket>(std::exchange(socket_, Socket()));
    }
    last_error_ = std::move(connected.error());
    socket_.close();
  }
}

/// False while the lookup is under way.
bool Connector::take_lookup() {
  {
    const std::lock_guard lock(lookup_->mutex);
    if (!lookup_->found) return false;
    if (*lookup_->found) {
      endpoints_ = **lookup_->found;
      // Not always the same one first: an attempt may have no time for a second endpoint.
      std::ranges::rotate(endpoints_, endpoints_.begin() + attempts_++ % endpoints_.size());
      std::ranges::reverse(endpoints_);
    } else {
      last_error_ = lookup_->found->error();
    }
  }
  lookup_.reset();
  return true;
}

std::expected<void, Error> Connector::try_next_endpoint() {
  while (!endpoints_.empty()) {
    const Endpoint endpoint = endpoints_.back();
    endpoints_.pop_back();
    auto begun = Socket::begin_connect(endpoint, name_);
    if (begun) {
      socket_ = std::move(*begun);
      return {};
    }
    last_error_ = std::move(begun.error());
  }
  return std::unexpected(last_error_);
}

}  // namespace muster
