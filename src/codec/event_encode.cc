// Domain events to FlatBuffers (schemas/event.fbs).
#include <event_generated.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "codec/commit_shapes.h"
#include "codec/event.h"
#include "codec/plain_offsets.h"

namespace muster::codec {

namespace fb = flatbuffers;
using namespace muster::domain;  // NOLINT(google-build-using-namespace): both sides have one name
                                 // each

template <typename Table>
using Tables = fb::Offset<fb::Vector<fb::Offset<Table>>>;

class EventEncoder::Implementation {
 public:
  std::string_view encode(const Event& event);

 private:
  std::string_view build(const Event& event);

  fb::Offset<fb::String> text(const std::string& value) { return builder_.CreateString(value); }
  fb::Offset<fb::String> text_or_none(const std::string& value) {
    return value.empty() ? fb::Offset<fb::String>() : text(value);
  }

  fb::Offset<fb::Vector<fb::Offset<fb::String>>> texts(const std::vector<std::string>& values) {
    return builder_.CreateVectorOfStrings(values);
  }
  fb::Offset<fb::Vector<fb::Offset<fb::String>>> texts_or_none(
      const std::vector<std::string>& values) {
    return values.empty() ? fb::Offset<fb::Vector<fb::Offset<fb::String>>>() : texts(values);
  }
  fb::Offset<fb::Vector<std::uint8_t>> bytes_or_none(const std::string& value) {
    if (value.empty()) return {};
    return builder_.CreateVector(reinterpret_cast<const std::uint8_t*>(value.data()), value.size());
  }
  fb::Offset<fb::Vector<const event::PlannedTopic*>> planned(
      const std::vector<PlannedTopic>& values) {
    std::vector<event::PlannedTopic> structs;
    structs.reserve(values.size());
    for (const PlannedTopic& value : values) {
      structs.emplace_back(value.topic, value.partition_count);
    }
    return builder_.CreateVectorOfStructs(structs);
  }

  Tables<event::PartitionList> lists(const std::vector<PartitionList>& values) {
    std::vector<fb::Offset<event::PartitionList>> offsets;
    offsets.reserve(values.size());
    for (const PartitionList& value : values) {
      offsets.push_back(event::CreatePartitionList(builder_, value.topic,
                                                   builder_.CreateVector(value.partitions)));
    }
    return builder_.CreateVector(offsets);
  }

  Tables<event::MemberPartitions> members(const std::vector<MemberPartitions>& values) {
    std::vector<fb::Offset<event::MemberPartitions>> offsets;
    offsets.reserve(values.size());
    for (const MemberPartitions& value : values) {
      const auto member_id = text(value.member_id);
      const auto topics = lists(value.topics);
      offsets.push_back(event::CreateMemberPartitions(builder_, value.seat, member_id,
                                                      value.incarnation, topics));
    }
    return builder_.CreateVector(offsets);
  }

  fb::Offset<event::MemberSettings> settings(const MemberSettings& value) {
    const auto client_id = text(value.client_id);
    const auto host = text(value.host);
    const auto topics = texts(value.subscription.topics());
    const auto patterns = texts_or_none(value.subscription.patterns());
    return event::CreateMemberSettings(
        builder_, client_id, host, topics, value.session_timeout_ms, value.disconnect_grace_ms,
        value.rebalance_timeout_ms, patterns, bytes_or_none(value.metadata), value.computes_plans);
  }

  Tables<event::OffsetValue> offset_values(const std::vector<OffsetValue>& values) {
    std::vector<fb::Offset<event::OffsetValue>> offsets;
    offsets.reserve(values.size());
    for (const OffsetValue& value : values) {
      const auto metadata = text_or_none(value.metadata);
      offsets.push_back(event::CreateOffsetValue(builder_, value.at.topic, value.at.partition,
                                                 value.offset, value.fence, metadata,
                                                 value.commit_time_ms));
    }
    return builder_.CreateVector(offsets);
  }

  template <typename Number>
  fb::Offset<fb::Vector<Number>> partitions(const std::vector<OffsetValue>& values) {
    std::vector<Number> numbers(values.size());
    put_partitions<Number>(reinterpret_cast<char*>(numbers.data()), values);
    return builder_.CreateVector(numbers);
  }

  Tables<event::FormerPin> pins_or_none(const std::vector<FormerPin>& values) {
    if (values.empty()) return {};
    std::vector<fb::Offset<event::FormerPin>> offsets;
    offsets.reserve(values.size());
    for (const FormerPin& value : values) {
      const auto member_id = text(value.member_id);
      offsets.push_back(
          event::CreateFormerPin(builder_, value.at.topic, value.at.partition, member_id));
    }
    return builder_.CreateVector(offsets);
  }

