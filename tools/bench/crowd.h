// Members by the thousand, as a load needs them: they join, hold what they are given under its
// tokens, give back what is asked for, and leave. Member i is in group i modulo the groups and
// speaks through stream i modulo the streams.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "codec/wire.h"
#include "tools/bench/scene.h"
#include "tools/bench/wires.h"

namespace muster::tools {

/// Correlation ids from here on are the crowd's.
inline constexpr std::uint64_t kCrowdIds = std::uint64_t{1} << 32;

class Crowd {
 public:
  static constexpr std::size_t kNobody = static_cast<std::size_t>(-1);

  struct Owner {
    std::size_t member = kNobody;
    std::uint64_t fence = 0;
    bool operator==(const Owner&) const = default;
  };

  Crowd(const Scene& scene, std::size_t members, std::size_t streams);

  std::size_t members() const { return members_.size(); }
  std::size_t stream_of(std::size_t member) const { return member % streams_; }
  std::size_t group_of(std::size_t member) const { return member % groups_.size(); }
  std::string id_of(std::size_t member) const { return "member-" + std::to_string(member); }
  std::uint64_t incarnation_of(std::size_t member) const { return members_[member].incarnation; }
  /// By partition; every group has all those of the topic.
  const std::vector<Owner>& owners(std::size_t group) const { return groups_[group].owners; }
  std::size_t present(std::size_t group) const { return groups_[group].present; }
  /// The partitions that each member holds in its group.
  std::vector<std::vector<std::int32_t>> holdings() const;

  /// A fresh join under a new incarnation.
  void join(std::size_t member, Wires& wires);
  /// What the reply lists is held against what the member has held so far.
  void resume(std::size_t member, Wires& wires);
  void leave(std::size_t member, Wires& wires);
  void leave_all(Wires& wires);

  /// Takes a push in, or the reply to a request of the crowd's, and answers it. False: it is
  /// neither.
  bool take(const wire::ServerMessage& message, Wires& wires);

  /// As far as the crowd was told: all joins and leaves are answered, all members know of a plan
  /// and wait for nothing, and each partition has its owner.
  bool seems_settled(std::size_t group) const;
  /// The same but for what members wait for: a plan may have changed its mind without a word.
  bool may_be_settled(std::size_t group) const;
  /// Joins and leaves that are still to be answered.
  std::size_t unanswered() const { return unanswered_; }

  using Heard = std::function<void(std::size_t member)>;
  /// Told when a join, resume or leave is answered.
  void on_answered(Heard heard) { on_answered_ = std::move(heard); }
  /// Told when a member that joined or resumed knows of a plan that counts it.
  void on_told(Heard heard) { on_told_ = std::move(heard); }

  /// Partitions that resumes found as they were: with the same member, under the same token.
  std::uint64_t confirmed() const { return confirmed_; }
  /// Seats that the server ended, and what it refused. None in a crowd that is well.
  std::uint64_t mishaps() const { return mishaps_; }
  const std::optional<Error>& first_mishap() const { return first_mishap_; }

 private:
  struct Member {
    std::uint64_t incarnation = 0;
    bool present = false;
    bool told = false;  // of a plan that counts it
    std::uint32_t pending = 0;
  };
  struct Group {
    std::vector<Owner> owners;
    std::size_t owned = 0;
    std::size_t present = 0;
    std::size_t told = 0;
    std::uint64_t pending = 0;
    std::size_t unanswered = 0;
  };

  template <typename Request>
  Request of_member(std::size_t member) const;
  void send_join(std::size_t member, bool resume, Wires& wires);
  void take_push(const wire::ServerMessage& message, Wires& wires);
  void take_reply(const wire::ServerMessage& message, Wires& wires);
  void take_join_reply(std::size_t member, const wire::JoinReply& reply, Wires& wires);
  void answered(std::size_t member);
  std::optional<std::size_t> addressee(const auto& push) const;
  void give_back(std::size_t member, const wire::Revoke& revoke, Wires& wires);
  void own(std::size_t group, std::int32_t partition, Owner owner);
  void set_told(std::size_t member, bool told, std::uint32_t pending);
  void note_mishap(Error error);

  const Scene& scene_;
  std::size_t streams_;
  std::vector<Member> members_;
  std::vector<Group> groups_;
  Heard on_answered_;
  Heard on_told_;
  std::uint64_t last_number_ = 0;  // of incarnations and releases
  std::size_t unanswered_ = 0;
  std::uint64_t confirmed_ = 0;
  std::uint64_t mishaps_ = 0;
  std::optional<Error> first_mishap_;
};

}  // namespace muster::tools
