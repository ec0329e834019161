// A client that keeps no rule but the wire's, and not always that: an operator, a zombie that comes
// back with tokens of long ago, a rude member that never gives anything back, and plain noise. Each
// of its requests is drawn from the number that its action carries.
#pragma once

#include <string>
#include <utility>

#include "codec/wire.h"
#include "tests/sim/model.h"
#include "tests/sim/network.h"

namespace muster::sim {

class Stranger final : public Endpoint {
 public:
  Stranger(Network& network, Coverage& coverage, const Model& model, std::string name)
      : network_(network), coverage_(coverage), model_(model), name_(std::move(name)) {}

  void operate(std::uint64_t number);  // topics, groups, members, commits without a token
  void ask(std::uint64_t number);      // reads
  void be_rude(std::uint64_t number);  // joins, heartbeats, releases, leaves at random
  void haunt(std::uint64_t number);    // commits and releases under tokens of any age
  void blunder(std::uint64_t number);  // requests that must be refused
  void make_noise(std::uint64_t number);
  void steer(std::uint64_t number);    // what an operator sets on groups
  void rewrite(std::uint64_t number);  // offsets: rewound, reset, deleted; ends; retention
  /// Takes back what was set on the group, as far as it keeps partitions from owners.
  void put_right(const GroupFacts& group);
  static bool is_right(const GroupFacts& group);
  void repeat();  // the last request again, on another connection
  void ask_for_much();
  void hang_up();
  ConnectionId connection() const { return connection_; }

  // ---- Endpoint
  void opened(ConnectionId connection) override;
  void arrived(ConnectionId, std::string_view) override {}
  void ended(ConnectionId connection) override;

 private:
  struct Place {
    std::string group;
    std::string topic;
    PartitionIndex partition = 0;
    FencingToken fence = 0;
    std::string owner;
    Incarnation incarnation = 0;
  };

  template <typename Body>
  void send(Body body) {
    if (!greeted_) hang_up();
    last_ = codec::encode_request(++correlation_, std::move(body));
    send_bytes(last_);
  }
  void send_bytes(std::string bytes);
  void configure(Random& random);
  void pin(Random& random);
  // stranger_offsets.cc
  void compare_and_set(Random& random);
  void reset_offsets(Random& random);
  void report_ends(Random& random);
  void blunder_in_join(Random& random);
  void blunder_in_commit(Random& random, std::uint64_t kind);
  /// A partition that somebody owns or owned, with one of its tokens; of any group at random when
  /// nothing is owned.
  Place a_place(Random& random) const;
  std::string a_group(Random& random) const;
  std::string a_topic(Random& random) const;
  wire::JoinT a_join(Random& random) const;

  Network& network_;
  Coverage& coverage_;
  const Model& model_;
  std::string name_;
  ConnectionId connection_ = 0;
  bool open_ = false;
  bool greets_ = true;   // on the next connection
  bool greeted_ = true;  // on this one
  std::string waiting_;
  std::string last_;
  std::uint64_t correlation_ = 1;
};

}  // namespace muster::sim
