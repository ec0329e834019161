#include "domain/digest.h"

#include "domain/partition_hash.h"

namespace muster::domain {
namespace {

// Tells entities of different kinds with the same fields apart.
enum Kind : std::uint64_t {
  kTopic = 1,
  kGroup,
  kMember,
  kPlanned,
  kEnded,
  kPartition = kPartitionKind,
  kRequest,
  kDraining,
  kPin,
  kMatch,
  kGrant,
  kQuietTime,
  kReset
};

template <typename Number>
std::uint64_t bits(Number number) {
  return static_cast<std::uint64_t>(number);
}

void add_settings(EntityHash& hash, const MemberSettings& settings) {
  hash.add(settings.client_id).add(settings.host);
  hash.add(settings.subscription.hash()).add(settings.metadata).add(bits(settings.computes_plans));
  hash.add(settings.session_timeout_ms)
      .add(settings.disconnect_grace_ms)
      .add(settings.rebalance_timeout_ms);
}

void add_reason(EntityHash& hash, const PlanReason& reason) {
  hash.add(reason.sequence).add(reason.what).add(bits(reason.others));
}

}  // namespace

EntityHash& EntityHash::add(std::uint64_t number) {
  hash_ = mix(hash_ ^ number);
  return *this;
}

EntityHash& EntityHash::add(std::string_view text) {
  constexpr std::size_t kWord = 8;
  add(text.size());
  while (!text.empty()) {
    const std::string_view part = text.substr(0, kWord);
    std::uint64_t word = 0;  // read as little-endian on every machine
    for (std::size_t i = 0; i < part.size(); ++i) {
      word |= bits(static_cast<unsigned char>(part[i])) << (8 * i);
    }
    add(word);
    text.remove_prefix(part.size());
  }
  return *this;
}

std::uint64_t hash_of(const Topic& topic) {
  return EntityHash()
      .add(kTopic)
      .add(topic.id)
      .add(topic.name)
      .add(bits(topic.partition_count))
      .value();
}

std::uint64_t hash_of(const Group& group) {
  EntityHash hash;
  hash.add(kGroup)
      .add(group.id)
      .add(group.name)
      .add(group.generation)
      .add(group.strategy)
      .add(bits(group.max_members))
      .add(bits(group.frozen))
      .add(bits(group.plan_outdated))
      .add(bits(group.plan_urgent))
      .add(bits(group.plan_unfinished))
      .add(group.changed)
      .add(group.offset_retention_ms)
      .add(bits(group.emptied_ms))
      .add(group.last_live_reset);
  add_reason(hash, group.reason);
  add_reason(hash, group.next_reason);
  return hash.value();
}

std::uint64_t hash_of(GroupId group, FencingToken granted, const GrantNote& note) {
  EntityHash hash;
  hash.add(kGrant).add(group).add(granted).add(bits(note.time_ms)).add(note.generation);
  add_reason(hash, note.reason);
  return hash.value();
}

std::uint64_t hash_of_quiet_time(std::uint32_t quiet_time_ms) {
  return quiet_time_ms == 0 ? 0 : EntityHash().add(kQuietTime).add(bits(quiet_time_ms)).value();
}

std::uint64_t hash_of(GroupId group, const Member& member) {
  EntityHash hash;
  hash.add(kMember).add(group).add(member.seat).add(member.member_id).add(member.incarnation);
  hash.add(member.incarnation_sequence).add(bits(member.planned));
  add_settings(hash, member.settings);
  return hash.value();
}

std::uint64_t hash_of(GroupId group, TopicId planned, std::int32_t partition_count) {
  return EntityHash().add(kPlanned).add(group).add(planned).add(bits(partition_count)).value();
}

std::uint64_t hash_of(GroupId group, const PlanRequest& request) {
  EntityHash hash;
  hash.add(kRequest).add(group).add(request.sequence).add(request.leader).add(request.member_id);
  hash.add(bits(request.outdated));
  for (const auto& [topic, partition_count] : request.topics) {
    hash.add(topic).add(bits(partition_count));
  }
  return hash.value();
}

std::uint64_t hash_of(GroupId group, const PendingReset& reset) {
  EntityHash hash;
  hash.add(kReset).add(group).add(reset.sequence).add(reset.undoes);
  for (const auto& [at, pending] : reset.offsets) {
    hash.add(at.topic).add(bits(at.partition)).add(bits(pending.offset)).add(pending.metadata);
  }
  return hash.value();
}

std::uint64_t hash_of_draining(GroupId group, std::string_view member_id) {
  return EntityHash().add(kDraining).add(group).add(member_id).value();
}

std::uint64_t hash_of_pin(GroupId group, TopicPartition at, std::string_view member_id) {
  return EntityHash()
      .add(kPin)
      .add(group)
      .add(at.topic)
      .add(bits(at.partition))
      .add(member_id)
      .value();
}

std::uint64_t hash_of_match(GroupId group, std::string_view pattern, TopicId topic) {
  return EntityHash().add(kMatch).add(group).add(pattern).add(topic).value();
}

std::uint64_t hash_of(GroupId group, std::string_view member_id,
                      const std::deque<EndedIncarnation>& ended) {
  EntityHash hash;
  hash.add(kEnded).add(group).add(member_id);
  for (const EndedIncarnation& one : ended) {
    hash.add(one.incarnation).add(bits(one.how)).add(one.sequence);
  }
  return hash.value();
}

std::uint64_t hash_of(GroupId group, TopicPartition at, const PartitionState& partition) {
  return CommitHash(group, at, partition).of(partition);
}

std::uint64_t hash_of_all(const Group& group) {
  std::uint64_t sum = hash_of(group);
  for (const auto& [seat, member] : group.members) sum += hash_of(group.id, member);
  for (const auto& [member_id, ended] : group.ended) sum += hash_of(group.id, member_id, ended);
  for (const std::string& member_id : group.draining) sum += hash_of_draining(group.id, member_id);
  for (const auto& [at, member_id] : group.pins) sum += hash_of_pin(group.id, at, member_id);
  for (const auto& [topic, count] : group.planned) sum += hash_of(group.id, topic, count);
  if (group.request) sum += hash_of(group.id, *group.request);
  if (group.reset) sum += hash_of(group.id, *group.reset);
  for (const auto& [pattern, matches] : group.patterns) {
    for (const TopicId topic : matches.topics) sum += hash_of_match(group.id, pattern, topic);
  }
  for (const auto& [fence, note] : group.grants) sum += hash_of(group.id, fence, note);
  for (const auto& [topic, table] : group.partitions) {
    table.for_each([&](PartitionIndex index, const PartitionState& partition) {
      sum += hash_of(group.id, {.topic = topic, .partition = index}, partition);
    });
  }
  return sum;
}

}  // namespace muster::domain
