#include "tools/offset_changes.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "codec/event.h"
#include "domain/limits.h"
#include "tools/group_questions.h"

namespace muster::tools {
namespace {

/// As much as goes into one frame, of the wishes from `from` on.
std::pair<wire::ResetOffsetsT, std::size_t> next_step(const ResetWishes& all, std::size_t from) {
  constexpr std::size_t kMostBytes = std::size_t{2} << 20;
  constexpr std::size_t kFixedBytes = 64;
  wire::ResetOffsetsT request;
  request.group = all.group;
  request.live = all.live;
  request.undoes = all.undoes;
  std::map<std::string, wire::ResetTopicT*> topics;
  std::size_t bytes = 0;
  std::size_t next = from;
  for (; next < all.wishes.size() && next - from < Limits{}.items_per_request_max; ++next) {
    const OffsetWish& wish = all.wishes[next];
    bytes += wish.metadata.size() + kFixedBytes;
    if (bytes > kMostBytes && next > from) break;
    wire::ResetTopicT*& topic = topics[wish.at.topic];
    if (topic == nullptr) {
      topic = request.topics.emplace_back(std::make_unique<wire::ResetTopicT>()).get();
      topic->topic = wish.at.topic;
    }
    auto& offset = *topic->offsets.emplace_back(std::make_unique<wire::ResetOffsetT>());
    offset.partition = wish.at.partition;
    offset.offset = wish.offset;
    offset.metadata = wish.metadata;
  }
  return {std::move(request), next};
}

/// Until the live reset that began with this sequence is done. Nothing when it ended without an
/// event: all of its topics were deleted.
std::expected<std::optional<ListedEvent>, Error> wait_for_reset(ServerLink& link,
                                                                const std::string& group,
                                                                std::uint64_t begun) {
  constexpr std::chrono::milliseconds kPause{100};
  while (true) {
    const auto reply = ask_group(link, group);
    if (!reply) return std::unexpected(reply.error());
    if (reply->reset_sequence != begun) break;
    std::this_thread::sleep_for(kPause);
  }
  std::optional<ListedEvent> found;
  const auto asked = ask_events(link, group, begun, [&](ListedEvent listed) {
    const auto* reset = std::get_if<domain::OffsetsReset>(&listed.event.body);
    if (reset == nullptr || reset->begun != begun) return true;
    found = std::move(listed);
    return false;
  });
  if (!asked) return std::unexpected(asked.error());
  return found;
}

std::expected<domain::Event, Error> decoded(const wire::JournalEventT& listed) {
  auto event = codec::decode_event(std::string(listed.event.begin(), listed.event.end()));
  if (event) return std::move(*event);
  return std::unexpected(
      make_error(ErrorCode::kUnsupportedVersion,
                 fmt::format("Event {} of the server can't be read: {}. Use a muster and a musterd "
                             "of the same release.",
                             listed.sequence, event.error().message)));
}

std::string offset_cell(std::int64_t offset) { return offset < 0 ? "-" : std::to_string(offset); }
Json offset_or_null(std::int64_t offset) { return offset < 0 ? Json() : Json(offset); }

}  // namespace

std::expected<void, Error> reset_offsets(ServerLink& link, const ResetWishes& wishes,
                                         OffsetChanges& done) {
  auto names = ask_topic_names(link);
  if (!names) return std::unexpected(names.error());
  for (std::size_t from = 0; from < wishes.wishes.size();) {
    auto [request, next] = next_step(wishes, from);
    from = next;
    const auto reply = link.ask<wire::OffsetsChangedReplyT>(std::move(request));
    if (!reply) return std::unexpected(reply.error());
    if (reply->sequence == 0) continue;
    std::optional<ListedEvent> event;
    if (reply->pending) {
      auto waited = wait_for_reset(link, wishes.group, reply->sequence);
      if (!waited) return std::unexpected(waited.error());
      event = std::move(*waited);
    } else {
      auto asked = ask_event(link, wishes.group, reply->sequence);
      if (!asked) return std::unexpected(asked.error());
      event = std::move(*asked);
    }
    if (!event) continue;
    done.sequences.push_back(event->sequence);
    std::ranges::move(changes_of(event->event.body, *names), std::back_inserter(done.changes));
  }
  return {};
}

std::vector<OffsetChange> changes_of(const domain::EventBody& event, const TopicNames& names) {
  std::vector<OffsetChange> changes;
  const auto add = [&](TopicPartition at, std::int64_t before, std::int64_t after) {
    changes.push_back({.at = {.topic = names.of(at.topic), .partition = at.partition},
                       .before = before,
                       .after = after});
  };
  if (const auto* reset = std::get_if<domain::OffsetsReset>(&event)) {
    for (std::size_t i = 0; i < reset->offsets.size(); ++i) {
      const std::int64_t before = i < reset->former.size() ? reset->former[i].offset : -1;
      add(reset->offsets[i].at, before, reset->offsets[i].offset);
    }
  }
  const std::vector<domain::OffsetValue>* gone = nullptr;
  if (const auto* deleted = std::get_if<domain::OffsetsDeleted>(&event)) gone = &deleted->former;
  if (const auto* expired = std::get_if<domain::OffsetsExpired>(&event)) gone = &expired->former;
  if (const auto* erased = std::get_if<domain::GroupDeleted>(&event)) gone = &erased->former;
  if (gone == nullptr) return changes;
  for (const domain::OffsetValue& value : *gone) add(value.at, value.offset, -1);
  return changes;
}

std::expected<TopicNames, Error> ask_topic_names(ServerLink& link) {
  TopicNames names;
  const auto asked = link.ask_pages<wire::TopicsReplyT>(
      wire::ListTopicsT{}, [&](wire::TopicsReplyT& page, wire::ListTopicsT& next) {
        for (const auto& topic : page.topics) names.know(topic->id, topic->name);
        if (!page.topics.empty()) next.after = page.topics.back()->name;
        return page.topics.size();
      });
  if (!asked) return std::unexpected(asked.error());
  return names;
}

std::expected<ListedEvent, Error> ask_event(ServerLink& link, const std::string& group,
                                            std::uint64_t sequence) {
  wire::ListEventsT request;
  request.group = group;
  request.after_sequence = sequence - 1;
  request.limit = 1;
  const auto page = link.ask<wire::EventsReplyT>(std::move(request));
  if (!page) return std::unexpected(page.error());
  if (sequence < page->first_sequence) {
    return std::unexpected(make_error(
        ErrorCode::kHistoryTrimmed,
        fmt::format("Event {} was trimmed: the journal keeps events from sequence {} on. Look for "
                    "it in a backup with muster journal log.",
                    sequence, page->first_sequence)));
  }
  if (page->events.empty() || page->events.front()->sequence != sequence) {
    return std::unexpected(
        make_error(ErrorCode::kUnknownResource,
                   fmt::format("Event {} is none of group '{}': muster offset restore {} without "
                               "--at lists those that can be undone.",
                               sequence, printable(group), printable(group))));
  }
  auto event = decoded(*page->events.front());
  if (!event) return std::unexpected(event.error());
  return ListedEvent{.sequence = sequence, .event = std::move(*event)};
}

std::expected<std::uint64_t, Error> ask_events(ServerLink& link, const std::string& group,
                                               std::uint64_t after_sequence,
                                               const std::function<bool(ListedEvent)>& take) {
  wire::ListEventsT request;
  request.group = group;
  request.after_sequence = after_sequence;
  while (true) {
    const auto page = link.ask<wire::EventsReplyT>(request);
    if (!page) return std::unexpected(page.error());
    for (const auto& listed : page->events) {
      auto event = decoded(*listed);
      if (!event) return std::unexpected(event.error());
      if (!take({.sequence = listed->sequence, .event = std::move(*event)})) {
        return page->first_sequence;
      }
    }
    if (!page->more || page->reached <= request.after_sequence) return page->first_sequence;
    request.after_sequence = page->reached;
  }
}

std::string how_to_undo(const std::string& group, const OffsetChanges& done) {
  std::string text;
  for (const std::uint64_t sequence : done.sequences) {
    text +=
        fmt::format("To undo it: muster offset restore {} --at {}\n", printable(group), sequence);
  }
  return text;
}

Error with_what_stays(Error error, const std::string& group, const OffsetChanges& done) {
  if (done.changes.empty()) return error;
  error.message += fmt::format(" The {} before it stay.", counted(done.changes.size(), "change"));
  if (!done.sequences.empty()) {
    error.message += fmt::format(" To undo them: muster offset restore {} --at {}.",
                                 printable(group), fmt::join(done.sequences, ", then --at "));
  }
  return error;
}

std::string changes_table(const std::vector<OffsetChange>& changes) {
  Table table({{"TOPIC"},
               {"PARTITION", Align::kRight},
               {"BEFORE", Align::kRight},
               {"AFTER", Align::kRight}});
  for (const OffsetChange& change : changes) {
    table.add_row({change.at.topic, std::to_string(change.at.partition), offset_cell(change.before),
                   offset_cell(change.after)});
  }
  return table.empty() ? std::string() : table.text();
}

Json changes_json(const std::vector<OffsetChange>& changes) {
  Json list = Json::array();
  for (const OffsetChange& change : changes) {
    list.push_back({{"topic", change.at.topic},
                    {"partition", change.at.partition},
                    {"before", offset_or_null(change.before)},
                    {"after", offset_or_null(change.after)}});
  }
  return list;
}

}  // namespace muster::tools
