// The link: one connection to one of the servers, shared by the sessions of a client and its
// other calls. Like the session without I/O, clock or threads: the transport (or a simulator)
// reports what the network does and is told what to do with it.
#pragma once

#include <wire_generated.h>

#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/src/backoff.h"
#include "client/src/session.h"
#include "codec/frame.h"
#include "muster/error.hpp"

namespace muster {

struct LinkOptions {
  std::string client_id;
  std::size_t server_count = 1;
  std::uint32_t timeout_ms = 5'000;
};

/// Makes the request anew each time it is sent.
using RequestMaker = std::function<wire::RequestBodyUnion()>;
/// The answer to a call. Runs inside a method of the link: it must not call the link.
using Reply = std::function<void(std::expected<wire::ServerBodyUnion, Error>)>;

class Link {
 public:
  Link(LinkOptions options, Entropy entropy);

  // ---- users -----------------------------------------------------------------------------
  /// The session must stay where it is until it is detached.
  void attach(std::uint64_t now_ms, Session& session);
  void detach(Session& session);
  /// A request of no session. It goes out again on another connection until it is answered or the
  /// timeout passes, so it must do no harm when repeated.
  void call(std::uint64_t now_ms, RequestMaker make_request, Reply reply);
  /// Answers every call with this error.
  void fail_calls(const Error& why);

  // ---- the network, as the transport reports it ------------------------------------------
  void connected(std::uint64_t now_ms);
  void received(std::uint64_t now_ms, std::string_view bytes);
  /// Also when an attempt failed.
  void disconnected(std::uint64_t now_ms, const Error& why);

  /// Does what is due, for the sessions too, and encodes what they send. Call it after anything
  /// that was done to a session, and at next_deadline_ms() at the latest; read sockets first, so
  /// that a reply which is there already counts.
  void advance(std::uint64_t now_ms);
  std::uint64_t next_deadline_ms() const;

  // ---- what the transport has to do ------------------------------------------------------
  /// Set: connect to this server of the list now, then report.
  std::optional<std::size_t> take_attempt(std::uint64_t now_ms);
  /// Set: drop the connection or attempt now, and report it as disconnected for this reason.
  const std::optional<Error>& drop_wanted() const { return drop_; }
  /// Bytes to send, in order.
  std::string take_output() { return std::exchange(output_, {}); }

  bool has_output() const { return !output_.empty(); }

  bool is_up() const { return state_ == State::kUp; }

 private:
  enum class State : std::uint8_t { kDown, kConnecting, kGreeting, kUp };
  struct Call {
    RequestMaker make_request;
    Reply reply;
    std::uint64_t gives_up_at_ms = 0;
    bool in_flight = false;
  };
  struct Destination {  // of a reply; with neither: the hello
    Session* session = nullptr;
    RequestId request = 0;
    std::uint64_t call = 0;
  };

  bool is_needed() const;
  void send(std::uint64_t now_ms, wire::RequestBodyUnion body, Destination destination);
  void send_calls(std::uint64_t now_ms);
  void collect(std::uint64_t now_ms, Session& session);
  void take_message(std::uint64_t now_ms, wire::ServerMessageT message);
  void take_reply(std::uint64_t now_ms, const Destination& to, wire::ServerBodyUnion body);
  void take_push(std::uint64_t now_ms, const wire::ServerBodyUnion& body);
  void greeted(std::uint64_t now_ms, const wire::ServerBodyUnion& body);
  void answer_call(std::uint64_t id, std::expected<wire::ServerBodyUnion, Error> outcome);
  void give_up_calls(std::uint64_t now_ms);
  void drop(Error why);
  std::uint64_t attempt_ms() const;
  std::uint64_t patience_ms() const;

  LinkOptions options_;
  Backoff backoff_;
  State state_ = State::kDown;
  std::size_t server_ = 0;
  std::uint64_t attempt_at_ms_ = 0;       // kDown: not before
  std::uint64_t attempt_ends_at_ms_ = 0;  // kConnecting, kGreeting
  std::uint64_t quiet_since_ms_ = 0;      // nothing heard although something is awaited
  std::size_t max_frame_bytes_ = codec::kDefaultMaxFrameBytes;
  std::string journal_id_;
  Error last_error_;

  codec::FrameReader frames_;
  std::string output_;
  std::optional<Error> drop_;

  std::multimap<std::pair<std::string, std::string>, Session*> sessions_;  // by group and member
  std::map<std::uint64_t, Call> calls_;
  std::uint64_t last_call_ = 0;
  std::uint64_t last_correlation_ = 0;
  std::map<std::uint64_t, Destination> awaited_;  // by correlation id
};

}  // namespace muster
