// A worker process: the real client session and link under a clock of its own, and an application
// that works on what it is given, commits as it goes and gives back what it is asked for, sooner or
// later. Now and then it is stuck. It is killed, stopped, cut off and doubled by the world.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "client/src/link.h"
#include "client/src/session.h"
#include "tests/sim/network.h"
#include "tests/sim/ownership.h"
#include "tests/sim/trace.h"

namespace muster::sim {

struct WorkerPlan {
  std::uint64_t number = 0;
  std::uint64_t seed = 0;
  SessionOptions options;
};

class Worker final : public Endpoint {
 public:
  Worker(Schedule& schedule, Network& network, Coverage& coverage, OwnershipBook& book,
         Trace& trace, WorkerPlan plan);
  ~Worker() override;

  const std::string& group() const { return session_->group(); }
  const std::string& member_id() const { return session_->member_id(); }
  const SessionOptions& options() const { return plan_.options; }
  Incarnation incarnation() const { return session_->incarnation(); }
  const Session& session() const { return *session_; }
  ConnectionId connection() const { return connection_; }
  bool is_stopped() const { return stopped_; }
  /// The process has ended, or is about to: the world takes it away.
  bool is_finished() const { return finished_; }
  bool wants_to_go() const { return leaving_; }

  /// Whether the coordinator would take it: all its topics exist, and there is room.
  bool can_join(const Model& model) const;

  void start();
  void wake(std::uint64_t number);
  void stop();   // SIGSTOP
  void go_on();  // SIGCONT
  void leave();
  void close();  // keeps the seat
  void die(bool host_too);
  void be_good();

  // ---- Endpoint
  void opened(ConnectionId connection) override;
  void arrived(ConnectionId connection, std::string_view bytes) override;
  void ended(ConnectionId connection) override;

 private:
  struct Work {
    FencingToken fence = 0;
    std::int64_t position = 0;
    bool paused = false;
    std::uint64_t release_at_ms = 0;  // 0: not asked for
  };

  std::uint64_t now_ms() const;
  std::uint64_t global_us(std::uint64_t local_ms) const;
  void settle();
  void take_notices(std::uint64_t now);
  void take(const Notice& notice, std::uint64_t now);
  void take_outcomes(std::uint64_t now);
  void work(std::uint64_t now);
  void commit(std::uint64_t now);
  void commit_another(std::vector<OffsetCommit>& offsets);
  bool is_stuck(std::uint64_t now);
  void disconnect(std::uint64_t now, const Error& why);
  void stop_working(const PartitionKey& at, bool for_good);
  void schedule_wake(std::uint64_t now);

  Schedule& schedule_;
  Network& network_;
  Coverage& coverage_;
  OwnershipBook& book_;
  Trace& trace_;
  WorkerPlan plan_;
  Random random_;
  Random habits_;  // of its own, so that older action lists lead where they led
  std::int64_t drift_permille_;
  std::uint64_t offset_ms_;
  std::unique_ptr<Session> session_;
  std::unique_ptr<Link> link_;
  ConnectionId connection_ = 0;
  bool open_ = false;
  bool stopped_ = false;
  bool finished_ = false;
  bool leaving_ = false;
  bool well_behaved_ = false;
  std::string kernel_buffer_;  // arrived while the process was stopped
  bool kernel_opened_ = false;
  bool kernel_ended_ = false;
  CallId last_call_ = 0;
  CallId join_call_ = 0;
  CallId leave_call_ = 0;
  std::uint64_t join_again_at_ms_ = kNever;
  std::uint64_t commit_at_ms_ = 0;
  std::uint64_t stuck_until_ms_ = 0;       // the application does nothing until then
  std::uint64_t progress_at_ms_ = kNever;  // it says that it goes on
  std::uint64_t wake_ = 0;
  std::uint64_t wake_at_us_ = 0;
  std::map<PartitionKey, Work> working_;
  std::map<PartitionKey, FencingToken> ended_;
  std::map<CallId, std::vector<OffsetCommit>> commits_;
};

}  // namespace muster::sim
