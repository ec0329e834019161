// A member that computes plans, and speaks the wire by hand: it subscribes to patterns, changes its
// subscription while it is a member, and answers PlanWanted rightly, late, wrongly or never, unless
// it dies of it. When the faults stop it keeps all the rules.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "codec/frame.h"
#include "codec/wire.h"
#include "tests/sim/model.h"
#include "tests/sim/network.h"

namespace muster::sim {

class Planner final : public Endpoint {
 public:
  Planner(Schedule& schedule, Network& network, const Model& model, std::uint64_t number,
          std::uint64_t seed);

  const std::string& group() const { return join_.group; }
  const std::string& member_id() const { return join_.member_id; }
  Incarnation incarnation() const { return join_.incarnation; }
  bool is_finished() const { return finished_; }
  /// It is a member, has nothing to give back and owes no plan.
  bool is_at_rest() const { return is_member_ && releases_.empty() && waiting_plan_us_ == kNever; }

  void start();
  void wake(std::uint64_t number);
  /// Subscribes otherwise, submits what nobody asked for, leaves, dies.
  void meddle(std::uint64_t number);
  void be_good();

  // ---- Endpoint
  void opened(ConnectionId connection) override;
  void arrived(ConnectionId connection, std::string_view bytes) override;
  void ended(ConnectionId connection) override;

 private:
  static constexpr std::uint64_t kNever = UINT64_MAX;
  struct Release {
    FencingToken fence = 0;
    std::uint64_t at_us = 0;
  };

  template <typename Body>
  std::uint64_t send(Body body) {
    if (open_) network_.send(connection_, codec::encode_request(++correlation_, std::move(body)));
    return correlation_;
  }
  void join();
  void subscribe(Random& random);
  void reconnect_in(std::uint64_t delay_us);
  void hang_up();
  void die(bool host_too);
  void settle();
  void schedule_wake();
  void hear(const wire::ServerMessageT& message);
  void hear_refusal(const wire::ErrorT& error, std::uint64_t correlation_id);
  void ask_back(const std::string& topic, PartitionIndex partition, FencingToken fence);
  void release_due();
  void want(const wire::PlanWantedT& page);
  void answer();
  wire::SubmitPlanT right_plan();
  void spoil(wire::SubmitPlanT& plan);

  Schedule& schedule_;
  Network& network_;
  const Model& model_;
  std::uint64_t number_;
  Random random_;
  wire::JoinT join_;
  ConnectionId connection_ = 0;
  bool open_ = false;
  bool is_member_ = false;
  bool finished_ = false;
  bool well_behaved_ = false;
  codec::FrameReader frames_;
  std::uint64_t correlation_ = 0;
  std::uint64_t join_correlation_ = 0;
  std::uint64_t beat_correlation_ = 0;
  std::uint64_t interval_us_ = 0;
  std::uint64_t connect_us_ = kNever;
  std::uint64_t join_us_ = kNever;
  std::uint64_t beat_us_ = kNever;
  std::uint64_t silent_us_ = kNever;  // without an answer until then the connection is given up
  std::uint64_t wake_ = 0;
  std::map<std::pair<std::string, PartitionIndex>, Release> releases_;
  std::vector<wire::PlanWantedT> wanted_;   // pages
  std::uint64_t waiting_plan_us_ = kNever;  // when it is going to be submitted
  wire::SubmitPlanT plan_;
};

}  // namespace muster::sim
