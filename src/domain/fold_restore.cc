// The fold of a restore, and of the quiet time behind it.

#include "domain/folding.h"

namespace muster::domain {

void Folding::set_quiet_time(std::uint32_t quiet_time_ms) {
  state_.digest -= hash_of_quiet_time(state_.quiet_time_ms);
  state_.quiet_time_ms = quiet_time_ms;
  state_.digest += hash_of_quiet_time(state_.quiet_time_ms);
}

Contradiction Folding::operator()(const JournalRestored& event) {
  // A journal restored twice has two of these, and its header the later one's.
  if (event.fence_base > state_.fence_base) {
    return sentence("its fence base ", event.fence_base, " is above the journal's, ",
                    state_.fence_base);
  }
  if (event.former_last_sequence + 1 != sequence_) {
    return sentence("the backup that it was made of ended with sequence ",
                    event.former_last_sequence);
  }
  for (auto& [name, group] : state_.groups) {
    forget_request(group);
    if (group.members.empty()) continue;
    while (!group.members.empty()) {
      drop_member(group, group.members.begin()->second, TokenEnd::kRestored);
    }
    outdate_plan(group, Urgency::kAtOnce, "the journal was restored from a backup");
  }
  set_quiet_time(event.quiet_time_ms);
  return std::nullopt;
}

Contradiction Folding::operator()(const QuietTimeEnded&) {
  if (state_.quiet_time_ms == 0) return "there is no quiet time";
  set_quiet_time(0);
  return std::nullopt;
}

}  // namespace muster::domain
