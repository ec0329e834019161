// What many clients see of the real daemon, while it is killed again and again, could have been
// seen of one thread that does one thing after the other.
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <random>
#include <stdexcept>
#include <thread>

#include "checker.h"
#include "end_to_end/daemon.h"
#include "end_to_end/member.h"
#include "offsets_model.h"
#include "seat_model.h"

namespace muster::linearizability {
namespace {

using e2e::Milliseconds;
using e2e::NoReply;
using e2e::SteadyClock;
using e2e::WireClient;

constexpr const char* kTopic = "orders";
constexpr const char* kMember = "pod-0";

struct Extent {
  int kills = 0;
  Milliseconds at_most_between{0};
};

std::int64_t now_ns() { return SteadyClock::now().time_since_epoch().count(); }

/// What all clients did. An operation that was cut off by a kill is over when the daemon is gone:
/// what it had not done by then it never does.
template <typename Operation>
class Recording {
 public:
  std::size_t begin(Operation operation) {
    const std::lock_guard lock(mutex_);
    history_.push_back(
        {.called_ns = now_ns(), .returned_ns = 0, .operation = std::move(operation)});
    return history_.size() - 1;
  }
  void end(std::size_t number, Operation operation) {
    const std::lock_guard lock(mutex_);
    history_[number].returned_ns = now_ns();
    history_[number].operation = std::move(operation);
  }
  /// The daemon was killed, and is gone since `moment_ns`.
  void cut_off(std::int64_t moment_ns) {
    const std::lock_guard lock(mutex_);
    for (; first_open_ < history_.size(); ++first_open_) {
      Timed<Operation>& one = history_[first_open_];
      if (one.called_ns > moment_ns) break;
      if (one.returned_ns == 0) one.returned_ns = moment_ns;
    }
  }
  const std::vector<Timed<Operation>>& history() const { return history_; }

 private:
  std::mutex mutex_;
  std::vector<Timed<Operation>> history_;
  std::size_t first_open_ = 0;
};

/// One client: connects, does one operation after the other, and connects anew when the daemon
/// dies. `Work` has: using Operation; explicit Work(seed); Operation choose(); void
/// perform(WireClient&, Operation&), which throws NoReply; void connected_anew().
template <typename Work>
void be_a_client(const std::string& address, Work work, Recording<typename Work::Operation>& to,
                 const std::atomic<bool>& stopping) {
  std::unique_ptr<WireClient> client;
  while (!stopping) {
    try {
      if (!client) {
        client = std::make_unique<WireClient>(address);
        work.connected_anew();
      }
    } catch (const NoReply&) {  // it is down
      std::this_thread::sleep_for(Milliseconds(1));
      continue;
    }
    auto operation = work.choose();
    const std::size_t number = to.begin(operation);
    try {
      work.perform(*client, operation);
      to.end(number, std::move(operation));
    } catch (const NoReply&) {
      client.reset();
    }
  }
}

template <typename Work>
std::vector<Timed<typename Work::Operation>> live(int clients, const Extent& extent,
                                                  std::uint64_t seed) {
  e2e::Daemon daemon;
  {
    WireClient client(daemon.address());
    e2e::create_topic(client, kTopic, static_cast<std::int32_t>(kOffsets));
  }
  Recording<typename Work::Operation> recording;
  const std::string address = daemon.address();
  std::atomic<bool> stopping = false;
  std::mt19937_64 random(seed);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < clients; ++i) {
      threads.emplace_back([&, work_seed = random()] {
        be_a_client(address, Work(work_seed), recording, stopping);
      });
    }
    for (int kill = 0; kill < extent.kills; ++kill) {
      std::this_thread::sleep_for(
          Milliseconds(static_cast<std::int64_t>(random()) % extent.at_most_between.count()));
      daemon.kill9();
      recording.cut_off(now_ns());
      daemon.start();
    }
    stopping = true;
  }
  daemon.kill9();
  recording.cut_off(now_ns());
  return recording.history();
}

/// Commits of an operator's, of one partition or several at once, and fetches of all.
class OffsetWork {
 public:
  using Operation = OffsetsModel::Operation;

  explicit OffsetWork(std::uint64_t seed) : random_(seed) {}

  void connected_anew() {}

  Operation choose() {
    Operation operation;
    operation.answered = false;
    if (random_() % 2 == 0) return operation;
    const std::size_t count = 1 + random_() % kOffsets;
    const auto offset = static_cast<std::int64_t>(random_() >> 1);  // told apart by chance
    for (std::size_t partition = 0; partition < count; ++partition) {
      operation.commits[partition] = offset;
    }
    return operation;
  }

  void perform(WireClient& client, Operation& operation) {
    operation.commits.empty() ? fetch(client, operation) : commit(client, operation);
    operation.answered = true;
  }

