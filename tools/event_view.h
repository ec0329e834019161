// An event of the journal as `muster journal log` shows it: an object for programs, words for
// people. Topics have their names, which the events themselves do not carry.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "domain/events.h"
#include "tools/output.h"

namespace muster::tools {

/// Names of the topics that ever were, by id.
class TopicNames {
 public:
  /// Finds the name of a topic whose creation was not taken in.
  using LookUp = std::function<std::optional<std::string>(TopicId)>;

  explicit TopicNames(LookUp look_up = {}) : look_up_(std::move(look_up)) {}

  /// Learns names from events.
  void take_in(Sequence sequence, const domain::Event& event);
  /// A topic whose creation is not told any more.
  void know(TopicId topic, const std::string& name) { names_[topic] = name; }
  /// The name, or "#ID" for a topic of which nothing is known.
  const std::string& of(TopicId topic) const;

 private:
  LookUp look_up_;
  mutable std::unordered_map<TopicId, std::string> names_;  // what was looked up, too
};

/// {"sequence","time","type","group",…}, the fields as docs/events.md has them.
Json event_json(Sequence sequence, const domain::Event& event, const TopicNames& names);

/// What happened in a few words, without sequence, time, type and group.
std::string event_summary(const domain::Event& event, const TopicNames& names);

/// What happened in a sentence that can be read without knowing docs/events.md.
std::string event_explanation(Sequence sequence, const domain::Event& event,
                              const TopicNames& names);

/// "client", "operator", "deadline", "coordinator".
std::string_view cause_kind_text(domain::CauseKind kind);

/// Who or what brought it about.
std::string cause_text(const domain::Cause& cause);

}  // namespace muster::tools
