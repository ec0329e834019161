// Questions about what happened: events of the durable journal, a bounded stretch of it at a time,
// so that a long history stalls nobody's heartbeats.

#include <algorithm>
#include <optional>

#include "codec/event.h"
#include "coordinator/queries.h"
#include "domain/refuse.h"

namespace muster::coordinator {
namespace {

/// Records looked at for one request, whether they are asked for or not.
constexpr std::uint64_t kMostRecords = 2'000;
constexpr std::size_t kEventFixedBytes = 32;

/// What is asked for. Of an event that concerns many partitions only the part that does is sent: a
/// plan of half a million partitions would not fit into a frame.
class Wanted {
 public:
  Wanted(const domain::State& state, const wire::ListEventsT& query)
      : state_(state), query_(query) {}

  /// The bytes to send; nothing when none of the event is asked for.
  std::optional<std::string> part_of(domain::Event event, std::string_view bytes) const {
    const std::string_view group = domain::event_group(event.body);
    if (!query_.group.empty() && !group.empty() && group != query_.group) return std::nullopt;
    if (query_.topic.empty()) return std::string(bytes);
    if (!std::visit([this](auto& body) { return cut(body); }, event.body)) return std::nullopt;
    return codec::encode_event(event);
  }

 private:
  /// A topic that is gone may have had the name: events do not say.
  bool concerns(TopicId id) const {
    const domain::Topic* topic = state_.topic(id);
    return topic == nullptr || topic->name == query_.topic;
  }
  bool concerns(TopicPartition at) const {
    return concerns(at.topic) && (query_.partition < 0 || query_.partition == at.partition);
  }

  void cut_lists(std::vector<domain::PartitionList>& lists) const {
    for (domain::PartitionList& list : lists) {
      std::erase_if(list.partitions, [&](PartitionIndex index) {
        return !concerns({.topic = list.topic, .partition = index});
      });
    }
    std::erase_if(lists, [](const auto& list) { return list.partitions.empty(); });
  }
  void cut_members(std::vector<domain::MemberPartitions>& members) const {
    for (domain::MemberPartitions& member : members) cut_lists(member.topics);
    std::erase_if(members, [](const auto& member) { return member.topics.empty(); });
  }
  /// Tokens or offsets. False: nothing is left.
  bool cut_values(auto& values) const {
    std::erase_if(values, [&](const auto& value) { return !concerns(value.at); });
    return !values.empty();
  }

  // One overload an event that lists partitions; false: nothing is left that was asked for.
  bool cut(domain::GroupTopicDropped& event) const {
    cut_members(event.held);
    cut_values(event.former);
    cut_values(event.former_pins);
    return concerns(event.topic);
  }
  bool cut(domain::PlanMade& event) const {
    cut_members(event.targets);
    cut_lists(event.unassigned);
    cut_members(event.revoking);
    return true;
  }
  bool cut(domain::PartitionsGranted& event) const {
    cut_members(event.grants);
    return !event.grants.empty();
  }
  bool cut(domain::PartitionsReleased& event) const { return cut_values(event.tokens); }
  bool cut(domain::PartitionsFenced& event) const { return cut_values(event.tokens); }
  bool cut(domain::OffsetsCommitted& event) const { return cut_values(event.offsets); }
  bool cut(domain::OffsetsReset& event) const {
    cut_values(event.former);
    return cut_values(event.offsets);
  }
  bool cut(domain::OffsetsResetBegun& event) const {
    cut_members(event.revoking);
    return cut_values(event.offsets);
  }
  bool cut(domain::OffsetsDeleted& event) const { return cut_values(event.former); }
  bool cut(domain::OffsetsExpired& event) const { return cut_values(event.former); }
  bool cut(domain::GroupDeleted& event) const {
    cut_values(event.former);
    cut_values(event.former_pins);
    return true;
  }
  bool cut(domain::TopicsMatched& event) const {
    for (domain::PatternTopics& match : event.matches) {
      std::erase_if(match.topics, [this](TopicId topic) { return !concerns(topic); });
    }
    return true;
  }
  bool cut(const auto&) const { return true; }

  const domain::State& state_;
  const wire::ListEventsT& query_;
};

std::unexpected<Rejection> refuse_unreadable(const std::string& message) {
  return domain::refuse(ErrorCode::kInternalError, "The journal can't be read: ", message);
}

/// One request's walk through the journal.
class Walk {
 public:
  Walk(const View& view, const wire::ListEventsT& query, Sequence first, Sequence reached)
      : wanted_(view.state, query),
        page_(view.max_frame_bytes, query.limit),
        bytes_left_(view.max_frame_bytes / 2) {
    reply_.first_sequence = first;
    reply_.reached = reached;
  }

  /// False: it is enough.
  bool take(Sequence sequence, std::string_view bytes) {
    auto event = codec::decode_event(bytes);
    if (!event) {
      refused_ = refuse_unreadable(event.error().message).error();
      return false;
    }
    if (auto part = wanted_.part_of(std::move(*event), bytes)) {
      if (!page_.take(part->size() + kEventFixedBytes)) {
        if (reply_.events.empty()) refuse_too_large(sequence, part->size());
        return false;
      }
      reply_.events.push_back(std::make_unique<wire::JournalEventT>());
      reply_.events.back()->sequence = sequence;
      reply_.events.back()->event.assign(part->begin(), part->end());
    }
    reply_.reached = sequence;
    bytes_left_ -= std::min(bytes.size(), bytes_left_);
    return bytes_left_ > 0;
  }

  Answer finish(Sequence durable_sequence) {
    if (refused_) return std::unexpected(std::move(*refused_));
    reply_.more = reply_.reached < durable_sequence;
    return body_of(std::move(reply_));
  }

 private:
  void refuse_too_large(Sequence sequence, std::size_t bytes) {
    refused_ = domain::refuse(ErrorCode::kLimitReached, "Event ", sequence, " has ", bytes,
                              " bytes, too many for a frame: name a topic and a partition, or read "
                              "the journal with 'muster journal log'.")
                   .error();
  }

  Wanted wanted_;
  Page page_;
  std::size_t bytes_left_;  // of the journal, that may still be looked at
  wire::EventsReplyT reply_;
  std::optional<Rejection> refused_;
};

}  // namespace

Answer answer(const View& view, const History& history, const wire::ListEventsT& query) {
  std::optional<Sequence> trimmed_to;
  while (true) {
    const auto header = history.reader.header();
    if (!header) return refuse_unreadable(header.error().message);
    const Sequence before = std::max(query.after_sequence, header->first_sequence - 1);
    Walk walk(view, query, header->first_sequence, before);
    if (before >= history.durable_sequence) return walk.finish(history.durable_sequence);
    const Sequence last = std::min(history.durable_sequence, before + kMostRecords);
    const auto read = history.reader.read(
        before + 1, last,
        [&](std::uint64_t sequence, std::string_view bytes) { return walk.take(sequence, bytes); });
    if (read) return walk.finish(history.durable_sequence);
    // The history may have been trimmed between the two: then it begins later now.
    const bool again = trimmed_to != header->first_sequence;
    if (read.error().fault != journal::Fault::kMissing || !again) {
      return refuse_unreadable(read.error().message);
    }
    trimmed_to = header->first_sequence;
  }
}

}  // namespace muster::coordinator
