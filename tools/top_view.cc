#include "tools/top_view.h"

#include <algorithm>
#include <array>
#include <sstream>
#include <tuple>

#include "tools/offset_view.h"
#include "tools/partition_rows.h"
#include "tools/why_words.h"

namespace muster::tools {
namespace {

/// Groups whose lag is asked for on a screen that is sorted by it; more would be too many
/// questions.
constexpr std::size_t kMostSortedByLag = 1'000;

constexpr std::size_t kEventsShare = 3;  // of the screen: a third
constexpr std::size_t kEventLinesMost = 12;
constexpr std::size_t kHeadLines = 2;  // what server, and what is wrong with it
constexpr std::size_t kFootLines = 1;
constexpr std::array kSorts{TopSort::kName, TopSort::kState, TopSort::kMembers, TopSort::kLag,
                            TopSort::kMoves};

constexpr const char* kKeys = "q quit  ↑↓ select  enter open  esc back  s sort  p pause  ? help";

constexpr std::array<const char*, 12> kHelp{
    "Keys",
    "  q, ctrl-c         quit; ctrl-z stops it, and the shell's fg goes on",
    "  up, down, k, j    select a group; scroll within one",
    "  page up, down     the same, by half a screen",
    "  enter             open the selected group: its members, partitions and lag",
    "  esc, backspace    back to all groups",
    "  s                 sort by name, state, members, lag, moves",
    "  p                 stand still, and go on",
    "",
    "LAG is the sum of what is known; it is asked of the groups on the screen that have at most",
    "2,000 partitions. MOVING partitions are being handed over; MOVES counts those that were given",
    "to somebody since the screen is open."};

const char* name_of(TopSort sort) {
  switch (sort) {
    case TopSort::kName:
      return "name";
    case TopSort::kState:
      return "state";
    case TopSort::kMembers:
      return "members";
    case TopSort::kLag:
      return "lag";
    case TopSort::kMoves:
      return "moves";
  }
  return "";
}

struct Line {
  std::string text;
  Colour colour = Colour::kPlain;
};
using Lines = std::vector<Line>;

/// The smaller, the further up; the name decides what is left.
std::int64_t rank(const TopGroup& group, TopSort sort) {
  const wire::GroupInfoT& info = group.info;
  switch (sort) {
    case TopSort::kName:
      return 0;
    case TopSort::kState: {
      const bool troubled = info.unowned > 0 && info.members > 0;
      if (troubled || info.state == wire::GroupState::balancing) return 0;
      return info.state == wire::GroupState::stable ? 1 : 2;
    }
    case TopSort::kMembers:
      return -std::int64_t{info.members};
    case TopSort::kLag:
      return group.lag ? -*group.lag : 1;
    case TopSort::kMoves:
      return -static_cast<std::int64_t>(group.moves);
  }
  return 0;
}

std::size_t event_lines(const TopState& state) {
  return std::min(state.height / kEventsShare, kEventLinesMost);
}

/// Lines between head and foot that are not the events'.
std::size_t body_lines(const TopState& state) {
  const std::size_t taken = kHeadLines + kFootLines + event_lines(state);
  return state.height > taken ? state.height - taken : 0;
}

/// Groups that there is room for, below the titles.
std::size_t group_lines(const TopState& state) {
  const std::size_t lines = body_lines(state);
  return lines > 1 ? lines - 1 : 0;
}

std::size_t selected_index(const std::vector<const TopGroup*>& groups, const TopState& state) {
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (groups[i]->info.name == state.selected) return i;
  }
  return 0;
}

/// The part of a list of `count` that has the selected one in its middle, as far as that goes.
std::size_t first_shown(std::size_t count, std::size_t selected, std::size_t room) {
  if (count <= room) return 0;
  const std::size_t before = std::min(selected, room / 2);
  return std::min(selected - before, count - room);
}

Lines split(const std::string& text) {
  Lines lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back({std::move(line)});
  return lines;
}

Colour colour_of(const TopGroup& group) {
  if (group.info.unowned > 0 && group.info.members > 0) return Colour::kRed;
  return state_colour(group.info) == Colour::kGreen ? Colour::kPlain : state_colour(group.info);
}

Lines group_table(const TopState& state) {
  const auto groups = sorted_groups(state);
  const std::size_t room = group_lines(state);
  const std::size_t selected = selected_index(groups, state);
  const std::size_t first = first_shown(groups.size(), selected, room);
  Table table({{" "},
               {"GROUP"},
               {"STATE"},
               {"MEMBERS", Align::kRight},
               {"PARTITIONS", Align::kRight},
               {"UNOWNED", Align::kRight},
               {"MOVING", Align::kRight},
               {"MOVES", Align::kRight},
               {"LAG", Align::kRight}});
  Lines lines;
  const std::size_t last = std::min(groups.size(), first + room);
  for (std::size_t i = first; i < last; ++i) {
    const wire::GroupInfoT& info = groups[i]->info;
    table.add_row({i == selected ? "▸" : " ", info.name, state_text(info), member_count_text(info),
                   std::to_string(info.partitions), std::to_string(info.unowned),
                   std::to_string(info.revoking), std::to_string(groups[i]->moves),
                   groups[i]->lag ? std::to_string(*groups[i]->lag) : "-"});
  }
  if (groups.empty()) return {{"No groups yet: a group comes with its first member."}};
  // Coloured a line at a time, below: what is cut to the screen's width must be plain.
  const StyleMeanwhile plain({.width = state.width});
  lines = split(table.text());
  lines.front().colour = Colour::kBold;
  for (std::size_t i = first; i < last; ++i) {
    lines[i - first + 1].colour = i == selected ? Colour::kBold : colour_of(*groups[i]);
  }
  return lines;
}

/// All of it, also what the screen has no room for.
Lines drilled_group(const TopState& state) {
  if (!state.drilled || state.drilled->group.name != state.drill) {
    return {{"Group " + printable(state.drill) + " …"}};
  }
  const StyleMeanwhile plain({.width = state.width});
  Lines lines = split(group_text(*state.drilled, 10 * state.height));
  lines.front().colour = Colour::kBold;
  return lines;
}

/// Lines that can be scrolled away before the last is at the bottom.
std::size_t scrolled_most(std::size_t lines, const TopState& state) {
  return lines - std::min(lines, body_lines(state));
}

Lines scrolled_group(const TopState& state) {
  Lines lines = drilled_group(state);
  const std::size_t scrolled = std::min(state.scrolled, scrolled_most(lines.size(), state));
  lines.erase(lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(scrolled));
  return lines;
}

/// The newest last, below a line of their own.
Lines event_pane(const TopState& state) {
  const std::size_t room = event_lines(state);
  if (room < 2) return {};
  Lines lines{{"EVENTS", Colour::kBold}};
  std::vector<const TopEvent*> wanted;
  for (const TopEvent& event : state.events) {
    if (state.drill.empty() || event.group == state.drill) wanted.push_back(&event);
  }
  const std::size_t first = wanted.size() > room - 1 ? wanted.size() - (room - 1) : 0;
  for (std::size_t i = first; i < wanted.size(); ++i) {
    const TopEvent& event = *wanted[i];
    // "14:00:07" of "2026-11-22T14:00:07.123Z".
    const std::string time = time_text(event.time_ms).substr(11, 8);
    lines.push_back({time + "  " + (event.group.empty() ? "" : event.group + ": ") + event.text});
  }
  return lines;
}

void fill(Lines& lines, std::size_t count) { lines.resize(count); }

Line head(const TopState& state) {
  std::string text = "muster top  " + state.server;
  if (!state.version.empty()) {
    text += "  musterd " + state.version + ", up " +
            elapsed_text(static_cast<std::int64_t>(state.uptime_ms)) + "  " +
            counted(state.groups.size(), "group") + ", " + counted(state.members, "member") + ", " +
            counted(state.connections, "connection");
  }
  text += "  by " + std::string(name_of(state.sort));
  if (state.paused) text += "  PAUSED";
  return {text, Colour::kBold};
}

/// Of the list that is on the screen.
void move(TopState& state, std::int64_t by) {
  const auto moved = [by](std::size_t from, std::size_t most) {
    return static_cast<std::size_t>(std::clamp<std::int64_t>(static_cast<std::int64_t>(from) + by,
                                                             0, static_cast<std::int64_t>(most)));
  };
  if (!state.drill.empty()) {
    // The group may have become shorter since.
    const std::size_t most = scrolled_most(drilled_group(state).size(), state);
    state.scrolled = moved(std::min(state.scrolled, most), most);
    return;
  }
  const auto groups = sorted_groups(state);
  if (groups.empty()) return;
  state.selected = groups[moved(selected_index(groups, state), groups.size() - 1)]->info.name;
}

void open_selected(TopState& state) {
  const auto groups = sorted_groups(state);
  if (groups.empty() || !state.drill.empty()) return;
  state.drill = groups[selected_index(groups, state)]->info.name;
  state.selected = state.drill;
  state.scrolled = 0;
}

}  // namespace

