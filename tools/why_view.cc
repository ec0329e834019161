#include "tools/why_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "tools/offset_view.h"
#include "tools/why_words.h"

namespace muster::tools {
namespace {

std::string phase_text(Standing::Phase phase) {
  switch (phase) {
    case Standing::Phase::kNoGroup:
      return "no_group";
    case Standing::Phase::kNoTopic:
      return "no_topic";
    case Standing::Phase::kNoPartition:
      return "no_partition";
    case Standing::Phase::kFree:
      return "free";
    case Standing::Phase::kOwned:
      return "owned";
    case Standing::Phase::kRevoking:
      return "revoking";
  }
  return "unknown";
}

Json or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

Json standing_json(const Standing& now) {
  return {{"state", phase_text(now.phase)},
          {"owner", or_null(now.owner)},
          {"fence", now.fence == 0 ? Json() : Json(now.fence)},
          {"target", or_null(now.target)},
          {"since", now.since_sequence == 0 ? Json() : Json(time_text(now.since_ms))},
          {"since_sequence", now.since_sequence == 0 ? Json() : Json(now.since_sequence)},
          {"committed", now.committed ? Json(*now.committed) : Json()},
          {"pinned_to", or_null(now.pinned_to)},
          {"frozen", now.frozen},
          {"why", or_null(now.why)}};
}

Json entry_json(const StoryEntry& entry) {
  Json legs = Json::array();
  for (const Leg& leg : entry.legs) legs.push_back({{"what", leg.what}, {"ms", leg.took_ms}});
  return {
      {"sequence", entry.sequence == 0 ? Json() : Json(entry.sequence)},
      {"time", time_text(entry.time_ms)},
      {"kind", entry.kind},
      {"trimmed", entry.trimmed},
      {"what", entry.what},
      {"why", or_null(entry.why)},
      {"member_id", or_null(entry.member_id)},
      {"former_owner", or_null(entry.former_owner)},
      {"fence", entry.fence == 0 ? Json() : Json(entry.fence)},
      {"took_ms", entry.took_ms ? Json(*entry.took_ms) : Json()},
      {"legs", std::move(legs)},
      {"given_up_after_ms", entry.given_up_after_ms == 0 ? Json() : Json(entry.given_up_after_ms)}};
}

std::string standing_text(const Story& story, const Standing& now, std::int64_t now_ms) {
  using Phase = Standing::Phase;
  const std::string at =
      fmt::format("{}/{} of group {}", story.topic(), story.partition(), story.group());
  std::string since;
  if (now.since_sequence != 0) {
    since = fmt::format(", since {} ({} ago)", time_text(now.since_ms),
                        elapsed_text(now_ms - now.since_ms));
  }
  std::string text;
  if (now.phase == Phase::kOwned) {
    text = fmt::format("{} is owned by {} under token {}{}.", at, now.owner, now.fence, since);
  } else if (now.phase == Phase::kRevoking) {
    const std::string target = now.target.empty()        ? "nobody"
                               : now.target == now.owner ? "a live reset of its offsets"
                                                         : now.target;
    text = fmt::format("{} is asked back from {} (token {}) for {}{}: {}.", at, now.owner,
                       now.fence, target, since, now.why);
  } else if (now.phase == Phase::kFree) {
    text = fmt::format("{} has no owner{}: {}.", at, since, now.why);
  } else {
    text = fmt::format("{} is no more: {}.", at, now.why);
  }
  if (now.frozen && now.phase != Phase::kFree) {
    text += " The group is frozen: its plan does not change.";
  }
  if (!now.pin.empty()) text += " " + now.pin;
  if (now.committed) text += fmt::format(" Committed: offset {}.", *now.committed);
  return text;
}

std::string trimmed_text(const Story& story) {
  std::string text = fmt::format(
      "The journal begins with event {}: what was before was trimmed, but for the last grant of "
      "each partition.",
      story.first_sequence());
  if (story.entries().empty()) text += " Of this partition nothing is known from then on.";
  return text + " A greater --history-max-bytes of musterd keeps more.\n";
}

std::string took_text(const StoryEntry& entry) {
  if (!entry.took_ms || (*entry.took_ms == 0 && entry.legs.empty())) return {};
  std::string text =
      fmt::format(". {} took {}", entry.former_owner.empty() ? "That" : "The hand-over",
                  elapsed_text(*entry.took_ms));
  for (std::size_t i = 0; i < entry.legs.size(); ++i) {
    const Leg& leg = entry.legs[i];
    text += fmt::format("{}{} {}", i == 0 ? ": " : ", ", elapsed_text(leg.took_ms), leg.what);
  }
  return text;
}

std::string entry_text(const StoryEntry& entry) {
  std::string text = entry.what;
  if (!entry.why.empty()) text += ": " + entry.why;
  text += took_text(entry);
  if (entry.kind == "granted" && entry.given_up_after_ms > 0) {
    text += fmt::format(". Before that, {} had been gone for {}", entry.former_owner,
                        elapsed_text(entry.given_up_after_ms));
  }
  return text;
}

}  // namespace

Json story_json(const Story& story) {
  Json entries = Json::array();
  for (const StoryEntry& entry : story.entries()) entries.push_back(entry_json(entry));
  return {{"group", story.group()},
          {"topic", story.topic()},
          {"partition", story.partition()},
          {"first_sequence", story.first_sequence()},
          {"now", standing_json(story.standing())},
          {"story", std::move(entries)}};
}

std::string story_text(const Story& story, std::int64_t now_ms) {
  std::string text = printable(standing_text(story, story.standing(), now_ms)) + "\n";
  const std::vector<StoryEntry> entries = story.entries();
  std::size_t width = 0;
  for (const StoryEntry& entry : entries) {
    width = std::max(width, std::to_string(entry.sequence).size());
  }
  if (story.first_sequence() > 1) text += trimmed_text(story);
  if (!entries.empty()) text += "\n";
  for (const StoryEntry& entry : entries) {
    text += fmt::format("{}  {:>{}}  {}\n", time_text(entry.time_ms),
                        entry.sequence == 0 ? "-" : fmt::format("#{}", entry.sequence), width + 1,
                        printable(entry_text(entry)));
  }
  return text;
}

Outcome print_story(const Context& context, const Story& story) {
  if (auto unknown = story.unknown()) return std::unexpected(std::move(*unknown));
  if (context.json()) {
    print_json(story_json(story));
    return 0;
  }
  using std::chrono::system_clock;
  const auto since_epoch = system_clock::now().time_since_epoch();
  print_text(story_text(
      story, std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count()));
  return 0;
}

}  // namespace muster::tools
