#include "tests/unit/domain/invariants.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

#include "domain/digest.h"
#include "domain/limits.h"

namespace muster::domain {
namespace {

void describe_member(std::ostream& out, const Member& member) {
  const MemberSettings& settings = member.settings;
  out << " member " << member.seat << ' ' << member.member_id << ' ' << member.incarnation << ' '
      << member.incarnation_sequence << ' ' << member.planned << ' ' << settings.client_id << ' '
      << settings.host << ' ' << settings.session_timeout_ms << ' ' << settings.disconnect_grace_ms
      << ' ' << settings.rebalance_timeout_ms << " topics";
  for (const std::string& topic : settings.subscription.topics()) out << ' ' << topic;
  out << " patterns";
  for (const std::string& pattern : settings.subscription.patterns()) out << ' ' << pattern;
  out << " metadata '" << settings.metadata << "' " << settings.computes_plans;
  out << " held";
  for (const TopicPartition& at : member.held) out << ' ' << at.topic << '/' << at.partition;
  out << '\n';
}

void describe_partition(std::ostream& out, TopicPartition at, const PartitionState& partition) {
  if (hash_of(1, at, partition) == 0) return;
  out << " partition " << at.topic << '/' << at.partition << ' ' << partition.owner << ' '
      << partition.target << ' ' << partition.fence << ' ' << partition.ended_fence << ' '
      << partition.ended_offset << ' ' << partition.committed << ' ' << partition.commit_time_ms
      << ' ' << partition.committed_fence << ' ' << static_cast<int>(partition.phase) << ' '
      << static_cast<int>(partition.ended_how) << " '" << partition.metadata_view() << "'\n";
}

void describe_reason(std::ostream& out, const PlanReason& reason) {
  out << ' ' << reason.sequence << " '" << reason.what << "' " << reason.others << '\n';
}

void describe_group(std::ostream& out, const Group& group) {
  out << "group " << group.name << ' ' << group.id << ' ' << group.generation << ' '
      << group.strategy << ' ' << group.plan_outdated << ' ' << group.plan_urgent << ' '
      << group.plan_unfinished << ' ' << group.changed << ' ' << group.revoking_count << ' '
      << group.owned_count << ' ' << group.max_members << ' ' << group.frozen << ' '
      << group.offset_retention_ms << ' ' << group.emptied_ms << ' ' << group.last_live_reset
      << '\n';
  if (group.reset) {
    out << " reset " << group.reset->sequence << ' ' << group.reset->undoes;
    for (const auto& [at, pending] : group.reset->offsets) {
      out << ' ' << at.topic << '/' << at.partition << '=' << pending.offset << " '"
          << pending.metadata << '\'';
    }
    out << '\n';
  }
  describe_reason(out << " for", group.reason);
  describe_reason(out << " next for", group.next_reason);
  for (const auto& [fence, note] : group.grants) {
    out << " grant " << fence << ' ' << note.time_ms << ' ' << note.generation << ' '
        << note.partitions;
    describe_reason(out, note.reason);
  }
  for (const std::string& member_id : group.draining) out << " draining " << member_id << '\n';
  for (const auto& [at, member_id] : group.pins) {
    out << " pin " << at.topic << '/' << at.partition << ' ' << member_id << '\n';
  }
  for (const auto& [pattern, matches] : group.patterns) {
    out << " pattern " << pattern << ' ' << matches.subscriptions;
    for (const TopicId topic : matches.topics) out << ' ' << topic;
    out << '\n';
  }
  if (group.request) {
    out << " request " << group.request->sequence << ' ' << group.request->leader << ' '
        << group.request->member_id << ' ' << group.request->outdated;
    for (const auto& [topic, count] : group.request->topics) out << ' ' << topic << '=' << count;
    out << '\n';
  }
  for (const auto& [seat, member] : group.members) describe_member(out, member);
  for (const auto& [member_id, seat] : group.seats) {
    out << " seat " << member_id << ' ' << seat << '\n';
  }
  for (const auto& [member_id, ended] : group.ended) {
    out << " ended " << member_id;
    for (const EndedIncarnation& one : ended) {
      out << ' ' << one.incarnation << ' ' << static_cast<int>(one.how) << ' ' << one.sequence;
    }
    out << '\n';
  }
  for (const auto& [topic, count] : group.planned) {
    out << " planned " << topic << ' ' << count << '\n';
  }
  for (const auto& [name, members] : group.subscriptions) {
    out << " subscription " << name << ' ' << members << '\n';
  }
  for (const auto& [topic, table] : group.partitions) {
    table.for_each([&](PartitionIndex index, const PartitionState& partition) {
      describe_partition(out, {.topic = topic, .partition = index}, partition);
    });
  }
}

/// The life of one partition allows what it looks like.
void require_possible(const State& state, const Group& group, TopicPartition at,
                      const PartitionState& partition) {
  const bool live_target = group.member(partition.target) != nullptr;
  if (partition.phase == Phase::kFree) {
    REQUIRE(partition.owner == kNobody);
    REQUIRE(partition.fence == 0);
    // one-command-one-unit: what is free and wanted is granted at once, but for a live reset
    REQUIRE((!live_target || waits_for_reset(group, at)));
  } else {
    REQUIRE(group.member(partition.owner) != nullptr);
    REQUIRE(partition.fence > partition.ended_fence);  // fence-rises
    REQUIRE(partition.fence <= state.fence_base + state.sequence);
  }
  if (partition.phase == Phase::kOwned) {
    REQUIRE(partition.owner == partition.target);
    REQUIRE_FALSE(waits_for_reset(group, at));
  }
  REQUIRE(partition.has_commit() == (partition.committed >= 0));
}

/// Whether the member may own partitions of the topic.
bool is_candidate(const Group& group, const Member& member, const Topic& topic) {
  return subscribes(group, member, topic) && !group.draining.contains(member.member_id);
}

/// no-orphan, with its named exceptions: a pin to an absent member, members that all drain.
void require_shared_out(const Group& group, const Topic& topic) {
  const bool anybody = std::ranges::any_of(
      group.members, [&](const auto& one) { return is_candidate(group, one.second, topic); });
  for (PartitionIndex i = 0; i < topic.partition_count; ++i) {
    const TopicPartition at{.topic = topic.id, .partition = i};
    const PartitionState* partition = group.partition(at);
    const Member* owner = partition == nullptr ? nullptr : group.member(partition->owner);
    REQUIRE((owner == nullptr || partition->phase == Phase::kOwned));
    const auto pin = group.pins.find(at);
    const Member* pinned = pin == group.pins.end() ? nullptr : group.member(pin->second);
    if (pin != group.pins.end() && pinned == nullptr) {
      REQUIRE(owner == nullptr);
    } else if (pinned != nullptr && is_candidate(group, *pinned, topic)) {
      REQUIRE(owner == pinned);
    } else {
      REQUIRE((owner != nullptr) == anybody);
      if (owner != nullptr) REQUIRE(is_candidate(group, *owner, topic));
    }
  }
}

/// A stable group's topics are shared out among those that subscribe to them, and no others are.
void require_shared_out(const State& state, const Group& group) {
  std::size_t owned = 0;
  for (const auto& [name, members] : group.subscriptions) {
    const Topic* topic = state.topic(name);
    if (topic == nullptr) continue;
    require_shared_out(group, *topic);
    const auto table = group.partitions.find(topic->id);
    if (table == group.partitions.end()) continue;
    table->second.for_each([&](PartitionIndex, const PartitionState& partition) {
      if (partition.phase == Phase::kOwned) ++owned;
    });
  }
  REQUIRE(group.owned_count == owned);
}

/// What follows from the distinct subscriptions and from what the patterns match.
void require_counted(const State& state, const Group& group) {
  std::map<std::string, std::uint32_t, std::less<>> names;
  std::map<std::string, std::uint32_t, std::less<>> patterns;
  for (const auto& [subscription, members] : group.subscribers) {
    for (const std::string& topic : subscription.topics()) ++names[topic];
    for (const std::string& pattern : subscription.patterns()) ++patterns[pattern];
  }
  REQUIRE(group.patterns.size() == patterns.size());
  for (const auto& [pattern, matches] : group.patterns) {
    REQUIRE(matches.subscriptions == patterns.at(pattern));
    for (const TopicId topic : matches.topics) ++names[state.topic(topic)->name];
  }
  REQUIRE(group.subscriptions == names);
  REQUIRE(state.groups_with_patterns.contains(group.name) == !patterns.empty());
  for (const auto& [at, member_id] : group.pins) {
    REQUIRE(state.topic(at.topic) != nullptr);
    REQUIRE(at.partition < state.topic(at.topic)->partition_count);
  }
}

/// Every last grant is noted, with how many partitions it was the last of, and no other.
void require_noted(const Group& group) {
  std::map<FencingToken, std::uint32_t> last;
  for (const auto& [topic, table] : group.partitions) {
    table.for_each([&](PartitionIndex, const PartitionState& partition) {
      if (partition.last_fence() != 0) ++last[partition.last_fence()];
    });
  }
  REQUIRE(group.grants.size() == last.size());
  for (const auto& [fence, note] : group.grants) {
    REQUIRE(note.partitions == last.at(fence));
    REQUIRE(note.generation <= group.generation);
  }
}

void require_sound(const State& state, const Group& group) {
  require_noted(group);
  std::map<SeatId, std::set<TopicPartition>> held;
  std::map<SeatId, std::size_t> in_peace;  // owned and not being revoked
  std::map<SeatId, std::size_t> targeted;
  std::size_t owned = 0;
  std::size_t revoking = 0;
  for (const auto& [topic, table] : group.partitions) {
    REQUIRE(state.topic(topic) != nullptr);  // a deleted topic leaves nothing behind
    table.for_each([&](PartitionIndex index, const PartitionState& partition) {
      require_possible(state, group, {.topic = topic, .partition = index}, partition);
      ++targeted[partition.target];
      if (partition.phase == Phase::kFree) return;
      held[partition.owner].insert({.topic = topic, .partition = index});
      ++owned;
      ++(partition.phase == Phase::kRevoking ? revoking : in_peace[partition.owner]);
    });
  }
  REQUIRE(group.owned_count == owned);
  REQUIRE(group.revoking_count == revoking);

  std::map<Subscription, std::uint32_t> subscribers;
  REQUIRE(group.seats.size() == group.members.size());
  for (const auto& [seat, member] : group.members) {
    REQUIRE(member.seat == seat);
    REQUIRE(group.seats.at(member.member_id) == seat);
    REQUIRE(std::set<TopicPartition>(member.held.begin(), member.held.end()) == held[seat]);
    REQUIRE(member.owned == in_peace[seat]);
    REQUIRE(member.targeted == targeted[seat]);
    ++subscribers[member.settings.subscription];
  }
  REQUIRE(group.subscribers == subscribers);
  require_counted(state, group);
  for (const auto& [member_id, ended] : group.ended) {
    REQUIRE(ended.size() <= kEndedIncarnationsPerMember);
  }

  const GroupPhase phase = phase_of(state, group);
  REQUIRE((phase == GroupPhase::kEmpty) == group.members.empty());
  if (phase == GroupPhase::kStable && !group.frozen) require_shared_out(state, group);
  if (group.plan_urgent) REQUIRE(group.plan_outdated);
}

}  // namespace

std::string describe(const State& state) {
  std::ostringstream out;
  out << "sequence " << state.sequence << " base " << state.fence_base << " quiet "
      << state.quiet_time_ms << " members " << state.member_count << " digest " << state.digest
      << '\n';
  for (const auto& [name, topic] : state.topics) {
    out << "topic " << name << ' ' << topic.name << ' ' << topic.id << ' ' << topic.partition_count
        << '\n';
  }
  for (const auto& [name, group] : state.groups) describe_group(out, group);
  return out.str();
}

std::uint64_t digest_from_scratch(const State& state) {
  std::uint64_t sum = hash_of_quiet_time(state.quiet_time_ms);
  for (const auto& [name, topic] : state.topics) sum += hash_of(topic);
  for (const auto& [name, group] : state.groups) {
    sum += hash_of(group);
    for (const auto& [seat, member] : group.members) sum += hash_of(group.id, member);
    for (const auto& [topic, count] : group.planned) sum += hash_of(group.id, topic, count);
    for (const auto& [member_id, ended] : group.ended) sum += hash_of(group.id, member_id, ended);
    for (const std::string& member_id : group.draining) {
      sum += hash_of_draining(group.id, member_id);
    }
    for (const auto& [at, member_id] : group.pins) sum += hash_of_pin(group.id, at, member_id);
    for (const auto& [pattern, matches] : group.patterns) {
      for (const TopicId topic : matches.topics) sum += hash_of_match(group.id, pattern, topic);
    }
    if (group.request) sum += hash_of(group.id, *group.request);
    if (group.reset) sum += hash_of(group.id, *group.reset);
    for (const auto& [fence, note] : group.grants) sum += hash_of(group.id, fence, note);
    for (const auto& [topic, table] : group.partitions) {
      table.for_each([&](PartitionIndex index, const PartitionState& partition) {
        sum += hash_of(group.id, {.topic = topic, .partition = index}, partition);
      });
    }
  }
  return sum;
}

namespace {

/// A note is kept as long as a partition's last grant is of its event.
void require_sound_notes(const Group& group) {
  std::map<FencingToken, std::uint32_t> last_granted;
  for (const auto& [topic, table] : group.partitions) {
    table.for_each([&](PartitionIndex, const PartitionState& partition) {
      if (partition.last_fence() != 0) ++last_granted[partition.last_fence()];
    });
  }
  REQUIRE(group.grants.size() == last_granted.size());
  for (const auto& [fence, note] : group.grants) REQUIRE(note.partitions == last_granted[fence]);
}

}  // namespace

void require_sound(const State& state) {
  REQUIRE(state.digest == digest_from_scratch(state));
  REQUIRE(state.topics_by_id.size() == state.topics.size());
  for (const auto& [name, topic] : state.topics) REQUIRE(state.topic(topic.id) == &topic);
  std::size_t members = 0;
  for (const auto& [name, group] : state.groups) {
    REQUIRE(group.name == name);
    REQUIRE(state.group(name) == &group);
    require_sound(state, group);
    require_sound_notes(group);
    members += group.members.size();
  }
  REQUIRE(state.member_count == members);
}

}  // namespace muster::domain
