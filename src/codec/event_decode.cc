// FlatBuffers (schemas/event.fbs) to domain events.
#include <event_generated.h>

#include <optional>
#include <utility>
#include <vector>

#include "codec/copies.h"
#include "codec/event.h"

namespace muster::codec {
namespace {

namespace fb = flatbuffers;
using namespace muster::domain;  // NOLINT(google-build-using-namespace): both sides have one name
                                 // each

// The buffer is verified: required fields are there, and only optional strings may be null.

std::string read(const fb::String* text) { return text == nullptr ? std::string() : text->str(); }

std::vector<std::string> read(const fb::Vector<fb::Offset<fb::String>>& texts) {
  std::vector<std::string> values;
  values.reserve(texts.size());
  for (const fb::String* text : texts) values.push_back(text->str());
  return values;
}

std::vector<std::string> read_texts(const fb::Vector<fb::Offset<fb::String>>* texts) {
  return texts == nullptr ? std::vector<std::string>() : read(*texts);
}

std::string read_bytes(const fb::Vector<std::uint8_t>* bytes) {
  if (bytes == nullptr) return {};
  return {reinterpret_cast<const char*>(bytes->data()), bytes->size()};
}

std::vector<PlannedTopic> read(const fb::Vector<const event::PlannedTopic*>& topics) {
  std::vector<PlannedTopic> values;
  values.reserve(topics.size());
  for (const event::PlannedTopic& topic : copies(topics)) {
    values.push_back({.topic = topic.topic(), .partition_count = topic.partitions()});
  }
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
          .subscription = Subscription(read(*settings.topics()), read_texts(settings.patterns())),
          .session_timeout_ms = settings.session_timeout_ms(),
          .disconnect_grace_ms = settings.disconnect_grace_ms(),
          .rebalance_timeout_ms = settings.rebalance_timeout_ms(),
          .metadata = read_bytes(settings.metadata()),
          .computes_plans = settings.computes_plans()};
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
  for (const event::TokenRef& token : copies(tokens)) {
    values.push_back(
        {.at = {.topic = token.topic(), .partition = token.partition()}, .fence = token.fence()});
  }
  return values;
}

std::vector<FormerPin> read_pins(const fb::Vector<fb::Offset<event::FormerPin>>* pins) {
  std::vector<FormerPin> values;
  if (pins == nullptr) return values;
  values.reserve(pins->size());
  for (const event::FormerPin* pin : *pins) {
    values.push_back({.at = {.topic = pin->topic(), .partition = pin->partition()},
                      .member_id = read(pin->member_id())});
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
  return TopicDeleted{.topic = body.topic(),
                      .name = read(body.name()),
                      .former_partition_count = body.former_partitions()};
}
EventBody read(const event::GroupTopicDropped& body) {
  return GroupTopicDropped{.group = read(body.group()),
                           .topic = body.topic(),
                           .held = read(*body.held()),
                           .former = read(*body.former()),
                           .former_pins = read_pins(body.former_pins())};
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
  return MemberSubscribed{
      .group = read(body.group()),
      .seat = body.seat(),
      .member_id = read(body.member_id()),
      .subscription = Subscription(read(*body.topics()), read_texts(body.patterns())),
      .metadata = read_bytes(body.metadata()),
      .computes_plans = body.computes_plans()};
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
  return PlanMade{.group = read(body.group()),
                  .generation = body.generation(),
                  .strategy = read(body.strategy()),
                  .planned = read(*body.planned()),
                  .targets = read(*body.targets()),
                  .unassigned = read(*body.unassigned()),
                  .revoking = read(*body.revoking()),
                  .instead_of_leader = read(body.instead_of_leader()),
                  .membership = body.membership(),
                  .more = body.more(),
                  .outdated = body.outdated()};
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
EventBody read(const event::GroupDeleted& body) {
  return GroupDeleted{.group = read(body.group()),
                      .former = read(*body.former()),
                      .former_strategy = read(body.former_strategy()),
                      .former_max_members = body.former_max_members(),
                      .former_frozen = body.former_frozen(),
                      .former_draining = read_texts(body.former_draining()),
                      .former_pins = read_pins(body.former_pins()),
                      .former_offset_retention_ms = body.former_offset_retention_ms()};
}
EventBody read(const event::OffsetsReset& body) {
  return OffsetsReset{.group = read(body.group()),
                      .offsets = read(*body.offsets()),
                      .former = read(*body.former()),
                      .begun = body.begun(),
                      .undoes = body.undoes()};
}
EventBody read(const event::OffsetsResetBegun& body) {
  return OffsetsResetBegun{.group = read(body.group()),
                           .offsets = read(*body.offsets()),
                           .revoking = read(*body.revoking()),
                           .undoes = body.undoes()};
}
EventBody read(const event::OffsetsDeleted& body) {
  return OffsetsDeleted{.group = read(body.group()), .former = read(*body.former())};
}
EventBody read(const event::OffsetsExpired& body) {
  return OffsetsExpired{.group = read(body.group()), .former = read(*body.former())};
}
EventBody read(const event::TopicsMatched& body) {
  TopicsMatched event{.group = read(body.group()), .matches = {}};
  for (const event::PatternTopics* match : *body.matches()) {
    event.matches.push_back(
        {.pattern = read(match->pattern()), .topics = copies(*match->topics())});
  }
  return event;
}
EventBody read(const event::PlanRequested& body) {
  return PlanRequested{.group = read(body.group()),
                       .seat = body.seat(),
                       .member_id = read(body.member_id()),
                       .planned = read(*body.planned())};
}
EventBody read(const event::GroupConfigured& body) {
  return GroupConfigured{.group = read(body.group()),
                         .strategy = read(body.strategy()),
                         .max_members = body.max_members(),
                         .offset_retention_ms = body.offset_retention_ms()};
}
EventBody read(const event::GroupFrozen& body) {
  return GroupFrozen{.group = read(body.group()), .frozen = body.frozen()};
}
EventBody read(const event::MemberDrained& body) {
  return MemberDrained{.group = read(body.group()),
                       .member_id = read(body.member_id()),
                       .draining = body.draining()};
}
EventBody read(const event::PartitionPinned& body) {
  return PartitionPinned{.group = read(body.group()),
                         .at = {.topic = body.topic(), .partition = body.partition()},
                         .member_id = read(body.member_id())};
}

EventBody read(const event::JournalRestored& body) {
  return JournalRestored{.former_journal_id = read(body.former_journal_id()),
                         .former_last_sequence = body.former_last_sequence(),
                         .fence_base = body.fence_base(),
                         .quiet_time_ms = body.quiet_time_ms()};
}

std::unexpected<EventError> unknown(const char* what, int number) {
  return std::unexpected(EventError{
      std::string("its ") + what + " " + std::to_string(number) +
      " is not one that this version knows: use the version of muster that wrote the journal"});
}

void add(std::vector<OffsetValue>& offsets, TopicId topic, PartitionIndex partition,
         std::int64_t offset, FencingToken fence) {
  OffsetValue& value = offsets.emplace_back();
  value.at = {.topic = topic, .partition = partition};
  value.offset = offset;
  value.fence = fence;
}

/// Nothing: the lists contradict each other.
std::optional<std::vector<OffsetValue>> read_runs(const event::OffsetsCommitted& body,
                                                  const auto& partitions) {
  const fb::uoffset_t count = body.run_offsets()->size();
  if (partitions.size() != count) return std::nullopt;
  std::vector<OffsetValue> offsets;
  offsets.reserve(count);
  fb::uoffset_t next = 0;
  for (fb::uoffset_t i = 0; i < body.runs()->size(); ++i) {
    const auto run = element(*body.runs(), i);
    if (run.length() > count - next) return std::nullopt;
    for (const fb::uoffset_t end = next + run.length(); next < end; ++next) {
      add(offsets, run.topic(), partitions.Get(next), element(*body.run_offsets(), next),
          run.fence());
    }
  }
  if (next != count) return std::nullopt;
  return offsets;
}

std::optional<std::vector<OffsetValue>> read_runs(const event::OffsetsCommitted& body) {
  const bool both = body.run_partitions() != nullptr && body.short_partitions() != nullptr;
  if (body.runs() == nullptr || body.run_offsets() == nullptr || both) return std::nullopt;
  if (body.run_partitions() != nullptr) return read_runs(body, *body.run_partitions());
  if (body.short_partitions() != nullptr) return read_runs(body, *body.short_partitions());
  return std::nullopt;
}

std::vector<OffsetValue> read_plain(const fb::Vector<const event::PlainOffset*>& plain) {
  std::vector<OffsetValue> offsets;
  offsets.reserve(plain.size());
  for (fb::uoffset_t i = 0; i < plain.size(); ++i) {
    const auto one = element(plain, i);
    add(offsets, one.topic(), one.partition(), one.offset(), one.fence());
  }
  return offsets;
}

/// Written in one of three ways, and in no two of them.
std::expected<EventBody, EventError> read(const event::OffsetsCommitted& body) {
  OffsetsCommitted event{.group = read(body.group()), .offsets = {}};
  const bool by_run = body.runs() != nullptr || body.run_partitions() != nullptr ||
                      body.run_offsets() != nullptr || body.short_partitions() != nullptr;
  const int ways = (body.offsets()->size() > 0) + (body.plain() != nullptr) + by_run;
  auto runs = by_run ? read_runs(body) : std::nullopt;
  if (ways > 1 || (by_run && !runs)) {
    return std::unexpected(EventError{"the lists of its offsets contradict each other"});
  }
  if (by_run) {
    event.offsets = std::move(*runs);
  } else if (body.plain() != nullptr) {
    event.offsets = read_plain(*body.plain());
  } else {
    event.offsets = read(*body.offsets());
  }
  return event;
}

// NOLINTNEXTLINE(readability-function-size): a case a table
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
    case event::EventBody::TopicsMatched:
      return read(*source.body_as_TopicsMatched());
    case event::EventBody::PlanRequested:
      return read(*source.body_as_PlanRequested());
    case event::EventBody::GroupConfigured:
      return read(*source.body_as_GroupConfigured());
    case event::EventBody::GroupFrozen:
      return read(*source.body_as_GroupFrozen());
    case event::EventBody::MemberDrained:
      return read(*source.body_as_MemberDrained());
    case event::EventBody::PartitionPinned:
      return read(*source.body_as_PartitionPinned());
    case event::EventBody::JournalRestored:
      return read(*source.body_as_JournalRestored());
    case event::EventBody::QuietTimeEnded:
      return QuietTimeEnded{};
    case event::EventBody::OffsetsReset:
      return read(*source.body_as_OffsetsReset());
    case event::EventBody::OffsetsResetBegun:
      return read(*source.body_as_OffsetsResetBegun());
    case event::EventBody::OffsetsDeleted:
      return read(*source.body_as_OffsetsDeleted());
    case event::EventBody::OffsetsExpired:
      return read(*source.body_as_OffsetsExpired());
    case event::EventBody::NONE:
      break;
  }
  return unknown("type", static_cast<int>(source.body_type()));
}

}  // namespace

std::expected<Event, EventError> EventDecoder::decode(std::string_view bytes) {
  // LMDB's values are 2-byte aligned; a heap block is aligned for everything FlatBuffers reads.
  aligned_.assign(bytes.begin(), bytes.end());
  fb::Verifier verifier(reinterpret_cast<const std::uint8_t*>(aligned_.data()), aligned_.size(),
                        /*max_depth=*/16, /*max_tables=*/1'000'000'000);
  if (!verifier.VerifyBuffer<event::Event>()) {
    return std::unexpected(EventError{"its bytes do not verify against schemas/event.fbs"});
  }
  return read_event(*fb::GetRoot<event::Event>(aligned_.data()));
}

std::expected<Event, EventError> decode_event(std::string_view bytes) {
  return EventDecoder().decode(bytes);
}

std::expected<Event, EventError> read_event(const event::Event& source) {
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
