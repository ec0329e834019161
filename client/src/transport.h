// The transport: the thread, the clock and the socket under a link and its sessions.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <expected>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "client/src/address.h"
#include "client/src/callbacks.h"
#include "client/src/connector.h"
#include "client/src/link.h"
#include "client/src/session.h"
#include "client/src/socket.h"
#include "client/src/wake.h"
#include "muster/client.hpp"

namespace muster {

/// A consumer as the transport sees it.
struct Participant {
  Participant(SessionOptions options, Entropy entropy)
      : session(std::move(options), std::move(entropy)) {}

  Session session;  // guarded by the transport's lock
  std::function<void(const Notice&)> tell;
  std::function<void(const PlanNotice&)> plan;  // may be empty
  std::map<std::uint64_t, Reply> questions;     // guarded by the transport's lock, run under it
  // Last, so that their threads end first.
  Callbacks callbacks;
  /// Plans are made beside the other callbacks: one that finishes its work for a minute must not
  /// make the group's plan late. Guarded by the transport's lock until it is there.
  std::optional<Callbacks> planner;
};

/// From the operating system.
std::uint64_t draw_entropy();

/// Thread-safe. One lock guards the link and all sessions; it is never held while something
/// waits or a callback runs.
class Transport {
 public:
  explicit Transport(const ClientOptions& options);
  ~Transport();
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  void add(Participant& participant);
  /// Closes its session. Its calls are answered before this returns.
  void remove(Participant& participant);
  /// Ends the thread and the connection; answers every call with kClosed.
  void stop();

  /// Starts something that a session answers later, and waits for the answer.
  using Start = std::function<void(Session&, std::uint64_t now_ms, CallId)>;
  std::expected<void, Error> run(Participant& participant, const Start& start);
  /// The same without waiting: `done` runs once, on the participant's callbacks; when it or this is
  /// closed already, or too many answers are awaited, at once.
  using Done = std::function<void(const std::expected<void, Error>&)>;
  void run_async(Participant& participant, const Start& start, Done done);
  /// A request that needs no membership, answered.
  std::expected<wire::ServerBodyUnion, Error> call(Participant& participant,
                                                   RequestMaker make_request);
  /// The same without waiting; `reply` runs as `done` above.
  void call_async(Participant& participant, RequestMaker make_request, const Reply& reply);

  /// Reads a session, or changes it without waiting.
  template <typename Function>
  auto with(Participant& participant, Function function) {
    const std::lock_guard lock(mutex_);
    const std::uint64_t now_ms = boottime_ms();
    participant.session.advance(now_ms);
    if constexpr (std::is_void_v<decltype(function(participant.session, now_ms))>) {
      function(participant.session, now_ms);
      settle_and_wake(now_ms);
    } else {
      auto result = function(participant.session, now_ms);
      settle_and_wake(now_ms);
      return result;
    }
  }

  std::chrono::milliseconds timeout() const { return timeout_; }

 private:
  /// Takes an answer under the lock.
  using Answer = std::function<void(std::expected<void, Error>)>;

  std::optional<Error> refusal() const;
  std::optional<Error> refusal(Participant& participant) const;
  std::optional<Error> begin(Participant& participant, const Start& start, Answer answer);
  std::optional<Error> too_many_calls(const Participant& participant) const;
  std::optional<Error> ask(Participant& participant, RequestMaker make_request, Reply answer);
  void answer_question(Participant& participant, std::uint64_t id,
                       std::expected<wire::ServerBodyUnion, Error> outcome);
  void settle(std::uint64_t now_ms);
  void settle_and_wake(std::uint64_t now_ms);
  void loop();
  void turn(std::uint64_t now_ms);
  void read_socket(std::uint64_t now_ms);
  void write_socket(std::uint64_t now_ms);
  void step_connector(std::uint64_t now_ms);
  void disconnect(std::uint64_t now_ms, const Error& why);

  std::chrono::milliseconds timeout_;
  std::vector<Address> servers_;
  std::optional<Error> bad_options_;

  mutable std::mutex mutex_;
  bool stopped_ = false;
  Link link_;
  std::set<Participant*> participants_;
  std::map<CallId, Answer> calls_;
  CallId last_call_ = 0;

  // The thread's own, but for the wake.
  std::shared_ptr<Wake> wake_;
  Alarm alarm_;
  std::uint64_t rings_at_ms_ = kNever;  // guarded by the lock
  Connector connector_;
  Socket socket_;
  std::string unsent_;
  std::vector<char> read_buffer_;

  std::mutex stopping_;
  std::thread thread_;
};

}  // namespace muster
