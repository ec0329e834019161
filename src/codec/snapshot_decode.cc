// FlatBuffers (schemas/snapshot.fbs) to domain state.
#include <snapshot_generated.h>

#include <optional>
#include <utility>
#include <vector>

#include "codec/copies.h"
#include "codec/snapshot.h"
#include "domain/assert.h"
#include "domain/message.h"
#include "domain/rebuild.h"

namespace muster::codec {
namespace {

namespace fb = flatbuffers;
using namespace muster::domain;  // NOLINT(google-build-using-namespace): both sides have one name
                                 // each

/// What is wrong; nothing when all is well.
using Wrong = std::optional<std::string>;

std::string snapshot_text(const fb::String* text) {
  return text == nullptr ? std::string() : text->str();
}

std::vector<std::string> snapshot_texts(const fb::Vector<fb::Offset<fb::String>>* texts) {
  std::vector<std::string> values;
  if (texts == nullptr) return values;
  values.reserve(texts->size());
  for (const fb::String* text : *texts) values.push_back(text->str());
  return values;
}

PlanReason reason(const snapshot::PlanReason& source) {
  return {.sequence = source.sequence(),
          .what = snapshot_text(source.what()),
          .others = source.others()};
}

template <typename Item>
const auto& readable(const fb::Vector<fb::Offset<Item>>& list) {
  return list;
}
template <typename Item>
auto readable(const fb::Vector<Item>& list) {
  return copies(list);
}

/// Calls take(item) for each, until one is wrong. A list that is not there is empty.
template <typename Item, typename Take>
Wrong each(const fb::Vector<Item>* list, Take take) {
  if (list == nullptr) return std::nullopt;
  for (const auto& item : readable(*list)) {
    if (Wrong wrong = take(item)) return wrong;
  }
  return std::nullopt;
}

}  // namespace

class SnapshotDecoder::Reading {
 public:
  Wrong take(const snapshot::Chunk& chunk);
  std::expected<State, std::string> finish();

 private:
  Wrong take(const snapshot::Group& part);
  Wrong take(const snapshot::GroupSettings& settings, const std::string& name);
  Wrong take_members(const snapshot::Group& part);
  Wrong take(const snapshot::Member& source);
  Wrong take_wishes(const snapshot::Group& part);
  Wrong take_plans(const snapshot::Group& part);
  Wrong take(const snapshot::PartitionTable& table);
  Rebuild& rebuild() {
    MUSTER_ASSERT(rebuild_.has_value());
    return *rebuild_;
  }

