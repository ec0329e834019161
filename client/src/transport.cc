#include "client/src/transport.h"

#include <errno.h>
#include <poll.h>
#include <sys/random.h>

#include <algorithm>
#include <array>
#include <utility>

#include "client/src/quiet_thread.h"
#include "domain/assert.h"

namespace muster {
namespace {

constexpr std::size_t kReadBytes = 256 * 1024;
constexpr std::size_t kMostAwaitedAnswers = 4'096;

LinkOptions link_options(const ClientOptions& options) {
  return {.client_id = options.client_id.empty() ? std::string(program_invocation_short_name)
                                                 : options.client_id,
          .server_count = std::max<std::size_t>(options.servers.size(), 1),
          .timeout_ms = static_cast<std::uint32_t>(
              std::clamp<std::int64_t>(options.timeout.count(), 1, 24 * 60 * 60 * 1'000))};
}

}  // namespace

std::uint64_t draw_entropy() {
  std::uint64_t number = 0;
  const int status = getentropy(&number, sizeof(number));
  MUSTER_ASSERT(status == 0);
  return number;
}

Transport::Transport(const ClientOptions& options)
    : timeout_(options.timeout),
      link_(link_options(options), draw_entropy),
      wake_(std::make_shared<Wake>()),
      connector_(wake_),
      read_buffer_(kReadBytes) {
  if (options.servers.empty()) {
    bad_options_ = make_error(ErrorCode::kInvalidArgument,
                              "The client has no servers. Name at least one as HOST:PORT.");
  }
  for (const std::string& server : options.servers) {
    auto address = parse_address(server);
    if (address) {
      servers_.push_back(std::move(*address));
    } else {
      bad_options_ = address.error();
    }
  }
  thread_ = start_quiet_thread([this] { loop(); });
}

Transport::~Transport() { stop(); }

void Transport::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    const std::uint64_t now_ms = boottime_ms();
    for (Participant* each : participants_) each->session.close(now_ms);
    link_.fail_calls(*refusal());
    settle_and_wake(now_ms);
  }
  const std::lock_guard lock(stopping_);
  if (thread_.joinable()) thread_.join();
}

/// Why nothing can be asked of this client.
std::optional<Error> Transport::refusal() const {
  if (stopped_) {
    return make_error(ErrorCode::kClosed,
                      "The client was closed. Keep it as long as its consumers.");
  }
  return bad_options_;
}

// ---- any thread -------------------------------------------------------------------------------

void Transport::add(Participant& participant) {
  const std::lock_guard lock(mutex_);
  if (stopped_) return;
  participants_.insert(&participant);
  link_.attach(boottime_ms(), participant.session);
}

void Transport::remove(Participant& participant) {
  const std::lock_guard lock(mutex_);
  if (!participants_.contains(&participant)) return;
  const std::uint64_t now_ms = boottime_ms();
  participant.session.close(now_ms);
  settle_and_wake(now_ms);
  link_.detach(participant.session);
  while (!participant.questions.empty()) {
    answer_question(participant, participant.questions.begin()->first,
                    std::unexpected(closed_consumer()));
  }
  participants_.erase(&participant);
}

std::optional<Error> Transport::refusal(Participant& participant) const {
  if (auto why = refusal()) return why;
  if (participants_.contains(&participant)) return std::nullopt;
  return closed_consumer();
}

/// Set: it was refused, and no answer follows.
std::optional<Error> Transport::begin(Participant& participant, const Start& start, Answer answer) {
  const std::lock_guard lock(mutex_);
  if (auto why = refusal(participant)) return why;
  const std::uint64_t now_ms = boottime_ms();
  const CallId call = ++last_call_;
  calls_[call] = std::move(answer);
  start(participant.session, now_ms, call);
  settle_and_wake(now_ms);
  return std::nullopt;
}

std::expected<void, Error> Transport::run(Participant& participant, const Start& start) {
  using Outcome = std::expected<void, Error>;
  const auto promise = std::make_shared<std::promise<Outcome>>();
  std::future<Outcome> answer = promise->get_future();
  const auto refused = begin(
      participant, start, [promise](Outcome outcome) { promise->set_value(std::move(outcome)); });
  if (refused) return std::unexpected(*refused);
  return answer.get();
}

/// Threads that wait limit themselves; calls that don't wait have to be limited (bounded).
std::optional<Error> Transport::too_many_calls(const Participant& participant) const {
  const std::lock_guard lock(mutex_);
  if (calls_.size() + participant.questions.size() < kMostAwaitedAnswers) return std::nullopt;
  Error why = make_error(ErrorCode::kLimitReached,
                         std::to_string(kMostAwaitedAnswers) +
                             " calls await their answers: wait for some of them before the next.");
  why.retriable = true;
  return why;
}

void Transport::run_async(Participant& participant, const Start& start, Done done) {
  using Outcome = std::expected<void, Error>;
  if (const auto refused = too_many_calls(participant)) return done(std::unexpected(*refused));
  const auto refused = begin(participant, start, [&participant, done](Outcome outcome) {
    participant.callbacks.push_answer([done, outcome = std::move(outcome)] { done(outcome); });
  });
  if (refused) done(std::unexpected(*refused));
}

std::expected<wire::ServerBodyUnion, Error> Transport::call(Participant& participant,
                                                            RequestMaker make_request) {
  using Outcome = std::expected<wire::ServerBodyUnion, Error>;
  auto promise = std::make_shared<std::promise<Outcome>>();
  std::future<Outcome> answer = promise->get_future();
  const auto refused = ask(participant, std::move(make_request),
                           [promise](Outcome outcome) { promise->set_value(std::move(outcome)); });
  if (refused) return std::unexpected(*refused);
  return answer.get();
}

void Transport::call_async(Participant& participant, RequestMaker make_request,
                           const Reply& reply) {
  if (const auto refused = too_many_calls(participant)) return reply(std::unexpected(*refused));
  using Outcome = std::expected<wire::ServerBodyUnion, Error>;
  const auto refused =
      ask(participant, std::move(make_request), [&participant, reply](Outcome outcome) {
        participant.callbacks.push_answer([reply, shared = std::make_shared<Outcome>(std::move(
                                                      outcome))] { reply(std::move(*shared)); });
      });
  if (refused) reply(std::unexpected(*refused));
}

/// Set: it was refused, and no answer follows.
std::optional<Error> Transport::ask(Participant& participant, RequestMaker make_request,
                                    Reply answer) {
  const std::lock_guard lock(mutex_);
  if (auto why = refusal(participant)) return why;
  const std::uint64_t now_ms = boottime_ms();
  const std::uint64_t id = ++last_call_;
  participant.questions.emplace(id, std::move(answer));
  link_.call(now_ms, std::move(make_request), [this, &participant, id](auto outcome) {
    answer_question(participant, id, std::move(outcome));
  });
  settle_and_wake(now_ms);
  return std::nullopt;
}

/// A consumer that was closed meanwhile has had its answer.
void Transport::answer_question(Participant& participant, std::uint64_t id,
                                std::expected<wire::ServerBodyUnion, Error> outcome) {
  if (!participants_.contains(&participant)) return;
  const auto found = participant.questions.find(id);
  if (found == participant.questions.end()) return;
  const Reply answer = std::move(found->second);
  participant.questions.erase(found);
  answer(std::move(outcome));
}

/// Hands on what came out of the sessions.
void Transport::settle(std::uint64_t now_ms) {
  link_.advance(now_ms);
  for (Participant* each : participants_) {
    for (Notice& notice : each->session.take_notices()) {
      each->callbacks.push([each, notice = std::move(notice)] { each->tell(notice); });
    }
    for (PlanNotice& notice : each->session.take_plan_notices()) {
      if (!each->planner) continue;
      each->planner->push([each, notice = std::move(notice)] { each->plan(notice); });
    }
    for (CallOutcome& outcome : each->session.take_outcomes()) {
      const auto found = calls_.find(outcome.call);
      MUSTER_ASSERT(found != calls_.end());
      found->second(std::move(outcome.outcome));
      calls_.erase(found);
    }
  }
}

void Transport::settle_and_wake(std::uint64_t now_ms) {
  settle(now_ms);
  // Reading a session changes nothing that the thread has to know.
  if (stopped_ || link_.has_output() || link_.next_deadline_ms() < rings_at_ms_) wake_->signal();
}

// ---- the thread -------------------------------------------------------------------------------

void Transport::loop() {
  while (true) {
    std::array<pollfd, 3> watched{{{.fd = wake_->descriptor(), .events = POLLIN, .revents = 0},
                                   {.fd = alarm_.descriptor(), .events = POLLIN, .revents = 0},
                                   {.fd = -1, .events = 0, .revents = 0}}};
    {
      const std::lock_guard lock(mutex_);
      if (stopped_) break;
      turn(boottime_ms());
      rings_at_ms_ = link_.next_deadline_ms();
      alarm_.set(rings_at_ms_);
      pollfd& connection = watched.back();
      connection.fd = socket_.is_open() ? socket_.descriptor() : connector_.descriptor();
      connection.events = socket_.is_open() ? POLLIN : POLLOUT;
      if (!unsent_.empty()) connection.events |= POLLOUT;
    }
    ::poll(watched.data(), watched.size(), -1);
    wake_->clear();
  }
  connector_.cancel();
  socket_.close();
}

/// Reads before anything is found to be due, so that a reply which is there already counts.
void Transport::turn(std::uint64_t now_ms) {
  if (connector_.is_busy()) step_connector(now_ms);
  if (socket_.is_open()) read_socket(now_ms);
  settle(now_ms);
  if (link_.drop_wanted()) {
    disconnect(now_ms, Error(*link_.drop_wanted()));
    settle(now_ms);
  }
  if (const auto server = link_.take_attempt(now_ms)) {
    MUSTER_ASSERT(*server < servers_.size());
    connector_.begin(servers_[*server]);
    step_connector(now_ms);
    settle(now_ms);
  }
  if (socket_.is_open()) write_socket(now_ms);
}

void Transport::step_connector(std::uint64_t now_ms) {
  auto connected = connector_.step();
  if (!connected) {
    disconnect(now_ms, connected.error());
  } else if (*connected) {
    socket_ = std::move(**connected);
    link_.connected(now_ms);
  }
}

void Transport::read_socket(std::uint64_t now_ms) {
  while (true) {
    const auto count = socket_.read_some(read_buffer_.data(), read_buffer_.size());
    if (!count) {
      disconnect(now_ms, count.error());
      return;
    }
    if (*count == 0) return;
    link_.received(now_ms, {read_buffer_.data(), *count});
    if (*count < read_buffer_.size() || link_.drop_wanted()) return;
  }
}

void Transport::write_socket(std::uint64_t now_ms) {
  unsent_ += link_.take_output();
  while (!unsent_.empty()) {
    const auto count = socket_.write_some(unsent_);
    if (!count) {
      disconnect(now_ms, count.error());
      settle(now_ms);
      return;
    }
    if (*count == 0) return;
    unsent_.erase(0, *count);
  }
}

void Transport::disconnect(std::uint64_t now_ms, const Error& why) {
  connector_.cancel();
  socket_.close();
  unsent_.clear();
  link_.disconnected(now_ms, why);
}

}  // namespace muster
