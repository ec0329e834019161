#include "tools/run_loop.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "domain/assert.h"
#include "tools/arguments.h"
#include "tools/output.h"
#include "tools/run_command.h"
#include "tools/server_link.h"

namespace muster::tools {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Together under the 10 s that `muster run` takes to end at most.
constexpr milliseconds kEndGrace{5'000};    // for the commands, then they are killed
constexpr milliseconds kSameSignal{1'000};  // timeout(1) signals the process and then its group
constexpr milliseconds kExitLatest{9'500};  // and with leaving

// What another member gives up because this one shall have it, or leaves unfinished when it leaves,
// arrives within this time: who leaves before would leave it to nobody.
constexpr milliseconds kDoneFor{500};

constexpr milliseconds kSayingLatest{1'000};  // for what is still to be written at a late exit

ClientOptions client_options(const std::string& server) {
  ClientOptions options;
  options.servers = addresses_of(server);
  options.client_id = "muster run";
  return options;
}

/// nohup, and a shell that starts something in the background, ignore these for what they start.
bool is_ignored(int number) {
  struct sigaction action{};
  ::sigaction(number, nullptr, &action);
  return action.sa_handler == SIG_IGN;
}

/// Threads started from now on leave these to the loop.
int take_over_signals() {
  std::signal(SIGCHLD, SIG_DFL);  // ignored, the kernel would reap the commands itself
  std::signal(SIGPIPE, SIG_IGN);  // a reader of the log that goes away ends no work
  sigset_t taken;
  sigemptyset(&taken);
  for (const int number : {SIGTERM, SIGTSTP, SIGCHLD}) sigaddset(&taken, number);
  // A blocked signal would come even if it is ignored.
  for (const int number : {SIGINT, SIGHUP}) {
    if (!is_ignored(number)) sigaddset(&taken, number);
  }
  sigprocmask(SIG_BLOCK, &taken, nullptr);
  const int descriptor = ::signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK);
  MUSTER_ASSERT(descriptor >= 0);
  return descriptor;
}

}  // namespace

RunLoop::RunLoop(RunOptions options, ProcessGuard guard)
    : options_(std::move(options)),
      guard_(std::move(guard)),
      signals_(take_over_signals()),
      output_(STDOUT_FILENO, [this] { inbox_.post([] {}); }),
      errors_(STDERR_FILENO, [this] { inbox_.post([] {}); }),
      relay_(output_, errors_),
      client_(client_options(options_.server)),
      consumer_(client_, options_.consumer),
      member_id_(consumer_.member_id()),
      log_(errors_, member_id_),
      commits_(consumer_, errands_, inbox_, log_),
      random_(std::random_device{}()) {
  raise_open_files_limit();
  hooks_ = {.start = [this](const Partitions& p) { return start_command(p); },
            .ended = [this](pid_t pid) { relay_.remove(pid); },
            .read_offsets = [this](const Partitions& p) { read_offsets(p); },
            .release = [this](const Partition& p) { release(p); },
            .give_up = [this](const std::string& why) { give_up(why); },
            .log = [this](const std::string& text) { log_(text); },
            .draw = [this] { return std::uniform_real_distribution<>(0, 1)(random_); }};
  listen_to_consumer();
}

RunLoop::~RunLoop() {
  consumer_.close();  // no callback posts any more, and a join that still waits returns
  ::close(signals_);
}

Outcome RunLoop::run() {
  join();
  while (!ended_) {
    wait();
    take_signals();
    inbox_.run_posted();
    relay_.pass_on(watched_);
    advance_workers();
    commits_.advance(steady_clock::now());
    end_when_done();
    leave_when_commands_ended();
    exit_when_late();
  }
  if (why_) return std::unexpected(*why_);
  return gave_up_ ? static_cast<int>(RunStatus::kGaveUp) : 0;
}

RunStatus RunLoop::failure_status() const {
  const ErrorCode code = why_ ? why_->code : ErrorCode::kNone;
  const bool by_others = code == ErrorCode::kFenced || code == ErrorCode::kMemberRemoved;
  return by_others ? RunStatus::kMembershipEnded : RunStatus::kFailed;
}

// ---- the consumer -----------------------------------------------------------------------------

void RunLoop::listen_to_consumer() {
  const auto on_loop = [&inbox = inbox_](auto handle) {
    return [&inbox, handle](const Partition& partition) {
      inbox.post([handle, partition] { handle(partition, steady_clock::now()); });
    };
  };
  consumer_.on_assigned(on_loop([this](const Partition& partition, SteadyTime now) {
    log(partition, "assigned, at offset " + std::to_string(partition.committed.value_or(0)) +
                       " under token " + std::to_string(partition.fence) + ".");
    commits_.granted(partition);
    if (!ending_) worker(partition).assigned(partition, now);
  }));
  consumer_.on_revoked(on_loop([this](const Partition& partition, SteadyTime now) {
    log(partition, "revoked, to be released within " +
                       std::to_string(partition.release_within.count()) + " ms.");
    worker(partition).revoked(partition, now);
  }));
  consumer_.on_lost(on_loop([this](const Partition& partition, SteadyTime now) {
    const auto uncommitted = commits_.uncommitted(place_of(partition));
    log(partition, "lost: its command is killed." +
                       (uncommitted ? " Offset " + std::to_string(*uncommitted) +
                                          " was printed, but can't be committed any more."
                                    : std::string()));
    commits_.ended(place_of(partition));
    worker(partition).lost(partition, now);
  }));
  consumer_.on_paused(on_loop([this](const Partition& partition, SteadyTime) {
    log(partition, "paused: the lease has lapsed, no server answers.");
    worker(partition).paused(partition);
  }));
  consumer_.on_resumed(on_loop([this](const Partition& partition, SteadyTime now) {
    log(partition, "resumed.");
    worker(partition).resumed(partition, now);
  }));
  consumer_.on_waiting([this](const Error& why) {
    inbox_.post([this, why] { log_("waiting: " + why.name + ": " + why.message); });
  });
  consumer_.on_ended(
      [this](const Error& error) { inbox_.post([this, error] { begin_end(error); }); });
}

void RunLoop::join() {
  log_("joining group " + options_.consumer.group_id + " at " + options_.server + ".");
  joining_ = std::jthread([this] {
    auto joined = consumer_.join_group();
    inbox_.post([this, joined = std::move(joined)] {
      if (joined) {
        joined_ = true;
        log_("joined group " + options_.consumer.group_id + ", generation " +
             std::to_string(consumer_.generation()) + ".");
      } else if (!ending_) {
        begin_end(joined.error());
      }
    });
  });
}

// ---- a turn of the loop -----------------------------------------------------------------------

int RunLoop::wait_ms() const {
  std::optional<SteadyTime> next = exit_at_;
  const auto or_at = [&](std::optional<SteadyTime> at) {
    if (at && (!next || *at < *next)) next = at;
  };
  or_at(commits_.due());
  if (done_since_ && !ending_) or_at(*done_since_ + kDoneFor);
  for (const auto& [place, each] : workers_) or_at(each.due());
  if (!next) return -1;
  const auto left = std::chrono::ceil<milliseconds>(*next - steady_clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
}

void RunLoop::wait() {
  watched_ = {{.fd = signals_, .events = POLLIN, .revents = 0},
              {.fd = inbox_.descriptor(), .events = POLLIN, .revents = 0}};
  relay_.watch(watched_);
  ::poll(watched_.data(), watched_.size(), wait_ms());
}

void RunLoop::take_signals() {
  signalfd_siginfo info{};
  while (::read(signals_, &info, sizeof(info)) == sizeof(info)) {
    if (info.ssi_signo == SIGCHLD) continue;  // advance_workers looks after every command
    if (info.ssi_signo == SIGTSTP) {
      stop_as_asked();
      continue;
    }
    if (ending_ && steady_clock::now() < ending_since_ + kSameSignal) continue;
    if (ending_) {
      log_("asked again to end: the commands are killed.");
      for (auto& [place, each] : workers_) each.kill();
    } else {
      log_("ending, as asked by a signal.");
      begin_end(std::nullopt);
    }
  }
}

/// Ctrl-Z. The commands are in groups of their own, so that the terminal stops this process alone;
/// they would go on without a lease.
void RunLoop::stop_as_asked() {
  log_("stopped, with the commands; SIGCONT lets all go on.");
  for (auto& [place, each] : workers_) each.freeze();
  errors_.flush(kSayingLatest / 2);
  ::raise(SIGSTOP);
  if (consumer_.paused()) return;  // it lapsed meanwhile: what becomes of them is about to be told
  for (auto& [place, each] : workers_) each.thaw();
}

void RunLoop::advance_workers() {
  const SteadyTime now = steady_clock::now();
  for (auto each = workers_.begin(); each != workers_.end();) {
    each->second.advance(now);
    each = each->second.vacant() ? workers_.erase(each) : std::next(each);
  }
}

// ---- the end ----------------------------------------------------------------------------------

void RunLoop::give_up(const std::string& why) {
  if (ending_) return;
  log_("giving up: " + why + ", and --max-restarts is " + std::to_string(*options_.restarts_max) +
       ".");
  gave_up_ = true;
  begin_end(std::nullopt);
}

bool RunLoop::done() const {
  return options_.exit_when_done && joined_ && !ending_ && !workers_.empty() &&
         commits_.all_committed() && !consumer_.paused() &&
         std::ranges::all_of(workers_, [](const auto& each) { return each.second.finished(); });
}

void RunLoop::end_when_done() {
  if (!done()) return done_since_.reset();
  const SteadyTime now = steady_clock::now();
  if (!done_since_) done_since_ = now;
  if (now < *done_since_ + kDoneFor) return;
  log_("done: every command has exited with status 0.");
  begin_end(std::nullopt);
}

void RunLoop::begin_end(std::optional<Error> why) {
  if (ending_) return;
  ending_ = true;
  ending_since_ = steady_clock::now();
  why_ = std::move(why);
  exit_at_ = ending_since_ + kExitLatest;
  for (auto& [place, each] : workers_) each.stop(ending_since_, kEndGrace);
}

void RunLoop::leave_when_commands_ended() {
  const bool busy =
      std::ranges::any_of(workers_, [](const auto& entry) { return entry.second.running(); });
  if (!ending_ || busy || leaving_.joinable()) return;
  if (!why_ && !commits_.all_committed()) return;
  leave();
}

void RunLoop::leave() {
  leaving_ = std::jthread([this, joined = joined_] {
    const bool leaves = !options_.keep_seat && !why_;
    const auto left = leaves ? consumer_.leave_group() : std::expected<void, Error>{};
    consumer_.close();
    inbox_.post([this, left, joined] {
      ended_ = true;
      if (!left && left.error().code != ErrorCode::kNotJoined) {
        log_((joined ? "ended without having left: " : "ended before it had joined: ") +
             left.error().message);
      }
    });
  });
}

void RunLoop::exit_when_late() {
  if (ended_ || !exit_at_ || steady_clock::now() < *exit_at_) return;
  if (!commits_.all_committed()) {
    log_(
        "the last offsets that the commands printed are not committed: what they stand for is "
        "done again.");
  }
  log_(
      "ended without having left: no server answered in time. The group keeps the seat until its "
      "session ends.");
  output_.flush(kSayingLatest / 2);
  errors_.flush(kSayingLatest / 2);
  ::_exit(1);  // the threads wait for a server: nothing here can be waited for
}

}  // namespace muster::tools
