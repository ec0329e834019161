#include "tools/offset_history.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "tools/offset_changes.h"
#include "tools/offset_view.h"

namespace muster::tools {
namespace {

/// The offsets of a group as its events tell them, up to a time. Events are in the order of their
/// sequences: clocks may have been set back, so what follows counts as long as one more event of
/// the time or before comes.
class OffsetHistory {
 public:
  OffsetHistory(std::string group, std::int64_t time_ms)
      : group_(std::move(group)), time_ms_(time_ms) {}

  void take(ListedEvent listed) {
    if (domain::event_group(listed.event.body) != group_) return;
    const bool in_time = listed.event.time_ms <= time_ms_;
    later_.push_back(std::move(listed.event.body));
    if (!in_time) return;
    for (const domain::EventBody& body : std::exchange(later_, {})) apply(body);
  }

  /// What was committed then; nothing when the events do not say.
  std::optional<domain::OffsetValue> of(TopicPartition at) const {
    const auto known = offsets_.find(at);
    if (known != offsets_.end()) return known->second;
    if (deleted_) return domain::OffsetValue{.at = at, .offset = -1};
    // The first event after it may have kept what was there before.
    for (const domain::EventBody& body : later_) {
      if (const auto* values = former_of(body)) {
        for (const domain::OffsetValue& value : *values) {
          if (value.at == at) return value;
        }
      }
      if (touches(body, at)) return std::nullopt;
    }
    return std::nullopt;
  }

  /// Partitions of which something was committed then, as far as the events say.
  std::set<TopicPartition> committed() const {
    std::set<TopicPartition> places;
    for (const auto& [at, value] : offsets_) places.insert(at);
    for (const domain::EventBody& body : later_) {
      const auto* former = former_of(body);
      if (former == nullptr) continue;
      for (const domain::OffsetValue& value : *former) places.insert(value.at);
    }
    std::erase_if(places, [this](TopicPartition at) {
      const auto then = of(at);
      return !then || then->offset < 0;
    });
    return places;
  }

  /// Whether any event after the time changed it.
  bool changed_later(TopicPartition at) const {
    for (const domain::EventBody& body : later_) {
      if (touches(body, at)) return true;
    }
    return false;
  }

 private:
  static const std::vector<domain::OffsetValue>* former_of(const domain::EventBody& body) {
    if (const auto* reset = std::get_if<domain::OffsetsReset>(&body)) return &reset->former;
    if (const auto* deleted = std::get_if<domain::OffsetsDeleted>(&body)) return &deleted->former;
    if (const auto* expired = std::get_if<domain::OffsetsExpired>(&body)) return &expired->former;
    if (const auto* erased = std::get_if<domain::GroupDeleted>(&body)) return &erased->former;
    return nullptr;
  }

  static bool touches(const domain::EventBody& body, TopicPartition at) {
    const auto names = [at](const std::vector<domain::OffsetValue>& values) {
      for (const domain::OffsetValue& value : values) {
        if (value.at == at) return true;
      }
      return false;
    };
    if (const auto* committed = std::get_if<domain::OffsetsCommitted>(&body)) {
      return names(committed->offsets);
    }
    const auto* former = former_of(body);
    return std::holds_alternative<domain::GroupDeleted>(body) ||
           (former != nullptr && names(*former));
  }

  void apply(const domain::EventBody& body) {
    if (const auto* committed = std::get_if<domain::OffsetsCommitted>(&body)) {
      for (const domain::OffsetValue& value : committed->offsets) offsets_[value.at] = value;
    } else if (const auto* reset = std::get_if<domain::OffsetsReset>(&body)) {
      for (const domain::OffsetValue& value : reset->offsets) offsets_[value.at] = value;
    } else if (std::holds_alternative<domain::GroupDeleted>(body)) {
      offsets_.clear();
      deleted_ = true;
    } else if (const auto* former = former_of(body)) {
      for (const domain::OffsetValue& value : *former) {
        offsets_[value.at] = {.at = value.at, .offset = -1};
      }
    }
  }

