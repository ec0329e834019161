// Domain state to FlatBuffers (schemas/snapshot.fbs).
#include <absl/container/flat_hash_map.h>
#include <snapshot_generated.h>

#include <utility>
#include <vector>

#include "codec/snapshot.h"
#include "domain/partition_hash.h"

namespace muster::codec {
namespace {

namespace fb = flatbuffers;
using namespace muster::domain;  // NOLINT(google-build-using-namespace): both sides have one name
                                 // each

constexpr std::size_t kChunkBytes = std::size_t{256} * 1024;

template <typename Table>
using Offsets = std::vector<fb::Offset<Table>>;

/// Builds one chunk after the other. Every item goes into the chunk at hand, and closes it if that
/// has become large enough; so a group goes on in the next chunk wherever it was.
class SnapshotEncoder {
 public:
  SnapshotEncoder(const State& state, const ChunkSink& sink) : state_(state), sink_(sink) {}
  bool encode();

 private:
  /// What the chunk at hand has of the group at hand.
  struct Part {
    fb::Offset<snapshot::GroupSettings> settings;
    Offsets<snapshot::Subscription> subscriptions;
    Offsets<snapshot::Member> members;
    Offsets<snapshot::EndedMember> ended;
    Offsets<fb::String> draining;
    Offsets<snapshot::Pin> pins;
    std::vector<snapshot::PlannedTopic> planned;
    std::vector<snapshot::PlannedTopic> requested;
    Offsets<snapshot::PatternMatches> patterns;
    Offsets<snapshot::Grant> grants;
    Offsets<snapshot::PendingOffset> resetting;
    Offsets<snapshot::PartitionTable> tables;
  };
  /// What it has of one topic of that group.
  struct Table {
    TopicId topic = 0;
    std::vector<snapshot::Partition> partitions;
    Offsets<snapshot::CommitMetadata> metadata;
  };

  fb::Offset<fb::String> text(const std::string& value) { return builder_.CreateString(value); }
  template <typename Item>
  fb::Offset<fb::Vector<fb::Offset<Item>>> all_or_none(const Offsets<Item>& items) {
    if (items.empty()) return {};
    return builder_.CreateVector(items);
  }
  fb::Offset<fb::Vector<const snapshot::PlannedTopic*>> all_or_none(
      const std::vector<snapshot::PlannedTopic>& topics) {
    if (topics.empty()) return {};
    return builder_.CreateVectorOfStructs(topics);
  }

  void add(const Topic& topic);
  void add(const Group& group);
  void add_settings(const Group& group);
  void add_members(const Group& group);
  fb::Offset<snapshot::Member> member(const Member& member, std::uint32_t subscription);
  void add_operators_wishes(const Group& group);
  void add_plans(const Group& group);
  void add_matches(const Group& group);
  void add_reset(const Group& group);
  void add_partitions(TopicId topic, const PartitionTable& table);
  fb::Offset<snapshot::PlanReason> reason(const PlanReason& reason);

  /// So many bytes wait in structs; closes the chunk when it is large enough.
  void added(std::size_t waiting_bytes = 0);
  void close_table();
  void close_group();
  void close_chunk(bool last);

