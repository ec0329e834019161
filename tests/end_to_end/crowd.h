// Many members on one connection, as a program with a consumer for each of its threads has them:
// they join together, and each releases what is asked back from it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "end_to_end/member.h"

namespace muster::e2e {

class Crowd {
 public:
  Crowd(const std::string& address, std::string group, std::string topic);

  /// Sends all joins at once, without waiting for any reply.
  void send_joins(const std::vector<std::string>& member_ids);
  /// Requires that each join of the last send_joins was accepted.
  void require_joined();

  /// Takes in all pushes that have come, and releases what they ask back.
  void pump();

  /// Partitions that all members of this connection hold together.
  std::size_t held() const;
  /// The newest plan that any of them was told of.
  std::uint64_t generation() const { return generation_; }

 private:
  void take_in(const wire::ServerMessageT& push);
  void hold(const std::string& member_id,
            const std::vector<std::unique_ptr<wire::GrantedTopicT>>& granted);
  void release(const wire::RevokeT& revoke);

  std::string group_;
  std::string topic_;
  WireClient client_;
  std::map<std::string, Held> held_;  // by member id
  std::vector<std::uint64_t> joins_;  // correlation ids
  std::vector<std::uint64_t> releases_;
  std::uint64_t generation_ = 0;
};

}  // namespace muster::e2e
