#include "domain/patterns.h"

#include <re2/re2.h>

#include <algorithm>
#include <cstdint>

#include "domain/message.h"
#include "domain/names.h"

namespace muster::domain {
namespace {

/// A pattern is for the whole name, as in Kafka: `orders` matches that topic alone.
class Matcher {
 public:
  explicit Matcher(std::string_view pattern)
      : expression_(re2::StringPiece(pattern.data(), pattern.size()), options()) {}

  bool valid() const { return expression_.ok(); }
  const std::string& error() const { return expression_.error(); }
  bool matches(std::string_view name) const {
    return re2::RE2::FullMatch(re2::StringPiece(name.data(), name.size()), expression_);
  }

 private:
  static re2::RE2::Options options() {
    constexpr std::int64_t kMostMemory = std::int64_t{1} << 20;  // of the compiled program
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(kMostMemory);
    return options;
  }

  re2::RE2 expression_;
};

}  // namespace

std::optional<Rejection> refuse_pattern(std::string_view pattern, const Limits& limits) {
  if (auto refused = refuse_name("pattern", pattern, limits)) return refused;
  const Matcher matcher(pattern);
  if (matcher.valid()) return std::nullopt;
  return Rejection{.code = ErrorCode::kInvalidPattern,
                   .message = sentence("Pattern '", pattern, "' is no regular expression of RE2: ",
                                       matcher.error(), ". Mend it, or name topics instead.")};
}

void append_matches(const State& state, const Group* group, std::string_view group_name,
                    const Subscription& subscription, std::vector<EventBody>& events) {
  TopicsMatched event{.group = std::string(group_name), .matches = {}};
  for (const std::string& pattern : subscription.patterns()) {
    if (group != nullptr && group->patterns.contains(pattern)) continue;  // evaluated already
    const Matcher matcher(pattern);
    PatternTopics matched{.pattern = pattern, .topics = {}};
    for (const auto& [name, topic] : state.topics) {
      if (matcher.matches(name)) matched.topics.push_back(topic.id);
    }
    std::ranges::sort(matched.topics);
    if (!matched.topics.empty()) event.matches.push_back(std::move(matched));
  }
  if (!event.matches.empty()) events.emplace_back(std::move(event));
}

void append_matches(const Group& group, TopicId topic, std::string_view topic_name,
                    std::vector<EventBody>& events) {
  TopicsMatched event{.group = group.name, .matches = {}};
  for (const auto& [pattern, known] : group.patterns) {
    if (Matcher(pattern).matches(topic_name)) {
      event.matches.push_back({.pattern = pattern, .topics = {topic}});
    }
  }
  if (!event.matches.empty()) events.emplace_back(std::move(event));
}

}  // namespace muster::domain
