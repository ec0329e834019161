// What came of an operator's action on a group: as JSON, and in one sentence that says what follows
// from it. The facts are those of just before the action: a group that changes in the same moment
// may do a little more or less.
#pragma once

#include <wire_generated.h>

#include <cstddef>
#include <optional>
#include <string>

#include "tools/arguments.h"
#include "tools/output.h"

namespace muster::tools {

struct Configured {
  std::optional<wire::GroupInfoT> before;  // nothing: the group was created
  wire::GroupInfoT after;

  bool changed() const;
};

struct Frozen {
  wire::GroupInfoT before;
  bool frozen = false;

  bool changed() const { return before.frozen != frozen; }
};

struct Removed {
  wire::GroupInfoT before;
  std::string member_id;
  std::size_t held = 0;  // partitions
};

struct Drained {
  wire::GroupInfoT before;
  std::string member_id;
  bool draining = false;
  bool drained_before = false;
  bool present = false;
  std::size_t held = 0;

  bool changed() const { return draining != drained_before; }
};

struct Pinned {
  wire::GroupInfoT before;
  PartitionArgument at;
  std::string member_id;      // empty: the pin is taken off
  std::string pinned_before;  // empty: it was not pinned
  std::string owner;          // empty: nobody
  bool revoking = false;      // it is being asked back from its owner
  bool present = false;       // its member
  bool draining = false;
  std::uint32_t quiet_remaining_ms = 0;

  bool changed() const { return member_id != pinned_before; }
};

Json json_of(const Configured& configured);
Json json_of(const Frozen& frozen);
Json json_of(const Removed& removed);
Json json_of(const Drained& drained);
Json json_of(const Pinned& pinned);

std::string text_of(const Configured& configured);
std::string text_of(const Frozen& frozen);
std::string text_of(const Removed& removed);
std::string text_of(const Drained& drained);
std::string text_of(const Pinned& pinned);

/// "strategy sticky, at most 50 members", as configure prints them.
std::string settings_text(const wire::GroupInfoT& group);

template <typename Outcome>
void print_outcome(bool json, const Outcome& outcome) {
  if (json) {
    print_json(json_of(outcome));
  } else {
    print_text(text_of(outcome) + "\n");
  }
}

}  // namespace muster::tools
