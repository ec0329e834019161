#include "tools/top_view.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "tools/terminal.h"

namespace muster::tools {
namespace {

using Frame = std::vector<std::string>;

TopGroup top_group(const std::string& name, wire::GroupState state, std::uint32_t members,
                   std::uint32_t partitions) {
  TopGroup group;
  group.info.name = name;
  group.info.state = state;
  group.info.members = members;
  group.info.partitions = partitions;
  return group;
}

/// A screen of 78 × 12 with nothing to show.
TopState top_state() {
  TopState state;
  state.server = "s:1";
  state.version = "1.0";
  state.uptime_ms = 65'000;
  state.connections = 1;
  state.width = 78;
  state.height = 12;
  return state;
}

TopState two_groups() {
  TopState state = top_state();
  state.members = 3;
  state.groups.push_back(top_group("billing", wire::GroupState::stable, 3, 6));
  state.groups.back().lag = 12;
  state.groups.back().moves = 4;
  state.groups.push_back(top_group("audit", wire::GroupState::empty, 0, 0));
  state.events.push_back(
      {.sequence = 7, .time_ms = 3'661'000, .group = "billing", .text = "PlanMade generation 2"});
  return state;
}

std::unique_ptr<wire::PartitionInfoT> top_partition(std::int32_t number) {
  auto partition = std::make_unique<wire::PartitionInfoT>();
  partition->topic = "orders";
  partition->partition = number;
  partition->owner = partition->target = "pod-0";
  partition->fence = 6;
  partition->committed = 10;
  partition->end = 10;
  return partition;
}

/// Looks into group billing, which has so many partitions.
TopState drilled(std::int32_t partitions) {
  TopState state = two_groups();
  state.drill = "billing";
  state.drilled.emplace();
  state.drilled->group = state.groups.front().info;
  state.drilled->group.strategy = "range";
  for (std::int32_t i = 0; i < partitions; ++i) {
    state.drilled->partitions.push_back(top_partition(i));
  }
  return state;
}

/// A line of the screen each.
std::string screen(const TopState& state) {
  std::string text;
  for (const std::string& line : top_lines(state)) text += line + "\n";
  return text;
}

#define KEYS_LINE "q quit  ↑↓ select  enter open  esc back  s sort  p pause  ? help\n"

}  // namespace

TEST_CASE("top: without groups it says where they come from") {
  CHECK(screen(top_state()) ==
        "muster top  s:1  musterd 1.0, up 1 m 5 s  0 groups, 0 members, 1 connection  …\n"
        "\n"
        "No groups yet: a group comes with its first member.\n"
        "\n"
        "\n"
        "\n"
        "\n"
        "EVENTS\n"
        "\n"
        "\n"
        "\n" KEYS_LINE);
}

TEST_CASE("top: groups by name, the first selected, and what happened last") {
  CHECK(screen(two_groups()) ==
        "muster top  s:1  musterd 1.0, up 1 m 5 s  2 groups, 3 members, 1 connection  …\n"
        "\n"
        "   GROUP    STATE   MEMBERS  PARTITIONS  UNOWNED  MOVING  MOVES  LAG\n"
        "▸  audit    empty         0           0        0       0      0    -\n"
        "   billing  stable        3           6        0       0      4   12\n"
        "\n"
        "\n"
        "EVENTS\n"
        "01:01:01  billing: PlanMade generation 2\n"
        "\n"
        "\n" KEYS_LINE);
}

TEST_CASE("top: a dead server is said, and what was known last stays") {
  TopState state = two_groups();
  state.problem = "Trying on. Connecting to the server s:1 failed.";
  state.height = 8;
  state.paused = true;
  CHECK(screen(state) ==
        "muster top  s:1  musterd 1.0, up 1 m 5 s  2 groups, 3 members, 1 connection  …\n"
        "Trying on. Connecting to the server s:1 failed.\n"
        "   GROUP    STATE   MEMBERS  PARTITIONS  UNOWNED  MOVING  MOVES  LAG\n"
        "▸  audit    empty         0           0        0       0      0    -\n"
        "   billing  stable        3           6        0       0      4   12\n"
        "EVENTS\n"
        "01:01:01  billing: PlanMade generation 2\n" KEYS_LINE);
}

TEST_CASE("top: long names are shortened before numbers leave the screen") {
  TopState state = two_groups();
  state.groups.back().info.name = std::string(255, 'a');
  state.height = 8;
  CHECK(screen(state) ==
        "muster top  s:1  musterd 1.0, up 1 m 5 s  2 groups, 3 members, 1 connection  …\n"
        "\n"
        "   GROUP              STATE   MEMBERS  PARTITIONS  UNOWNED  MOVING  MOVES  LAG\n"
        "▸  aaaaaaaaaaaaaaaa…  empty         0           0        0       0      0    -\n"
        "   billing            stable        3           6        0       0      4   12\n"
        "EVENTS\n"
        "01:01:01  billing: PlanMade generation 2\n" KEYS_LINE);
}

TEST_CASE("top: however small the terminal, as many lines as it has, none wider") {
  for (const std::size_t height : {0, 1, 2, 3, 4, 5, 9, 24}) {
    for (const std::size_t width : {1, 2, 20, 60}) {
      for (const auto make : {&two_groups, &top_state}) {
        TopState state = make();
        state.width = width;
        state.height = height;
        state.problem = "no server";
        const Frame frame = top_lines(state);
        CHECK(frame.size() == height);
        for (const std::string& line : frame) CHECK(display_width(line) <= width);
        state.help = true;
        CHECK(top_lines(state).size() == height);
      }
    }
  }
}

TEST_CASE("top: colours are around whole lines that were cut before") {
  TopState state = two_groups();
  state.colours = true;
  state.height = 8;
  const StyleMeanwhile terminal({.width = 78, .colours = true});  // as it is when it starts
  const Frame frame = top_lines(state);
  CHECK(frame[2] ==
        "\x1b[1m   GROUP    STATE   MEMBERS  PARTITIONS  UNOWNED  MOVING  MOVES  LAG\x1b[0m");
  CHECK(frame[3] ==
        "\x1b[1m▸  audit    empty         0           0        0       0      0    -\x1b[0m");
  CHECK(output_style().colours);
}

TEST_CASE("top: of more groups than there is room for, those around the selected one") {
  TopState state = top_state();
  state.height = 10;  // three groups
  for (int i = 10; i < 30; ++i) {
    state.groups.push_back(top_group("g" + std::to_string(i), wire::GroupState::empty, 0, 0));
  }
  using Groups = std::vector<std::string>;
  CHECK(visible_groups(state) == Groups{"g10", "g11", "g12"});
  for (int i = 0; i < 5; ++i) press(state, Key::kDown);
  CHECK(visible_groups(state) == Groups{"g14", "g15", "g16"});
  for (int i = 0; i < 50; ++i) press(state, Key::kDown);
  CHECK(state.selected == "g29");
  CHECK(visible_groups(state) == Groups{"g27", "g28", "g29"});
  press(state, Key::kUp);
  CHECK(state.selected == "g28");
}

TEST_CASE("top: sorted by lag, the lag of what is out of sight is asked for, too") {
  TopState state = top_state();
  state.height = 10;  // three groups
  for (int i = 10; i < 30; ++i) {
    state.groups.push_back(top_group("g" + std::to_string(i), wire::GroupState::empty, 0, 0));
  }
  state.sort = TopSort::kLag;
  CHECK(visible_groups(state).size() == 20);
  state.groups.back().lag = 99'999;
  CHECK(sorted_groups(state).front()->info.name == "g29");
}

TEST_CASE("top: troubled groups first by state, the largest first by number, unknown lag last") {
  TopState state = two_groups();
  state.groups.push_back(top_group("moving", wire::GroupState::balancing, 9, 6));
  state.groups.back().lag = 100;
  const auto order = [&](TopSort sort) {
    state.sort = sort;
    std::string names;
    for (const TopGroup* group : sorted_groups(state)) names += group->info.name + " ";
    return names;
  };
  CHECK(order(TopSort::kName) == "audit billing moving ");
  CHECK(order(TopSort::kState) == "moving billing audit ");
  CHECK(order(TopSort::kMembers) == "moving billing audit ");
  CHECK(order(TopSort::kLag) == "moving billing audit ");
  CHECK(order(TopSort::kMoves) == "billing audit moving ");
}

TEST_CASE("top: a group that is looked into has the screen, with its own events") {
  TopState state = drilled(3);
  state.height = 12;
  state.events.push_back({.sequence = 8, .time_ms = 0, .group = "audit", .text = "not this"});
  CHECK(screen(state) ==
        "muster top  s:1  musterd 1.0, up 1 m 5 s  2 groups, 3 members, 1 connection  …\n"
        "\n"
        "Group billing is stable: generation 0, range. 3 members, 3 partitions, lag 0.\n"
        "\n"
        "TOPIC   PARTITION  OWNER  FENCE  COMMITTED  END  LAG  METADATA\n"
        "orders          0  pod-0      6         10   10    0\n"
        "orders          1  pod-0      6         10   10    0\n"
        "EVENTS\n"
        "01:01:01  billing: PlanMade generation 2\n"
        "\n"
        "\n" KEYS_LINE);
}

TEST_CASE("top: scrolling ends with the last line, and turns back at once") {
  TopState state = drilled(20);  // 23 lines, of which 5 have room
  for (int i = 0; i < 1'000; ++i) press(state, Key::kDown);
  CHECK(state.scrolled == 18);
  CHECK(top_lines(state)[6] == "orders         19  pod-0      6         10   10    0");
  press(state, Key::kUp);
  CHECK(top_lines(state)[6] == "orders         18  pod-0      6         10   10    0");
  press(state, Key::kPageDown);
  CHECK(state.scrolled == 18);

  // It became shorter: what is on the screen is the end of it, and the next key moves that.
  state.drilled->partitions.resize(4);  // 7 lines
  CHECK(top_lines(state)[6] == "orders          3  pod-0      6         10   10    0");
  press(state, Key::kUp);
  CHECK(state.scrolled == 1);
  for (int i = 0; i < 9; ++i) press(state, Key::kPageUp);
  CHECK(state.scrolled == 0);
}

TEST_CASE("top: before the group that is looked into is known, its name stands there") {
  TopState state = two_groups();
  press(state, Key::kDown);
  press(state, Key::kEnter);
  CHECK(state.drill == "billing");
  CHECK(top_lines(state)[2] == "Group billing …");
  press(state, Key::kDown);
  CHECK(state.scrolled == 0);
  press(state, Key::kBack);
  CHECK(top_lines(state)[4] ==
        "▸  billing  stable        3           6        0       0      4   12");
}

TEST_CASE("top: help takes the whole screen, and any key leaves it") {
  TopState state = two_groups();
  state.height = 20;
  press(state, Key::kHelp);
  const Frame frame = top_lines(state);
  CHECK(frame[2] == "Keys");
  CHECK(std::ranges::find(frame, "to somebody since the screen is open.") != frame.end());
  CHECK(press(state, Key::kResize));
  CHECK(state.help);
  CHECK(press(state, Key::kDown));
  CHECK_FALSE(state.help);
  CHECK(state.selected.empty());
  CHECK_FALSE(press(state, Key::kQuit));
}

TEST_CASE("a terminal's bytes are keys, one after the other, and unknown ones are taken whole") {
  const auto keys = [](std::string_view bytes) {
    std::vector<Key> found;
    while (!bytes.empty()) {
      std::size_t used = 0;
      found.push_back(key_of(bytes, used));
      REQUIRE(used > 0);
      bytes.remove_prefix(used);
    }
    return found;
  };
  using Keys = std::vector<Key>;
  CHECK(keys("\x1b[A\x1b[Bjk") == Keys{Key::kUp, Key::kDown, Key::kDown, Key::kUp});
  CHECK(keys("\x1b") == Keys{Key::kBack});
  CHECK(keys("\x1b[1;5Q") == Keys{Key::kOther});
  CHECK(keys("x\x1a\x03") == Keys{Key::kOther, Key::kStop, Key::kQuit});
}

}  // namespace muster::tools
