#include "client/src/link.h"

#include <algorithm>
#include <utility>

#include "client/src/wire_error.h"
#include "codec/wire.h"
#include "domain/assert.h"

namespace muster {
namespace {

constexpr std::uint64_t kShortestAttemptMs = 100;

Error nonsense(std::string what) {
  return make_error(ErrorCode::kUnavailable,
                    "The server sent " + std::move(what) +
                        ". Check that the address is musterd's; the connection is made anew.");
}

}  // namespace

Link::Link(LinkOptions options, Entropy entropy)
    : options_(std::move(options)), backoff_(std::move(entropy)) {
  MUSTER_ASSERT(options_.server_count > 0);
  last_error_ = make_error(ErrorCode::kUnavailable, "No connection was made yet.");
}

// ---- users ------------------------------------------------------------------------------------

void Link::attach(std::uint64_t now_ms, Session& session) {
  sessions_.emplace(std::pair{session.group(), session.member_id()}, &session);
  if (state_ == State::kUp) session.connected(now_ms, journal_id_);
}

void Link::detach(Session& session) {
  std::erase_if(sessions_, [&](const auto& each) { return each.second == &session; });
  std::erase_if(awaited_, [&](const auto& each) { return each.second.session == &session; });
}

void Link::call(std::uint64_t now_ms, RequestMaker make_request, Reply reply) {
  Call& call = calls_[++last_call_];
  call.make_request = std::move(make_request);
  call.reply = std::move(reply);
  call.gives_up_at_ms = now_ms + options_.timeout_ms;
}

void Link::answer_call(std::uint64_t id, std::expected<wire::ServerBodyUnion, Error> outcome) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;
  const Reply reply = std::move(found->second.reply);
  calls_.erase(found);
  reply(std::move(outcome));
}

void Link::fail_calls(const Error& why) {
  while (!calls_.empty()) answer_call(calls_.begin()->first, std::unexpected(why));
}

void Link::give_up_calls(std::uint64_t now_ms) {
  for (auto next = calls_.begin(); next != calls_.end();) {
    const auto [id, gives_up_at_ms] = std::pair{next->first, next->second.gives_up_at_ms};
    const bool sent = next->second.in_flight;
    ++next;
    if (now_ms < gives_up_at_ms) continue;
    answer_call(id, std::unexpected(
                        sent ? make_error(ErrorCode::kTimedOut,
                                          "The server did not answer in time. Try again, or raise "
                                          "the client's timeout.")
                             : make_error(ErrorCode::kUnavailable,
                                          "No server answers. " + last_error_.message)));
  }
}

bool Link::is_needed() const {
  return !calls_.empty() ||
         std::ranges::any_of(sessions_, [](const auto& each) { return each.second->is_active(); });
}

// ---- the network ------------------------------------------------------------------------------

std::optional<std::size_t> Link::take_attempt(std::uint64_t now_ms) {
  if (state_ != State::kDown || now_ms < attempt_at_ms_ || !is_needed()) return std::nullopt;
  state_ = State::kConnecting;
  attempt_ends_at_ms_ = now_ms + attempt_ms();
  return server_;
}

/// Each server of the list gets its share of a call's time, so that one that swallows packets
/// does not make the others unreachable.
std::uint64_t Link::attempt_ms() const {
  return std::max<std::uint64_t>(options_.timeout_ms / options_.server_count, kShortestAttemptMs);
}

void Link::connected(std::uint64_t now_ms) {
  MUSTER_ASSERT(state_ == State::kConnecting);
  state_ = State::kGreeting;
  frames_ = codec::FrameReader();
  wire::HelloT hello;
  hello.oldest_version = codec::kOldestProtocolVersion;
  hello.newest_version = codec::kNewestProtocolVersion;
  hello.client_id = options_.client_id;
  wire::RequestBodyUnion body;
  body.Set(std::move(hello));
  send(now_ms, std::move(body), {});
}

void Link::disconnected(std::uint64_t now_ms, const Error& why) {
  MUSTER_ASSERT(state_ != State::kDown);
  state_ = State::kDown;
  server_ = (server_ + 1) % options_.server_count;
  attempt_at_ms_ = now_ms + backoff_.next_ms();
  // What a server said as it closed tells more than that it closed.
  if (!drop_) last_error_ = why;
  drop_.reset();
  output_.clear();
  awaited_.clear();
  for (auto& [id, call] : calls_) call.in_flight = false;
  if (!last_error_.retriable) fail_calls(last_error_);  // no other connection will do better
  for (auto& [key, session] : sessions_) session->disconnected(now_ms, last_error_);
}

void Link::drop(Error why) {
  if (drop_) return;
  last_error_ = why;
  drop_ = std::move(why);
}

void Link::received(std::uint64_t now_ms, std::string_view bytes) {
  quiet_since_ms_ = now_ms;
  frames_.feed(bytes);
  while (!drop_) {
    const auto payload = frames_.next();
    if (!payload) {
      drop(nonsense("a frame of " + std::to_string(payload.error().announced_bytes) + " bytes"));
      return;
    }
    if (!*payload) return;
    auto message = codec::decode_server_message(**payload);
    if (!message) {
      drop(nonsense("bytes that are no message"));
      return;
    }
    take_message(now_ms, std::move(*message));
  }
}

void Link::take_message(std::uint64_t now_ms, wire::ServerMessageT message) {
  if (message.correlation_id == 0) {
    take_push(now_ms, message.body);
    return;
  }
  const auto found = awaited_.find(message.correlation_id);
  if (found == awaited_.end()) return;  // its session was closed, or its call gave up
  const Destination to = found->second;
  awaited_.erase(found);
  take_reply(now_ms, to, std::move(message.body));
}

