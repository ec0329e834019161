#include "tools/bench/wires.h"

#include <optional>
#include <utility>

#include "client/src/wire_error.h"
#include "codec/wire_view.h"

namespace muster::tools {
namespace {

constexpr std::chrono::seconds kHelloTimeout{30};
constexpr std::uint64_t kHelloId = 1;

Error no_protocol(std::string_view what) {
  return make_error(ErrorCode::kUnsupportedVersion,
                    "The server does not speak the protocol of this muster: " + std::string(what) +
                        ". Use a muster and a musterd of the same release.");
}

Error error_of(const wire::Error& refusal) {
  wire::ErrorT unpacked;
  refusal.UnPackTo(&unpacked);
  return from_wire(unpacked);
}

std::string hello() {
  wire::HelloT hello;
  hello.oldest_version = codec::kOldestProtocolVersion;
  hello.newest_version = codec::kNewestProtocolVersion;
  hello.client_id = "muster bench";
  return codec::encode_request(kHelloId, std::move(hello));
}

}  // namespace

std::expected<Wires, Error> Wires::open(const std::string& server, std::size_t count,
                                        const GoesOn& goes_on) {
  const auto address = parse_address(server);
  if (!address) return std::unexpected(address.error());
  auto streams = Streams::open(*address, count, hello(), goes_on);
  if (!streams) return std::unexpected(std::move(streams.error()));
  Wires wires(std::move(*streams));
  if (auto greeted = wires.await_greetings(goes_on); !greeted) {
    return std::unexpected(std::move(greeted.error()));
  }
  return wires;
}

std::expected<void, Error> Wires::await_greetings(const GoesOn& goes_on) {
  std::size_t greeted = 0;
  std::optional<Error> refused;
  const SteadyTime until = SteadyClock::now() + kHelloTimeout;
  while (greeted < count() && !refused && goes_on()) {
    const auto waited = wait(100, [&](std::size_t, const wire::ServerMessage& message) {
      if (message.body_type() == wire::ServerBody::Error) refused = refusal_of(message);
      if (message.body_type() == wire::ServerBody::HelloReply) ++greeted;
    });
    if (!waited) return std::unexpected(waited.error());
    if (SteadyClock::now() > until) {
      return std::unexpected(make_error(ErrorCode::kTimedOut,
                                        "The server did not answer hello within 30 s on all "
                                        "connections. Ask for fewer --connections."));
    }
  }
  if (refused) return std::unexpected(std::move(*refused));
  return {};
}

std::expected<bool, Error> Wires::wait(int timeout_ms, const Take& take) {
  std::optional<Error> wrong;
  const auto came = streams_.wait(timeout_ms, [&](std::size_t stream, std::string_view bytes) {
    read_at_ = SteadyClock::now();
    frames_[stream].feed(bytes);
    auto taken = take_frames(stream, take);
    if (!taken && !wrong) wrong = std::move(taken.error());
  });
  if (wrong) return std::unexpected(std::move(*wrong));
  return came;
}

std::expected<void, Error> Wires::take_frames(std::size_t stream, const Take& take) {
  while (true) {
    const auto payload = frames_[stream].next();
    if (!payload) return std::unexpected(no_protocol("it announced a frame that is too large"));
    if (!payload->has_value()) return {};
    const auto message = codec::view_server_message(**payload);
    if (!message) return std::unexpected(no_protocol(message.error().message));
    if ((*message)->body_type() == wire::ServerBody::Closing) {
      return std::unexpected(error_of(*(*message)->body_as_Closing()->error()));
    }
    take(stream, **message);
  }
}

Error refusal_of(const wire::ServerMessage& message) { return error_of(*message.body_as_Error()); }

}  // namespace muster::tools