std::optional<TopSort> sort_of(const std::string& name) {
  for (const TopSort sort : kSorts) {
    if (name == name_of(sort)) return sort;
  }
  return std::nullopt;
}

std::vector<const TopGroup*> sorted_groups(const TopState& state) {
  std::vector<const TopGroup*> groups;
  for (const TopGroup& group : state.groups) groups.push_back(&group);
  std::ranges::sort(groups, {}, [&](const TopGroup* group) {
    return std::tuple(rank(*group, state.sort), std::string_view(group->info.name));
  });
  return groups;
}

std::vector<std::string> visible_groups(const TopState& state) {
  if (!state.drill.empty()) return {};
  const auto groups = sorted_groups(state);
  // By lag, what is seen depends on the lag of what is not.
  const std::size_t room = state.sort == TopSort::kLag ? kMostSortedByLag : group_lines(state);
  const std::size_t first = first_shown(groups.size(), selected_index(groups, state), room);
  std::vector<std::string> names;
  for (std::size_t i = first; i < std::min(groups.size(), first + room); ++i) {
    names.push_back(groups[i]->info.name);
  }
  return names;
}

std::vector<std::string> top_lines(const TopState& state) {
  Lines lines{head(state), {state.problem, Colour::kRed}};
  if (state.help) {
    for (const char* line : kHelp) lines.push_back({line});
  } else {
    std::ranges::move(state.drill.empty() ? group_table(state) : scrolled_group(state),
                      std::back_inserter(lines));
    fill(lines, kHeadLines + body_lines(state));
    std::ranges::move(event_pane(state), std::back_inserter(lines));
  }
  fill(lines, state.height > kFootLines ? state.height - kFootLines : 0);
  lines.push_back({kKeys, Colour::kDim});
  fill(lines, state.height);
  std::vector<std::string> shown;
  const StyleMeanwhile coloured({.width = state.width, .colours = state.colours});
  for (const Line& line : lines) {
    shown.push_back(painted(shortened(line.text, state.width), line.colour));
  }
  return shown;
}