void Link::take_reply(std::uint64_t now_ms, const Destination& to, wire::ServerBodyUnion body) {
  if (to.session != nullptr) {
    if (!to.session->received(now_ms, to.request, body)) {
      drop(nonsense("a reply that does not fit the request"));
    }
    return;
  }
  if (to.call == 0) {
    greeted(now_ms, body);
    return;
  }
  const wire::ErrorT* refusal = body.AsError();
  if (refusal == nullptr) {
    answer_call(to.call, std::move(body));
  } else if (refusal->code != static_cast<std::uint16_t>(ErrorCode::kShuttingDown)) {
    answer_call(to.call, std::unexpected(from_wire(*refusal)));
  }  // a server that stops: the call goes out again on the next connection
}

void Link::greeted(std::uint64_t now_ms, const wire::ServerBodyUnion& body) {
  if (const wire::ErrorT* refusal = body.AsError()) {
    drop(from_wire(*refusal));
    return;
  }
  const wire::HelloReplyT* reply = body.AsHelloReply();
  if (reply == nullptr) {
    drop(nonsense("no answer to hello"));
    return;
  }
  state_ = State::kUp;
  backoff_.reset();
  max_frame_bytes_ = reply->max_frame_bytes;
  journal_id_ = reply->journal_id;
  for (auto& [key, session] : sessions_) session->connected(now_ms, journal_id_);
}

void Link::take_push(std::uint64_t now_ms, const wire::ServerBodyUnion& body) {
  if (const wire::ClosingT* closing = body.AsClosing()) {
    drop(from_wire(*closing->error));
    return;
  }
  const auto deliver = [&](const auto* push) {
    if (push == nullptr) return;
    const auto [begin, end] = sessions_.equal_range({push->group, push->member_id});
    for (auto each = begin; each != end; ++each) each->second->pushed(now_ms, body);
  };
  deliver(body.AsAssigned());
  deliver(body.AsRevoke());
  deliver(body.AsLost());
  deliver(body.AsPlanWanted());
}

// ---- sending ----------------------------------------------------------------------------------

void Link::send(std::uint64_t now_ms, wire::RequestBodyUnion body, Destination destination) {
  wire::RequestT request;
  request.correlation_id = ++last_correlation_;
  request.body = std::move(body);
  const std::string framed = codec::finish_request(request);
  if (framed.size() > max_frame_bytes_ + codec::kFrameHeaderBytes) {
    wire::ErrorT refusal;
    const Error why = make_error(ErrorCode::kFrameTooLarge,
                                 "The request has " + std::to_string(framed.size()) +
                                     " bytes and the server takes " +
                                     std::to_string(max_frame_bytes_) + ". Split it into several.");
    refusal.code = static_cast<std::uint16_t>(why.code);
    refusal.name = why.name;
    refusal.message = why.message;
    wire::ServerBodyUnion refused;
    refused.Set(std::move(refusal));
    take_reply(now_ms, destination, std::move(refused));
    return;
  }
  if (awaited_.empty()) quiet_since_ms_ = now_ms;
  awaited_.emplace(request.correlation_id, destination);
  output_ += framed;
}

void Link::collect(std::uint64_t now_ms, Session& session) {
  for (SessionRequest& request : session.take_requests()) {
    if (state_ != State::kUp) continue;
    send(now_ms, std::move(request.body), {.session = &session, .request = request.id, .call = 0});
  }
}

void Link::send_calls(std::uint64_t now_ms) {
  std::vector<std::uint64_t> unsent;
  for (const auto& [id, call] : calls_) {
    if (!call.in_flight) unsent.push_back(id);
  }
  for (const std::uint64_t id : unsent) {
    Call& call = calls_.at(id);
    call.in_flight = true;
    send(now_ms, call.make_request(), {.session = nullptr, .request = 0, .call = id});
  }
}

// ---- time -------------------------------------------------------------------------------------

/// A connection that swallows what is sent looks like a quiet one. Nobody may wait on it longer
/// than the shortest lease, or than a call would.
std::uint64_t Link::patience_ms() const {
  std::uint64_t patience = options_.timeout_ms;
  for (const auto& [key, session] : sessions_) {
    if (session->is_active()) patience = std::min(patience, session->patience_ms());
  }
  return patience;
}

void Link::advance(std::uint64_t now_ms) {
  const bool attempting = state_ == State::kConnecting || state_ == State::kGreeting;
  if (attempting && now_ms >= attempt_ends_at_ms_) {
    drop(make_error(ErrorCode::kUnavailable, "The server does not answer to a new connection."));
  }
  for (auto& [key, session] : sessions_) {
    session->advance(now_ms);
    collect(now_ms, *session);
  }
  give_up_calls(now_ms);
  if (state_ != State::kUp) return;
  send_calls(now_ms);
  if (!awaited_.empty() && now_ms >= quiet_since_ms_ + patience_ms()) {
    drop(make_error(ErrorCode::kUnavailable,
                    "The server stopped answering. The connection is made anew."));
  }
}

std::uint64_t Link::next_deadline_ms() const {
  std::uint64_t next = kNever;
  if (state_ == State::kDown && is_needed()) next = attempt_at_ms_;
  if (state_ == State::kConnecting || state_ == State::kGreeting) next = attempt_ends_at_ms_;
  if (state_ == State::kUp && !awaited_.empty()) next = quiet_since_ms_ + patience_ms();
  for (const auto& [id, call] : calls_) next = std::min(next, call.gives_up_at_ms);
  for (const auto& [key, session] : sessions_) next = std::min(next, session->next_deadline_ms());
  return next;
}

}  // namespace muster
