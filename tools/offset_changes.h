// Offsets that an operator changes: asked for over one connection, in as few steps as frames allow,
// and shown as what they were before and are now.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <string>
#include <vector>

#include "domain/events.h"
#include "tools/event_view.h"
#include "tools/offset_file.h"
#include "tools/server_link.h"

namespace muster::tools {

struct ResetWishes {
  std::string group;
  std::vector<OffsetWish> wishes;
  bool live = false;
  std::uint64_t undoes = 0;
};

/// One partition, before and after; -1: nothing committed.
struct OffsetChange {
  PartitionArgument at;
  std::int64_t before = -1;
  std::int64_t after = -1;
};

/// What was done: one step a frame, each of them atomic.
struct OffsetChanges {
  std::vector<std::uint64_t> sequences;  // of the events that have the former values
  std::vector<OffsetChange> changes;
};

/// Asks for it, waits for a live reset to be done (until its members have released or were fenced),
/// and says what the events say. After an error the steps before it stay: `done` has them.
std::expected<void, Error> reset_offsets(ServerLink& link, const ResetWishes& wishes,
                                         OffsetChanges& done);

/// A line for each event of `done`: the command that undoes it.
std::string how_to_undo(const std::string& group, const OffsetChanges& done);
/// The error of a reset that failed on its way, with what it has done before, and how to undo that.
Error with_what_stays(Error error, const std::string& group, const OffsetChanges& done);

/// What the event says of offsets; nothing of events that say none.
std::vector<OffsetChange> changes_of(const domain::EventBody& event, const TopicNames& names);

/// The names of all topics that there are.
std::expected<TopicNames, Error> ask_topic_names(ServerLink& link);

struct ListedEvent {
  std::uint64_t sequence = 0;
  domain::Event event;
};
/// The event, of this group or of topics; an error with what to do when it is not there any more.
std::expected<ListedEvent, Error> ask_event(ServerLink& link, const std::string& group,
                                            std::uint64_t sequence);

/// Calls take(ListedEvent) for every event of the group, and of topics, after that sequence until
/// it returns false. Returns the sequence of the oldest event that is kept.
std::expected<std::uint64_t, Error> ask_events(ServerLink& link, const std::string& group,
                                               std::uint64_t after_sequence,
                                               const std::function<bool(ListedEvent)>& take);

/// TOPIC PARTITION BEFORE AFTER, as a table.
std::string changes_table(const std::vector<OffsetChange>& changes);
Json changes_json(const std::vector<OffsetChange>& changes);

}  // namespace muster::tools