  fb::Offset<fb::Vector<const event::TokenRef*>> tokens(const std::vector<TokenRef>& values) {
    std::vector<event::TokenRef> structs;
    structs.reserve(values.size());
    for (const TokenRef& value : values) {
      structs.emplace_back(value.at.topic, value.fence, value.at.partition);
    }
    return builder_.CreateVectorOfStructs(structs);
  }

  auto body(const TopicCreated& value) {
    return event::CreateTopicCreated(builder_, text(value.name), value.partition_count);
  }
  auto body(const TopicExpanded& value) {
    return event::CreateTopicExpanded(builder_, value.topic, value.partition_count);
  }
  auto body(const TopicDeleted& value) {
    return event::CreateTopicDeleted(builder_, value.topic, text(value.name),
                                     value.former_partition_count);
  }
  auto body(const GroupTopicDropped& value) {
    const auto group = text(value.group);
    const auto held = members(value.held);
    const auto former = offset_values(value.former);
    return event::CreateGroupTopicDropped(builder_, group, value.topic, held, former,
                                          pins_or_none(value.former_pins));
  }
  auto body(const MemberJoined& value) {
    const auto group = text(value.group);
    const auto member_id = text(value.member_id);
    return event::CreateMemberJoined(builder_, group, member_id, value.incarnation,
                                     settings(value.settings));
  }
  auto body(const MemberReplaced& value) {
    const auto group = text(value.group);
    const auto member_id = text(value.member_id);
    return event::CreateMemberReplaced(builder_, group, value.seat, member_id,
                                       value.former_incarnation, value.incarnation,
                                       settings(value.settings));
  }
  auto body(const MemberSubscribed& value) {
    const auto group = text(value.group);
    const auto member_id = text(value.member_id);
    const auto topics = texts(value.subscription.topics());
    const auto patterns = texts_or_none(value.subscription.patterns());
    return event::CreateMemberSubscribed(builder_, group, value.seat, member_id, topics, patterns,
                                         bytes_or_none(value.metadata), value.computes_plans);
  }
  auto body(const MemberLeft& value) {
    const auto group = text(value.group);
    return event::CreateMemberLeft(builder_, group, value.seat, text(value.member_id),
                                   value.removed);
  }
  auto body(const MemberExpired& value) {
    const auto group = text(value.group);
    return event::CreateMemberExpired(builder_, group, value.seat, text(value.member_id),
                                      static_cast<event::ExpiryReason>(value.reason));
  }
  auto body(const PlanMade& value) {
    const auto group = text(value.group);
    const auto strategy = text(value.strategy);
    const auto topics = planned(value.planned);
    const auto targets = members(value.targets);
    const auto unassigned = lists(value.unassigned);
    const auto revoking = members(value.revoking);
    return event::CreatePlanMade(builder_, group, value.generation, strategy, topics, targets,
                                 unassigned, revoking, text_or_none(value.instead_of_leader),
                                 value.membership, value.more, value.outdated);
  }
  auto body(const PartitionsGranted& value) {
    const auto group = text(value.group);
    return event::CreatePartitionsGranted(builder_, group, value.fence_base, members(value.grants));
  }
  auto body(const PartitionsReleased& value) {
    const auto group = text(value.group);
    const auto member_id = text(value.member_id);
    return event::CreatePartitionsReleased(builder_, group, value.seat, member_id,
                                           value.incarnation, tokens(value.tokens));
  }
  auto body(const PartitionsFenced& value) {
    const auto group = text(value.group);
    const auto member_id = text(value.member_id);
    return event::CreatePartitionsFenced(builder_, group, value.seat, member_id, value.incarnation,
                                         tokens(value.tokens));
  }
  auto body(const OffsetsCommitted& value) {
    const auto group = text(value.group);
    if (!std::ranges::all_of(value.offsets, is_plain)) {
      return event::CreateOffsetsCommitted(builder_, group, offset_values(value.offsets));
    }
    const auto none = offset_values({});
    const std::size_t count = value.offsets.size();
    const Runs how = runs_in(value.offsets);
    if (how.count == 0) {
      std::vector<event::PlainOffset> plain(count);
      put_plain(reinterpret_cast<char*>(plain.data()), value.offsets);
      return event::CreateOffsetsCommitted(builder_, group, none,
                                           builder_.CreateVectorOfStructs(plain));
    }
    std::vector<event::OffsetRun> runs(how.count);
    std::vector<std::int64_t> offsets(count);
    put_runs(reinterpret_cast<char*>(runs.data()), reinterpret_cast<char*>(offsets.data()),
             value.offsets);
    const auto run_list = builder_.CreateVectorOfStructs(runs);
    const auto offset_list = builder_.CreateVector(offsets);
    if (how.short_partitions) {
      return event::CreateOffsetsCommitted(builder_, group, none, {}, run_list, {}, offset_list,
                                           partitions<std::uint16_t>(value.offsets));
    }
    return event::CreateOffsetsCommitted(builder_, group, none, {}, run_list,
                                         partitions<std::int32_t>(value.offsets), offset_list);
  }
  auto body(const GroupDeleted& value) {
    const auto group = text(value.group);
    const auto former = offset_values(value.former);
    const auto strategy = text_or_none(value.former_strategy);
    const auto draining = texts_or_none(value.former_draining);
    return event::CreateGroupDeleted(builder_, group, former, strategy, value.former_max_members,
                                     value.former_frozen, draining, pins_or_none(value.former_pins),
                                     value.former_offset_retention_ms);
  }
  auto body(const OffsetsReset& value) {
    const auto group = text(value.group);
    const auto offsets = offset_values(value.offsets);
    const auto former = offset_values(value.former);
    return event::CreateOffsetsReset(builder_, group, offsets, former, value.begun, value.undoes);
  }
  auto body(const OffsetsResetBegun& value) {
    const auto group = text(value.group);
    const auto offsets = offset_values(value.offsets);
    return event::CreateOffsetsResetBegun(builder_, group, offsets, members(value.revoking),
                                          value.undoes);
  }
  auto body(const OffsetsDeleted& value) {
    const auto group = text(value.group);
    return event::CreateOffsetsDeleted(builder_, group, offset_values(value.former));
  }
  auto body(const OffsetsExpired& value) {
    const auto group = text(value.group);
    return event::CreateOffsetsExpired(builder_, group, offset_values(value.former));
  }
  auto body(const TopicsMatched& value) {
    std::vector<fb::Offset<event::PatternTopics>> matches;
    matches.reserve(value.matches.size());
    for (const PatternTopics& match : value.matches) {
      const auto pattern = text(match.pattern);
      matches.push_back(
          event::CreatePatternTopics(builder_, pattern, builder_.CreateVector(match.topics)));
    }
    const auto group = text(value.group);
    return event::CreateTopicsMatched(builder_, group, builder_.CreateVector(matches));
  }
  auto body(const PlanRequested& value) {
    const auto group = text(value.group);
    const auto member_id = text(value.member_id);
    return event::CreatePlanRequested(builder_, group, value.seat, member_id,
                                      planned(value.planned));
  }
  auto body(const GroupConfigured& value) {
    const auto group = text(value.group);
    return event::CreateGroupConfigured(builder_, group, text(value.strategy), value.max_members,
                                        value.offset_retention_ms);
  }
  auto body(const GroupFrozen& value) {
    return event::CreateGroupFrozen(builder_, text(value.group), value.frozen);
  }
  auto body(const MemberDrained& value) {
    const auto group = text(value.group);
    return event::CreateMemberDrained(builder_, group, text(value.member_id), value.draining);
  }
  auto body(const PartitionPinned& value) {
    const auto group = text(value.group);
    return event::CreatePartitionPinned(builder_, group, value.at.topic, value.at.partition,
                                        text(value.member_id));
  }
  auto body(const JournalRestored& value) {
    return event::CreateJournalRestored(builder_, text(value.former_journal_id),
                                        value.former_last_sequence, value.fence_base,
                                        value.quiet_time_ms);
  }
  auto body(const QuietTimeEnded&) { return event::CreateQuietTimeEnded(builder_); }