 private:
  static void commit(WireClient& client, const Operation& operation) {
    wire::CommitT commit;
    commit.group = "group";
    for (const auto& [partition, offset] : operation.commits) {
      auto item = std::make_unique<wire::CommitItemT>();
      item->topic = kTopic;
      item->partition = static_cast<std::int32_t>(partition);
      item->offset = offset;
      commit.items.push_back(std::move(item));
    }
    client.ask<wire::CommitReplyT>(std::move(commit));
  }
  static void fetch(WireClient& client, Operation& operation) {
    wire::FetchOffsetsT fetch;
    fetch.group = "group";
    operation.fetched = OffsetsModel::first();
    const wire::ServerMessageT reply = client.call(std::move(fetch));
    const wire::OffsetsReplyT* offsets = reply.body.AsOffsetsReply();
    if (offsets == nullptr) return;  // nothing was ever committed: there is no such group
    for (const auto& offset : offsets->offsets) {
      (*operation.fetched)[static_cast<std::size_t>(offset->partition)] = offset->offset;
    }
  }

  std::mt19937_64 random_;
};

/// Processes that all want to be the member of one name: they join, by force or not, resume, leave,
/// vanish, and look who it is.
class SeatWork {
 public:
  using Operation = SeatModel::Operation;
  using Kind = SeatModel::Kind;
  using Answer = SeatModel::Answer;

  explicit SeatWork(std::uint64_t seed) : random_(seed), incarnation_(random_()) {}

  void connected_anew() { resumes_ = true; }

  Operation choose() {
    // A process that was replaced ends; one that connects anew resumes first.
    if (std::exchange(ended_, false)) incarnation_ = random_();
    if (std::exchange(resumes_, false)) return of(Kind::kResume);
    switch (random_() % 5) {
      case 0:
        return of(Kind::kLook);
      case 1:
        return of(Kind::kLeave);
      case 2:
        return of(Kind::kResume);
      default:
        return of(Kind::kJoin);
    }
  }

  void perform(WireClient& client, Operation& operation) {
    switch (operation.kind) {
      case Kind::kLook:
        look(client, operation);
        break;
      case Kind::kLeave:
        operation.answer = answer_to(client.call(leave()));
        break;
      case Kind::kResume:
        operation.answer = answer_to(client.call(join(true)));
        break;
      case Kind::kJoin:
        operation.answer = answer_to(client.call(join(false)));
        break;
    }
    ended_ = operation.answer == Answer::kFenced;
  }

 private:
  Operation of(Kind kind) const { return {.kind = kind, .incarnation = incarnation_}; }

  wire::JoinT join(bool resume) {
    wire::JoinT join;
    join.group = "group";
    join.member_id = kMember;
    join.incarnation = incarnation_;
    join.named = true;
    join.topics = {kTopic};
    join.session_timeout_ms = 600'000;
    join.resume = resume;
    join.takeover = !resume && random_() % 2 == 0;
    return join;
  }
  wire::LeaveT leave() const {
    wire::LeaveT leave;
    leave.group = "group";
    leave.member_id = kMember;
    leave.incarnation = incarnation_;
    return leave;
  }

  static void look(WireClient& client, Operation& operation) {
    wire::ListMembersT list;
    list.group = "group";
    const wire::ServerMessageT reply = client.call(std::move(list));
    operation.answer = Answer::kDone;
    operation.seen = 0;
    if (const wire::MembersReplyT* members = reply.body.AsMembersReply()) {
      for (const auto& member : members->members) operation.seen = member->incarnation;
    }
  }

  static Answer answer_to(const wire::ServerMessageT& reply) {
    const wire::ErrorT* error = reply.body.AsError();
    if (error == nullptr) return Answer::kDone;
    switch (static_cast<ErrorCode>(error->code)) {
      case ErrorCode::kMemberIdInUse:
        return Answer::kInUse;
      case ErrorCode::kFenced:
        return Answer::kFenced;
      case ErrorCode::kUnknownMember:
      case ErrorCode::kUnknownResource:  // nobody ever joined: there is no such group
        return Answer::kNoMember;
      default:
        throw std::runtime_error(error->message);
    }
  }

  std::mt19937_64 random_;
  std::uint64_t incarnation_;
  bool resumes_ = false;
  bool ended_ = false;
};

void require_linearizable(const Extent& extent, std::uint64_t seed) {
  CAPTURE(seed);
  const auto offsets = live<OffsetWork>(5, extent, seed);
  const auto seat = live<SeatWork>(4, extent, seed);
  INFO(offsets.size(), " operations on offsets, ", seat.size(), " on a seat");
  CHECK(offsets.size() > static_cast<std::size_t>(extent.kills));
  CHECK(seat.size() > static_cast<std::size_t>(extent.kills));
  CHECK(linearizable<OffsetsModel>(offsets));
  CHECK(linearizable<SeatModel>(seat));
}

}  // namespace

TEST_CASE("what many clients see of a daemon that is killed is what one thread could have done") {
  require_linearizable({.kills = 6, .at_most_between = Milliseconds(400)}, 1);
}

TEST_CASE("linearizability: hundreds of kills" * doctest::skip()) {
  const std::uint64_t seed = std::random_device{}();
  for (std::uint64_t i = 0; i < 10; ++i) {
    require_linearizable({.kills = 20, .at_most_between = Milliseconds(800)}, seed + i);
  }
}

}  // namespace muster::linearizability
