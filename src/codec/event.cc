#include "codec/event.h"

#include <event_generated.h>

#include <cstring>
#include <utility>
#include <vector>

namespace muster::codec {
namespace {

namespace fb = flatbuffers;
using namespace muster::domain;  // NOLINT(google-build-using-namespace): both sides have one name
                                 // each

// ---- to bytes ------------------------------------------------------------------------------

template <typename Table>
using Tables = fb::Offset<fb::Vector<fb::Offset<Table>>>;

class Encoder {
 public:
  std::string encode(const Event& event);

 private:
  fb::Offset<fb::String> text(const std::string& value) { return builder_.CreateString(value); }
  fb::Offset<fb::String> text_or_none(const std::string& value) {
    return value.empty() ? fb::Offset<fb::String>() : text(value);
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
    const auto topics = builder_.CreateVectorOfStrings(value.topics);
    return event::CreateMemberSettings(builder_, client_id, host, topics, value.session_timeout_ms,
                                       value.disconnect_grace_ms, value.rebalance_timeout_ms);
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
    return event::CreateTopicDeleted(builder_, value.topic, text(value.name));
  }
  auto body(const GroupTopicDropped& value) {
    const auto group = text(value.group);
    const auto held = members(value.held);
    return event::CreateGroupTopicDropped(builder_, group, value.topic, held,
                                          offset_values(value.former));
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
    return event::CreateMemberSubscribed(builder_, group, value.seat, member_id,
                                         builder_.CreateVectorOfStrings(value.topics));
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
    std::vector<event::PlannedTopic> planned;
    planned.reserve(value.planned.size());
    for (const PlannedTopic& topic : value.planned) {
      planned.emplace_back(topic.topic, topic.partition_count);
    }
    const auto group = text(value.group);
    const auto strategy = text(value.strategy);
    const auto topics = builder_.CreateVectorOfStructs(planned);
    const auto targets = members(value.targets);
    const auto unassigned = lists(value.unassigned);
    return event::CreatePlanMade(builder_, group, value.generation, strategy, topics, targets,
                                 unassigned, members(value.revoking));
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
    return event::CreateOffsetsCommitted(builder_, group, offset_values(value.offsets));
  }
  auto body(const GroupDeleted& value) {
    const auto group = text(value.group);
    return event::CreateGroupDeleted(builder_, group, offset_values(value.former));
  }

