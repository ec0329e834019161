// The screen of `muster top`: what is known in, lines out, and what a key does to it. No terminal
// and no server here: top.cc has both.
#pragma once

#include <wire_generated.h>

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tools/group_view.h"

namespace muster::tools {

struct TopGroup {
  wire::GroupInfoT info;
  std::optional<std::int64_t> lag;  // the sum of what is known; nothing: not asked, or unknown
  std::uint64_t moves = 0;          // partitions granted since the screen is open
};

struct TopEvent {
  std::uint64_t sequence = 0;
  std::int64_t time_ms = 0;
  std::string group;
  std::string text;
};

enum class TopSort { kName, kState, kMembers, kLag, kMoves };

enum class Key {
  kNone,  // the time is over
  kUp,
  kDown,
  kPageUp,
  kPageDown,
  kEnter,
  kBack,
  kSort,
  kPause,
  kHelp,
  kQuit,
  kStop,  // until the shell lets it go on
  kResize,
  kOther,
};

struct TopState {
  // What is known.
  std::string server;
  std::string version;
  std::uint64_t uptime_ms = 0;
  std::uint32_t members = 0;
  std::uint32_t connections = 0;
  std::vector<TopGroup> groups;  // in any order
  std::deque<TopEvent> events;   // the newest last
  std::optional<GroupView> drilled;
  std::string problem;  // why what is shown is old

  // What is wanted.
  TopSort sort = TopSort::kName;
  std::string selected;      // group; "" is the first
  std::string drill;         // group to show alone; "": all
  std::size_t scrolled = 0;  // lines of the group that is shown alone
  bool paused = false;
  bool help = false;
  std::size_t width = 80;
  std::size_t height = 24;
  bool colours = false;
};

/// "name", "state", "members", "lag", "moves".
std::optional<TopSort> sort_of(const std::string& name);

/// The groups in the order that is wanted.
std::vector<const TopGroup*> sorted_groups(const TopState& state);
/// The names of those that the screen has room for.
std::vector<std::string> visible_groups(const TopState& state);

/// Exactly `height` lines of at most `width` columns, without line ends.
std::vector<std::string> top_lines(const TopState& state);

/// False: it is over.
bool press(TopState& state, Key key);

/// Beyond these, older events are forgotten.
inline constexpr std::size_t kTopEventsMost = 200;

Json top_json(const TopState& state);

}  // namespace muster::tools