  fb::FlatBufferBuilder builder_{1'024};
  CommitShapes commits_;
};

std::string_view EventEncoder::Implementation::encode(const Event& event) {
  if (!CommitShape::has_shape(event)) return build(event);
  if (CommitShape* shape = commits_.find(event)) return shape->encode(event);
  const std::string_view bytes = build(event);
  commits_.remember(event, bytes);
  return bytes;
}

std::string_view EventEncoder::Implementation::build(const Event& event) {
  constexpr std::size_t kKeptBytes = 64 * 1024;  // one giant event's memory is given back
  if (builder_.GetSize() > kKeptBytes) {
    builder_.Reset();
  } else {
    builder_.Clear();
  }
  // One after the other: compilers evaluate arguments in different orders, and the bytes of an
  // event are the same whoever compiled the encoder.
  const auto who = text_or_none(event.cause.who);
  const auto from = text_or_none(event.cause.from);
  const auto cause =
      event::CreateCause(builder_, static_cast<event::CauseKind>(event.cause.kind), who, from);
  const auto body =
      std::visit([this](const auto& one) { return this->body(one).Union(); }, event.body);
  // The domain's variant and the schema's union list the events in the same order.
  const auto type = static_cast<event::EventBody>(event.body.index() + 1);
  builder_.Finish(event::CreateEvent(builder_, event.time_ms, cause, type, body));
  return {reinterpret_cast<const char*>(builder_.GetBufferPointer()), builder_.GetSize()};
}

EventEncoder::EventEncoder() : implementation_(std::make_unique<Implementation>()) {}
EventEncoder::~EventEncoder() = default;

std::string_view EventEncoder::encode(const Event& event) { return implementation_->encode(event); }

std::string encode_event(const Event& event) { return std::string(EventEncoder().encode(event)); }

}  // namespace muster::codec