  const State& state_;
  const ChunkSink& sink_;
  bool enough_ = false;
  fb::FlatBufferBuilder builder_{kChunkBytes + kChunkBytes / 2};
  std::uint32_t number_ = 0;
  std::size_t waiting_bytes_ = 0;
  Offsets<snapshot::Topic> topics_;
  Offsets<snapshot::Group> groups_;
  const Group* group_ = nullptr;
  Part part_;
  Table table_;
};

// ---- chunks -------------------------------------------------------------------------------------

void SnapshotEncoder::added(std::size_t waiting_bytes) {
  waiting_bytes_ += waiting_bytes;
  if (builder_.GetSize() + waiting_bytes_ >= kChunkBytes) close_chunk(false);
}

void SnapshotEncoder::close_table() {
  if (table_.partitions.empty()) return;
  const auto partitions = builder_.CreateVectorOfStructs(table_.partitions);
  part_.tables.push_back(snapshot::CreatePartitionTable(builder_, table_.topic, partitions,
                                                        all_or_none(table_.metadata)));
  table_.partitions.clear();
  table_.metadata.clear();
}

void SnapshotEncoder::close_group() {
  if (group_ == nullptr) return;
  close_table();
  const auto name = text(group_->name);
  const auto subscriptions = all_or_none(part_.subscriptions);
  const auto members = all_or_none(part_.members);
  const auto ended = all_or_none(part_.ended);
  const auto draining = all_or_none(part_.draining);
  const auto pins = all_or_none(part_.pins);
  const auto planned = all_or_none(part_.planned);
  const auto requested = all_or_none(part_.requested);
  const auto patterns = all_or_none(part_.patterns);
  const auto grants = all_or_none(part_.grants);
  const auto tables = all_or_none(part_.tables);
  groups_.push_back(snapshot::CreateGroup(builder_, name, part_.settings, subscriptions, members,
                                          ended, draining, pins, planned, requested, patterns,
                                          grants, tables, all_or_none(part_.resetting)));
  part_ = {};
}

void SnapshotEncoder::close_chunk(bool last) {
  close_group();
  const auto topics = all_or_none(topics_);
  const auto groups = all_or_none(groups_);
  builder_.Finish(snapshot::CreateChunk(builder_, number_++, last, state_.sequence,
                                        state_.quiet_time_ms, topics, groups));
  enough_ = enough_ || !sink_({reinterpret_cast<const char*>(builder_.GetBufferPointer()),
                               builder_.GetSize()});
  builder_.Clear();
  topics_.clear();
  groups_.clear();
  waiting_bytes_ = 0;
}

bool SnapshotEncoder::encode() {
  for (const auto& [name, topic] : state_.topics) {
    if (enough_) return false;
    add(topic);
  }
  for (const auto& [name, group] : state_.groups) {
    if (enough_) return false;
    add(group);
  }
  close_chunk(true);
  return !enough_;
}

// ---- items --------------------------------------------------------------------------------------

void SnapshotEncoder::add(const Topic& topic) {
  const auto name = text(topic.name);
  topics_.push_back(snapshot::CreateTopic(builder_, name, topic.id, topic.partition_count));
  added();
}

/// The order is the one that domain::Rebuild wants.
void SnapshotEncoder::add(const Group& group) {
  group_ = &group;
  add_settings(group);
  add_members(group);
  add_operators_wishes(group);
  add_plans(group);
  add_matches(group);
  add_reset(group);
  for (const auto& [topic, table] : group.partitions) {
    if (enough_) return;
    add_partitions(topic, table);
  }
  close_group();
  group_ = nullptr;
}

fb::Offset<snapshot::PlanReason> SnapshotEncoder::reason(const PlanReason& reason) {
  const auto what = reason.what.empty() ? fb::Offset<fb::String>() : text(reason.what);
  return snapshot::CreatePlanReason(builder_, reason.sequence, what, reason.others);
}

void SnapshotEncoder::add_settings(const Group& group) {
  fb::Offset<snapshot::PlanRequest> request;
  if (group.request) {
    const auto member_id = text(group.request->member_id);
    request = snapshot::CreatePlanRequest(builder_, group.request->sequence, group.request->leader,
                                          member_id, group.request->outdated);
  }
  const auto strategy = text(group.strategy);
  const auto last_reason = reason(group.reason);
  const auto next_reason = reason(group.next_reason);
  fb::Offset<snapshot::PendingReset> reset;
  if (group.reset) {
    reset = snapshot::CreatePendingReset(builder_, group.reset->sequence, group.reset->undoes);
  }
  part_.settings = snapshot::CreateGroupSettings(
      builder_, group.id, group.generation, strategy, group.max_members, group.frozen,
      group.plan_outdated, group.plan_urgent, group.plan_unfinished, group.changed, request,
      last_reason, next_reason, group.offset_retention_ms, group.emptied_ms, group.last_live_reset,
      reset);
  added();
}

void SnapshotEncoder::add_members(const Group& group) {
  absl::flat_hash_map<const void*, std::uint32_t> numbers;
  for (const auto& [subscription, members] : group.subscribers) {
    numbers.emplace(subscription.identity(), static_cast<std::uint32_t>(numbers.size()));
    const auto topics = builder_.CreateVectorOfStrings(subscription.topics());
    const auto patterns = builder_.CreateVectorOfStrings(subscription.patterns());
    part_.subscriptions.push_back(snapshot::CreateSubscription(builder_, topics, patterns));
    added();
  }
  for (const auto& [seat, one] : group.members) {
    part_.members.push_back(member(one, numbers.at(one.settings.subscription.identity())));
    added();
  }
}

fb::Offset<snapshot::Member> SnapshotEncoder::member(const Member& member,
                                                     std::uint32_t subscription) {
  const MemberSettings& settings = member.settings;
  const auto member_id = text(member.member_id);
  const auto client_id = text(settings.client_id);
  const auto host = text(settings.host);
  const auto metadata = builder_.CreateVector(
      reinterpret_cast<const std::uint8_t*>(settings.metadata.data()), settings.metadata.size());
  return snapshot::CreateMember(builder_, member.seat, member_id, member.incarnation,
                                member.incarnation_sequence, member.planned, client_id, host,
                                subscription, settings.session_timeout_ms,
                                settings.disconnect_grace_ms, settings.rebalance_timeout_ms,
                                metadata, settings.computes_plans);
}

void SnapshotEncoder::add_operators_wishes(const Group& group) {
  for (const auto& [member_id, incarnations] : group.ended) {
    std::vector<snapshot::EndedIncarnation> structs;
    for (const EndedIncarnation& one : incarnations) {
      structs.emplace_back(one.incarnation, one.sequence, static_cast<std::uint8_t>(one.how));
    }
    const auto name = text(member_id);
    const auto all = builder_.CreateVectorOfStructs(structs);
    part_.ended.push_back(snapshot::CreateEndedMember(builder_, name, all));
    added();
  }
  for (const std::string& member_id : group.draining) {
    part_.draining.push_back(text(member_id));
    added();
  }
  for (const auto& [at, member_id] : group.pins) {
    const auto name = text(member_id);
    part_.pins.push_back(snapshot::CreatePin(builder_, at.topic, at.partition, name));
    added();
  }
}

void SnapshotEncoder::add_plans(const Group& group) {
  for (const auto& [topic, count] : group.planned) {
    part_.planned.emplace_back(topic, count);
    added(sizeof(snapshot::PlannedTopic));
  }
  if (group.request) {
    for (const auto& [topic, count] : group.request->topics) {
      part_.requested.emplace_back(topic, count);
      added(sizeof(snapshot::PlannedTopic));
    }
  }
  for (const auto& [fence, note] : group.grants) {
    const auto why = reason(note.reason);
    part_.grants.push_back(
        snapshot::CreateGrant(builder_, fence, note.time_ms, note.generation, why));
    added();
  }
}

void SnapshotEncoder::add_matches(const Group& group) {
  constexpr std::size_t kTopicsAtOnce = 10'000;
  for (const auto& [name_of_pattern, matches] : group.patterns) {
    std::vector<TopicId> topics;
    const auto flush = [&, &pattern = name_of_pattern] {
      if (topics.empty()) return;
      const auto name = text(pattern);
      const auto all = builder_.CreateVector(std::exchange(topics, {}));
      part_.patterns.push_back(snapshot::CreatePatternMatches(builder_, name, all));
      added();
    };
    for (const TopicId topic : matches.topics) {
      topics.push_back(topic);
      if (topics.size() == kTopicsAtOnce) flush();
    }
    flush();
  }
}

void SnapshotEncoder::add_reset(const Group& group) {
  if (!group.reset) return;
  for (const auto& [at, pending] : group.reset->offsets) {
    const auto metadata =
        pending.metadata.empty() ? fb::Offset<fb::String>() : text(pending.metadata);
    part_.resetting.push_back(
        snapshot::CreatePendingOffset(builder_, at.topic, at.partition, pending.offset, metadata));
    added();
  }
}

void SnapshotEncoder::add_partitions(TopicId topic, const PartitionTable& table) {
  table_.topic = topic;
  table.for_each([&](PartitionIndex index, const PartitionState& one) {
    if (is_first_state(one)) return;
    table_.partitions.emplace_back(one.owner, one.target, one.fence, one.ended_fence,
                                   one.ended_offset, one.committed, one.commit_time_ms,
                                   one.committed_fence, index, static_cast<std::uint8_t>(one.phase),
                                   static_cast<std::uint8_t>(one.ended_how));
    if (one.metadata) {
      const auto metadata = text(*one.metadata);
      table_.metadata.push_back(snapshot::CreateCommitMetadata(builder_, index, metadata));
    }
    added(sizeof(snapshot::Partition) + sizeof(fb::uoffset_t));
  });
  close_table();
}

}  // namespace

bool encode_snapshot(const State& state, const ChunkSink& sink) {
  return SnapshotEncoder(state, sink).encode();
}

}  // namespace muster::codec
