// Subscriptions by pattern: which topics a pattern matches is decided here, with the command, and
// recorded (outcomes-not-intents): a later version of RE2 can't change what an old journal folds
// to.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/errors.h"
#include "domain/events.h"
#include "domain/limits.h"
#include "domain/state.h"

namespace muster::domain {

/// Nothing when `pattern` is a regular expression of RE2
/// (https://github.com/google/re2/wiki/Syntax) of at most a name's length, otherwise
/// kInvalidPattern. Matching takes time linear in the name, whatever the pattern.
std::optional<Rejection> refuse_pattern(std::string_view pattern, const Limits& limits);

/// Appends what the patterns of `subscription` match that the group has not evaluated yet, if
/// anything. `group` may be null: nobody is in it.
void append_matches(const State& state, const Group* group, std::string_view group_name,
                    const Subscription& subscription, std::vector<EventBody>& events);

/// Appends which of the group's patterns match a topic that is created in the same unit, if any.
void append_matches(const Group& group, TopicId topic, std::string_view topic_name,
                    std::vector<EventBody>& events);

}  // namespace muster::domain
