// An event of the journal as `muster journal log` shows it: an object for programs, a sentence for
// people. Topics have their names, which the events themselves do not carry.
#pragma once

#include <map>
#include <string>

#include "domain/events.h"
#include "tools/output.h"

namespace muster::tools {

/// Names of the topics that ever were, by id: gathered from the events in order.
class TopicNames {
 public:
  /// To be called with every event, before it is shown.
  void take_in(Sequence sequence, const domain::Event& event);
  /// A topic whose creation is not told any more.
  void know(TopicId topic, const std::string& name) { names_[topic] = name; }
  /// The name, or "#ID" for a topic whose creation was not seen.
  std::string of(TopicId topic) const;

 private:
  std::map<TopicId, std::string> names_;
};

/// {"sequence","time","type","group",…}, the fields as docs/events.md has them.
Json event_json(Sequence sequence, const domain::Event& event, const TopicNames& names);

/// What happened, without sequence, time and type.
std::string event_sentence(const domain::Event& event, const TopicNames& names);

/// Who or what brought it about.
std::string cause_text(const domain::Cause& cause);

}  // namespace muster::tools