  std::string group_;
  std::int64_t time_ms_;
  std::map<TopicPartition, domain::OffsetValue> offsets_;
  bool deleted_ = false;                  // the group once was, so what is not known was not there
  std::vector<domain::EventBody> later_;  // after the last one of the time or before
};

std::expected<std::map<std::string, TopicId>, Error> ask_topic_ids(ServerLink& link) {
  std::map<std::string, TopicId> ids;
  const auto asked = link.ask_pages<wire::TopicsReplyT>(
      wire::ListTopicsT{}, [&](wire::TopicsReplyT& page, wire::ListTopicsT& next) {
        for (const auto& topic : page.topics) ids[topic->name] = topic->id;
        if (!page.topics.empty()) next.after = page.topics.back()->name;
        return page.topics.size();
      });
  if (!asked) return std::unexpected(asked.error());
  return ids;
}

/// What is not listed any more, since nothing is committed of it now.
void add_forgotten(const OffsetHistory& history, const std::map<std::string, TopicId>& ids,
                   std::vector<OffsetNow>& partitions) {
  std::map<TopicId, std::string> names;
  for (const auto& [name, id] : ids) names[id] = name;
  std::set<std::pair<std::string, std::int32_t>> listed;
  for (const OffsetNow& one : partitions) listed.emplace(one.at.topic, one.at.partition);
  for (const TopicPartition& at : history.committed()) {
    const auto name = names.find(at.topic);  // a deleted topic's offsets went with it
    if (name == names.end() || !listed.emplace(name->second, at.partition).second) continue;
    partitions.push_back({.at = {.topic = name->second, .partition = at.partition}});
  }
  std::ranges::sort(partitions, {},
                    [](const OffsetNow& one) { return std::pair(one.at.topic, one.at.partition); });
}

std::unexpected<Error> refuse_trimmed(const OffsetNow& partition, std::int64_t time_ms,
                                      std::uint64_t first_sequence, std::int64_t first_time_ms) {
  return std::unexpected(make_error(
      ErrorCode::kHistoryTrimmed,
      fmt::format("What was committed of {} at {} is not known: the journal keeps events from "
                  "sequence {} on ({}), those before it were trimmed. Choose a later time, name "
                  "other partitions with --topic, or look in a backup with muster journal state "
                  "--at.",
                  printable(partition.at.text()), time_text(time_ms), first_sequence,
                  time_text(first_time_ms))));
}

}  // namespace

std::expected<std::vector<OffsetWish>, Error> offsets_at(ServerLink& link, const std::string& group,
                                                         std::int64_t time_ms, bool all,
                                                         std::vector<OffsetNow>& partitions) {
  const auto ids = ask_topic_ids(link);
  if (!ids) return std::unexpected(ids.error());
  const auto status = link.ask<wire::StatusReplyT>(wire::StatusT());
  if (!status) return std::unexpected(status.error());
  OffsetHistory history(group, time_ms);
  const auto first = ask_events(link, group, 0, [&](ListedEvent listed) {
    history.take(std::move(listed));
    return true;
  });
  if (!first) return std::unexpected(first.error());
  const bool whole = *first <= 1;
  const bool covered = whole || status->first_time_ms <= time_ms;

  if (all) add_forgotten(history, *ids, partitions);

  std::vector<OffsetWish> wishes;
  for (const OffsetNow& partition : partitions) {
    const auto id = ids->find(partition.at.topic);
    const TopicPartition at{.topic = id == ids->end() ? 0 : id->second,
                            .partition = partition.at.partition};
    OffsetWish wish{.at = partition.at, .offset = -1, .metadata = {}};
    if (const auto then = history.of(at)) {
      wish.offset = then->offset;
      wish.metadata = then->metadata;
    } else if (!history.changed_later(at) && partition.commit_time_ms <= time_ms &&
               (partition.committed >= 0 || covered)) {
      wish.offset = partition.committed;  // it is older than all events that are kept
      wish.metadata = partition.metadata;
    } else if (!whole) {
      return refuse_trimmed(partition, time_ms, *first, status->first_time_ms);
    }
    wishes.push_back(std::move(wish));
  }
  return wishes;
}

}  // namespace muster::tools