  fb::FlatBufferBuilder builder_{256};
};

std::string Encoder::encode(const Event& event) {
  const auto cause =
      event::CreateCause(builder_, static_cast<event::CauseKind>(event.cause.kind),
                         text_or_none(event.cause.who), text_or_none(event.cause.from));
  const auto body =
      std::visit([this](const auto& one) { return this->body(one).Union(); }, event.body);
  // The domain's variant and the schema's union list the events in the same order.
  const auto type = static_cast<event::EventBody>(event.body.index() + 1);
  builder_.Finish(event::CreateEvent(builder_, event.time_ms, cause, type, body));
  return {reinterpret_cast<const char*>(builder_.GetBufferPointer()), builder_.GetSize()};
}

// ---- from bytes ----------------------------------------------------------------------------
// The buffer is verified: required fields are there, and only optional strings may be null.

std::string read(const fb::String* text) { return text == nullptr ? std::string() : text->str(); }

std::vector<std::string> read(const fb::Vector<fb::Offset<fb::String>>& texts) {
  std::vector<std::string> values;
  values.reserve(texts.size());
  for (const fb::String* text : texts) values.push_back(text->str());
  return values;
}

std::vector<PartitionList> read(const fb::Vector<fb::Offset<event::PartitionList>>& lists) {
  std::vector<PartitionList> values;
  values.reserve(lists.size());
  for (const event::PartitionList* list : lists) {
    values.push_back({.topic = list->topic(),
                      .partitions = {list->partitions()->begin(), list->partitions()->end()}});
  }
  return values;
}

std::vector<MemberPartitions> read(const fb::Vector<fb::Offset<event::MemberPartitions>>& members) {
  std::vector<MemberPartitions> values;
  values.reserve(members.size());
  for (const event::MemberPartitions* member : members) {
    values.push_back({.seat = member->seat(),
                      .member_id = read(member->member_id()),
                      .incarnation = member->incarnation(),
                      .topics = read(*member->topics())});
  }
  return values;
}

MemberSettings read(const event::MemberSettings& settings) {
  return {.client_id = read(settings.client_id()),
          .host = read(settings.host()),
          .topics = read(*settings.topics()),
          .session_timeout_ms = settings.session_timeout_ms(),
          .disconnect_grace_ms = settings.disconnect_grace_ms(),
          .rebalance_timeout_ms = settings.rebalance_timeout_ms()};
}

std::vector<OffsetValue> read(const fb::Vector<fb::Offset<event::OffsetValue>>& offsets) {
  std::vector<OffsetValue> values;
  values.reserve(offsets.size());
  for (const event::OffsetValue* offset : offsets) {
    values.push_back({.at = {.topic = offset->topic(), .partition = offset->partition()},
                      .offset = offset->offset(),
                      .fence = offset->fence(),
                      .metadata = read(offset->metadata()),
                      .commit_time_ms = offset->commit_time_ms()});
  }
  return values;
}

std::vector<TokenRef> read(const fb::Vector<const event::TokenRef*>& tokens) {
  std::vector<TokenRef> values;
  values.reserve(tokens.size());
  for (const event::TokenRef* token : tokens) {
    values.push_back({.at = {.topic = token->topic(), .partition = token->partition()},
                      .fence = token->fence()});
  }
  return values;
}

EventBody read(const event::TopicCreated& body) {
  return TopicCreated{.name = read(body.name()), .partition_count = body.partitions()};
}
EventBody read(const event::TopicExpanded& body) {
  return TopicExpanded{.topic = body.topic(), .partition_count = body.partitions()};
}
EventBody read(const event::TopicDeleted& body) {
  return TopicDeleted{.topic = body.topic(), .name = read(body.name())};
}
EventBody read(const event::GroupTopicDropped& body) {
  return GroupTopicDropped{.group = read(body.group()),
                           .topic = body.topic(),
                           .held = read(*body.held()),
                           .former = read(*body.former())};
}
EventBody read(const event::MemberJoined& body) {
  return MemberJoined{.group = read(body.group()),
                      .member_id = read(body.member_id()),
                      .incarnation = body.incarnation(),
                      .settings = read(*body.settings())};
}
EventBody read(const event::MemberReplaced& body) {
  return MemberReplaced{.group = read(body.group()),
                        .seat = body.seat(),
                        .member_id = read(body.member_id()),
                        .former_incarnation = body.former_incarnation(),
                        .incarnation = body.incarnation(),
                        .settings = read(*body.settings())};
}
EventBody read(const event::MemberSubscribed& body) {
  return MemberSubscribed{.group = read(body.group()),
                          .seat = body.seat(),
                          .member_id = read(body.member_id()),
                          .topics = read(*body.topics())};
}
EventBody read(const event::MemberLeft& body) {
  return MemberLeft{.group = read(body.group()),
                    .seat = body.seat(),
                    .member_id = read(body.member_id()),
                    .removed = body.removed()};
}
EventBody read(const event::MemberExpired& body) {
  return MemberExpired{.group = read(body.group()),
                       .seat = body.seat(),
                       .member_id = read(body.member_id()),
                       .reason = static_cast<ExpiryReason>(body.reason())};
}
EventBody read(const event::PlanMade& body) {
  std::vector<PlannedTopic> planned;
  planned.reserve(body.planned()->size());
  for (const event::PlannedTopic* topic : *body.planned()) {
    planned.push_back({.topic = topic->topic(), .partition_count = topic->partitions()});
  }
  return PlanMade{.group = read(body.group()),
                  .generation = body.generation(),
                  .strategy = read(body.strategy()),
                  .planned = std::move(planned),
                  .targets = read(*body.targets()),
                  .unassigned = read(*body.unassigned()),
                  .revoking = read(*body.revoking())};
}
EventBody read(const event::PartitionsGranted& body) {
  return PartitionsGranted{
      .group = read(body.group()), .fence_base = body.fence_base(), .grants = read(*body.grants())};
}
EventBody read(const event::PartitionsReleased& body) {
  return PartitionsReleased{.group = read(body.group()),
                            .seat = body.seat(),
                            .member_id = read(body.member_id()),
                            .incarnation = body.incarnation(),
                            .tokens = read(*body.tokens())};
}
EventBody read(const event::PartitionsFenced& body) {
  return PartitionsFenced{.group = read(body.group()),
                          .seat = body.seat(),
                          .member_id = read(body.member_id()),
                          .incarnation = body.incarnation(),
                          .tokens = read(*body.tokens())};
}
EventBody read(const event::OffsetsCommitted& body) {
  return OffsetsCommitted{.group = read(body.group()), .offsets = read(*body.offsets())};
}
EventBody read(const event::GroupDeleted& body) {
  return GroupDeleted{.group = read(body.group()), .former = read(*body.former())};
}

std::unexpected<EventError> unknown(const char* what, int number) {
  return std::unexpected(EventError{
      std::string("its ") + what + " " + std::to_string(number) +
      " is not one that this version knows: use the version of muster that wrote the journal"});
}

std::expected<EventBody, EventError> read_body(const event::Event& source) {
  switch (source.body_type()) {
    case event::EventBody::TopicCreated:
      return read(*source.body_as_TopicCreated());
    case event::EventBody::TopicExpanded:
      return read(*source.body_as_TopicExpanded());
    case event::EventBody::TopicDeleted:
      return read(*source.body_as_TopicDeleted());
    case event::EventBody::GroupTopicDropped:
      return read(*source.body_as_GroupTopicDropped());
    case event::EventBody::MemberJoined:
      return read(*source.body_as_MemberJoined());
    case event::EventBody::MemberReplaced:
      return read(*source.body_as_MemberReplaced());
    case event::EventBody::MemberSubscribed:
      return read(*source.body_as_MemberSubscribed());
    case event::EventBody::MemberLeft:
      return read(*source.body_as_MemberLeft());
    case event::EventBody::MemberExpired: {
      const event::MemberExpired& expired = *source.body_as_MemberExpired();
      if (expired.reason() > event::ExpiryReason::MAX) {
        return unknown("expiry reason", static_cast<int>(expired.reason()));
      }
      return read(expired);
    }
    case event::EventBody::PlanMade:
      return read(*source.body_as_PlanMade());
    case event::EventBody::PartitionsGranted:
      return read(*source.body_as_PartitionsGranted());
    case event::EventBody::PartitionsReleased:
      return read(*source.body_as_PartitionsReleased());
    case event::EventBody::PartitionsFenced:
      return read(*source.body_as_PartitionsFenced());
    case event::EventBody::OffsetsCommitted:
      return read(*source.body_as_OffsetsCommitted());
    case event::EventBody::GroupDeleted:
      return read(*source.body_as_GroupDeleted());
    case event::EventBody::NONE:
      break;
  }
  return unknown("type", static_cast<int>(source.body_type()));
}

}  // namespace

std::string encode_event(const Event& event) { return Encoder().encode(event); }

std::expected<Event, EventError> decode_event(std::string_view bytes) {
  // LMDB's values are 2-byte aligned; a heap block is aligned for everything FlatBuffers reads.
  const std::vector<char> aligned(bytes.begin(), bytes.end());
  fb::Verifier verifier(reinterpret_cast<const std::uint8_t*>(aligned.data()), aligned.size(),
                        /*max_depth=*/16, /*max_tables=*/1'000'000'000);
  if (!verifier.VerifyBuffer<event::Event>()) {
    return std::unexpected(EventError{"its bytes do not verify against schemas/event.fbs"});
  }
  const event::Event& source = *fb::GetRoot<event::Event>(aligned.data());
  if (source.cause()->kind() > event::CauseKind::MAX) {
    return unknown("cause", static_cast<int>(source.cause()->kind()));
  }
  auto body = read_body(source);
  if (!body) return std::unexpected(body.error());
  return Event{.time_ms = source.time_ms(),
               .cause = {.kind = static_cast<CauseKind>(source.cause()->kind()),
                         .who = read(source.cause()->who()),
                         .from = read(source.cause()->from())},
               .body = std::move(*body)};
}

}  // namespace muster::codec