bool press(TopState& state, Key key) {
  const auto half = static_cast<std::int64_t>(std::max<std::size_t>(body_lines(state) / 2, 1));
  if (state.help && key != Key::kQuit && key != Key::kNone && key != Key::kResize) {
    state.help = false;
    return true;
  }
  switch (key) {
    case Key::kUp:
      move(state, -1);
      break;
    case Key::kDown:
      move(state, 1);
      break;
    case Key::kPageUp:
      move(state, -half);
      break;
    case Key::kPageDown:
      move(state, half);
      break;
    case Key::kEnter:
      open_selected(state);
      break;
    case Key::kBack:
      state.drill.clear();
      break;
    case Key::kSort: {
      const auto* at = std::ranges::find(kSorts, state.sort);
      state.sort = at + 1 == kSorts.end() ? kSorts.front() : *(at + 1);
      break;
    }
    case Key::kPause:
      state.paused = !state.paused;
      break;
    case Key::kHelp:
      state.help = true;
      break;
    case Key::kQuit:
      return false;
    case Key::kNone:
    case Key::kStop:
    case Key::kResize:
    case Key::kOther:
      break;
  }
  return true;
}

Json top_json(const TopState& state) {
  Json groups = Json::array();
  for (const TopGroup* group : sorted_groups(state)) {
    Json json = group_summary_json(group->info);
    json["lag"] = group->lag ? Json(*group->lag) : Json();
    groups.push_back(std::move(json));
  }
  Json events = Json::array();
  for (const TopEvent& event : state.events) {
    events.push_back({{"sequence", event.sequence},
                      {"time", time_text(event.time_ms)},
                      {"group", event.group},
                      {"what", event.text}});
  }
  return {{"version", state.version},    {"uptime_ms", state.uptime_ms},
          {"members", state.members},    {"connections", state.connections},
          {"groups", std::move(groups)}, {"events", std::move(events)}};
}

}  // namespace muster::tools
