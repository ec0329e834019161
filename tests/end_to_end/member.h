// A member of a group, spoken by hand over the wire: keeps itself alive, releases what is asked
// back, and remembers what it holds and what it was told.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "end_to_end/wire_client.h"

namespace muster::e2e {

using Partition = std::pair<std::string, int>;    // topic, number
using Held = std::map<Partition, std::uint64_t>;  // with the token of the grant

struct MemberOptions {
  std::string group = "group";
  std::string member_id;
  std::vector<std::string> topics;
  bool named = true;
  std::uint64_t incarnation = 1;
  std::uint32_t session_timeout_ms = 30'000;
  std::uint32_t disconnect_grace_ms = 0;
  std::uint32_t rebalance_timeout_ms = 0;
  std::vector<std::string> patterns = {};
};

class Member {
 public:
  /// Connects; does not join yet.
  Member(std::string address, MemberOptions options);

  wire::JoinT join_request(bool resume = false, bool takeover = false) const;
  wire::JoinReplyT join(bool resume = false, bool takeover = false);
  /// Connects anew (the old connection is closed) and resumes.
  wire::JoinReplyT reconnect();
  void leave();

  /// Takes in all pushes that have come, and answers them; heartbeats when it is time.
  void pump();
  /// Sends no heartbeats from now on: a member that hangs.
  void fall_silent() { silent_ = true; }
  /// Ignores revocations from now on.
  void hold_on() { holds_on_ = true; }

  const Held& held() const { return held_; }
  std::vector<int> partitions(const std::string& topic) const;
  const Held& lost() const { return lost_; }              // taken away without a release
  const Held& asked_back() const { return asked_back_; }  // revoked and not yet released
  bool seat_ended() const { return seat_ended_; }
  /// How many partitions were asked back by pushes, released or not.
  std::size_t revoked() const { return revoked_; }
  std::uint64_t generation() const { return generation_; }

  std::uint64_t token(const Partition& partition) const { return held_.at(partition); }
  void release(const Partition& partition);

  /// Commits under the token held; nothing, or why it was refused.
  std::optional<wire::ErrorT> commit(const Partition& partition, std::int64_t offset);
  std::optional<wire::ErrorT> commit(const Partition& partition, std::int64_t offset,
                                     std::uint64_t fence);

  WireClient& client() { return *client_; }
  const MemberOptions& options() const { return options_; }

  template <typename Request>
  Request of_member() const {  // a request that names this member
    Request request;
    request.group = options_.group;
    request.member_id = options_.member_id;
    request.incarnation = options_.incarnation;
    return request;
  }

 private:
  void take_in(const wire::ServerMessageT& push);
  void hold(const std::vector<std::unique_ptr<wire::GrantedTopicT>>& granted);
  void heartbeat_when_due();

  std::string address_;
  MemberOptions options_;
  std::unique_ptr<WireClient> client_;
  Held held_;
  Held asked_back_;
  Held lost_;
  bool silent_ = false;
  bool holds_on_ = false;
  bool seat_ended_ = false;
  std::size_t revoked_ = 0;
  std::uint64_t generation_ = 0;
  std::uint32_t heartbeat_interval_ms_ = 0;  // 0: not joined
  SteadyClock::time_point last_heartbeat_;
  std::uint64_t heartbeat_in_flight_ = 0;
};

/// Gives back all that the push asks for.
wire::ReleaseT release_of(const wire::RevokeT& revoke);

/// Pumps all members until the predicate holds; false if it does not within `patience`.
bool pump_until(const std::vector<Member*>& members, const std::function<bool()>& predicate,
                Milliseconds patience = kPatience);

/// Creates a topic, and requires that it was.
void create_topic(WireClient& client, const std::string& name, std::int32_t partitions);

/// The next offset to read that the group has committed; -1: nothing.
std::int64_t committed(WireClient& client, const std::string& group, const Partition& partition);

}  // namespace muster::e2e