  std::optional<Rebuild> rebuild_;  // from the first chunk on
  std::uint32_t next_number_ = 0;
  bool ended_ = false;
  Sequence sequence_ = 0;
  std::uint32_t quiet_time_ms_ = 0;
  std::string group_;
  std::vector<Subscription> subscriptions_;  // of that group
};

Wrong SnapshotDecoder::Reading::take(const snapshot::Chunk& chunk) {
  if (ended_ || chunk.number() != next_number_) {
    return sentence("its chunk ", next_number_, " says that it is chunk ", chunk.number());
  }
  if (!rebuild_) {
    sequence_ = chunk.sequence();
    quiet_time_ms_ = chunk.quiet_time_ms();
    rebuild_.emplace(sequence_, quiet_time_ms_);
  }
  if (chunk.sequence() != sequence_ || chunk.quiet_time_ms() != quiet_time_ms_) {
    return sentence("its chunk ", next_number_, " is of another snapshot");
  }
  ++next_number_;
  ended_ = chunk.last();
  const auto take_topic = [&](const snapshot::Topic* topic) {
    return rebuild().topic({.name = snapshot_text(topic->name()),
                            .id = topic->id(),
                            .partition_count = topic->partitions()});
  };
  if (Wrong wrong = each(chunk.topics(), take_topic)) return wrong;
  return each(chunk.groups(), [&](const snapshot::Group* part) { return take(*part); });
}

Wrong SnapshotDecoder::Reading::take(const snapshot::Group& part) {
  const std::string name = snapshot_text(part.name());
  if (part.settings() != nullptr) {
    if (Wrong wrong = take(*part.settings(), name)) return wrong;
  } else if (name != group_) {
    return sentence("a part of group '", name, "' follows group '", group_, "'");
  }
  if (Wrong wrong = take_members(part)) return wrong;
  if (Wrong wrong = take_wishes(part)) return wrong;
  if (Wrong wrong = take_plans(part)) return wrong;
  return each(part.partitions(),
              [&](const snapshot::PartitionTable* table) { return take(*table); });
}

Wrong SnapshotDecoder::Reading::take(const snapshot::GroupSettings& settings,
                                     const std::string& name) {
  group_ = name;
  subscriptions_.clear();
  Group group;
  group.name = name;
  group.id = settings.id();
  group.generation = settings.generation();
  group.strategy = snapshot_text(settings.strategy());
  group.max_members = settings.max_members();
  group.frozen = settings.frozen();
  group.plan_outdated = settings.plan_outdated();
  group.plan_urgent = settings.plan_urgent();
  group.plan_unfinished = settings.plan_unfinished();
  group.changed = settings.changed();
  group.reason = reason(*settings.reason());
  group.next_reason = reason(*settings.next_reason());
  if (const snapshot::PlanRequest* request = settings.request()) {
    group.request = PlanRequest{.sequence = request->sequence(),
                                .leader = request->leader(),
                                .member_id = snapshot_text(request->member_id()),
                                .outdated = request->outdated(),
                                .topics = {}};
  }
  group.offset_retention_ms = settings.offset_retention_ms();
  group.emptied_ms = settings.emptied_ms();
  group.last_live_reset = settings.last_live_reset();
  if (const snapshot::PendingReset* reset = settings.reset()) {
    group.reset =
        PendingReset{.sequence = reset->sequence(), .undoes = reset->undoes(), .offsets = {}};
  }
  return rebuild().group(std::move(group));
}

Wrong SnapshotDecoder::Reading::take_members(const snapshot::Group& part) {
  const auto take_subscription = [&](const snapshot::Subscription* subscription) -> Wrong {
    subscriptions_.emplace_back(snapshot_texts(subscription->topics()),
                                snapshot_texts(subscription->patterns()));
    return std::nullopt;
  };
  if (Wrong wrong = each(part.subscriptions(), take_subscription)) return wrong;
  return each(part.members(), [&](const snapshot::Member* member) { return take(*member); });
}

Wrong SnapshotDecoder::Reading::take(const snapshot::Member& source) {
  Member member;
  member.seat = source.seat();
  member.member_id = snapshot_text(source.member_id());
  member.incarnation = source.incarnation();
  member.incarnation_sequence = source.incarnation_sequence();
  member.planned = source.planned();
  if (source.subscription() >= subscriptions_.size()) {
    return sentence("member '", member.member_id, "' of group '", group_,
                    "' has a subscription that is not there");
  }
  MemberSettings& settings = member.settings;
  settings.client_id = snapshot_text(source.client_id());
  settings.host = snapshot_text(source.host());
  settings.subscription = subscriptions_[source.subscription()];
  settings.session_timeout_ms = source.session_timeout_ms();
  settings.disconnect_grace_ms = source.disconnect_grace_ms();
  settings.rebalance_timeout_ms = source.rebalance_timeout_ms();
  if (source.metadata() != nullptr) {
    settings.metadata.assign(source.metadata()->begin(), source.metadata()->end());
  }
  settings.computes_plans = source.computes_plans();
  return rebuild().member(std::move(member));
}

Wrong SnapshotDecoder::Reading::take_wishes(const snapshot::Group& part) {
  const auto take_ended = [&](const snapshot::EndedMember* member) {
    std::deque<EndedIncarnation> ended;
    for (const snapshot::EndedIncarnation& one : copies(*member->incarnations())) {
      ended.push_back({.incarnation = one.incarnation(),
                       .how = static_cast<TokenEnd>(one.how()),
                       .sequence = one.sequence()});
    }
    return rebuild().ended(snapshot_text(member->member_id()), std::move(ended));
  };
  if (Wrong wrong = each(part.ended(), take_ended)) return wrong;
  const auto take_draining = [&](const fb::String* id) { return rebuild().draining(id->str()); };
  if (Wrong wrong = each(part.draining(), take_draining)) return wrong;
  return each(part.pins(), [&](const snapshot::Pin* pin) {
    return rebuild().pin({.topic = pin->topic(), .partition = pin->partition()},
                         snapshot_text(pin->member_id()));
  });
}

Wrong SnapshotDecoder::Reading::take_plans(const snapshot::Group& part) {
  const auto topic_of = [](const snapshot::PlannedTopic& topic) {
    return PlannedTopic{.topic = topic.topic(), .partition_count = topic.partitions()};
  };
  const auto take_planned = [&](const snapshot::PlannedTopic& topic) {
    return rebuild().planned(topic_of(topic));
  };
  if (Wrong wrong = each(part.planned(), take_planned)) return wrong;
  const auto take_requested = [&](const snapshot::PlannedTopic& topic) {
    return rebuild().requested(topic_of(topic));
  };
  if (Wrong wrong = each(part.requested(), take_requested)) return wrong;
  const auto take_matches = [&](const snapshot::PatternMatches* matches) {
    const std::string pattern = snapshot_text(matches->pattern());
    return each(matches->topics(), [&](TopicId topic) { return rebuild().match(pattern, topic); });
  };
  if (Wrong wrong = each(part.patterns(), take_matches)) return wrong;
  const auto take_resetting = [&](const snapshot::PendingOffset* pending) {
    return rebuild().resetting(
        {.topic = pending->topic(), .partition = pending->partition()},
        {.offset = pending->offset(),
         .metadata = pending->metadata() == nullptr ? "" : pending->metadata()->str()});
  };
  if (Wrong wrong = each(part.resetting(), take_resetting)) return wrong;
  return each(part.grants(), [&](const snapshot::Grant* grant) {
    return rebuild().grant(grant->fence(), {.time_ms = grant->time_ms(),
                                            .generation = grant->generation(),
                                            .reason = reason(*grant->reason()),
                                            .partitions = 0});
  });
}

Wrong SnapshotDecoder::Reading::take(const snapshot::PartitionTable& table) {
  const auto* metadata = table.metadata();
  fb::uoffset_t used = 0;
  const auto take_partition = [&](const snapshot::Partition& source) {
    PartitionState partition;
    partition.owner = source.owner();
    partition.target = source.target();
    partition.fence = source.fence();
    partition.ended_fence = source.ended_fence();
    partition.ended_offset = source.ended_offset();
    partition.committed = source.committed();
    partition.commit_time_ms = source.commit_time_ms();
    partition.committed_fence = source.committed_fence();
    partition.phase = static_cast<Phase>(source.phase());
    partition.ended_how = static_cast<TokenEnd>(source.ended_how());
    const bool has_metadata = metadata != nullptr && used < metadata->size() &&
                              metadata->Get(used)->partition() == source.partition();
    if (has_metadata) {
      partition.metadata = std::make_unique<std::string>(metadata->Get(used++)->metadata()->str());
    }
    return rebuild().partition({.topic = table.topic(), .partition = source.partition()},
                               std::move(partition));
  };
  if (Wrong wrong = each(table.partitions(), take_partition)) return wrong;
  if (metadata == nullptr || used == metadata->size()) return std::nullopt;
  return sentence("group '", group_, "': metadata is for no partition of topic ", table.topic());
}

std::expected<State, std::string> SnapshotDecoder::Reading::finish() {
  if (!ended_) return std::unexpected(sentence("it has no more than ", next_number_, " chunks"));
  return rebuild().finish();
}

SnapshotDecoder::SnapshotDecoder() : reading_(std::make_unique<Reading>()) {}
SnapshotDecoder::~SnapshotDecoder() = default;

std::expected<void, SnapshotError> SnapshotDecoder::take(std::string_view bytes) {
  // A heap block is aligned for everything FlatBuffers reads.
  const std::vector<char> aligned(bytes.begin(), bytes.end());
  fb::Verifier verifier(reinterpret_cast<const std::uint8_t*>(aligned.data()), aligned.size(),
                        /*max_depth=*/16, /*max_tables=*/1'000'000'000);
  if (!verifier.VerifyBuffer<snapshot::Chunk>()) {
    return std::unexpected(SnapshotError{"its bytes do not verify against schemas/snapshot.fbs"});
  }
  if (Wrong wrong = reading_->take(*fb::GetRoot<snapshot::Chunk>(aligned.data()))) {
    return std::unexpected(SnapshotError{std::move(*wrong)});
  }
  return {};
}

std::expected<State, SnapshotError> SnapshotDecoder::finish() {
  auto state = reading_->finish();
  if (!state) return std::unexpected(SnapshotError{std::move(state.error())});
  return std::move(*state);
}

}  // namespace muster::codec
