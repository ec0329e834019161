// The names of topics whose creation is not among the events that are looked at.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>

#include "domain/ids.h"
#include "journal/reader.h"

namespace muster::tools {

class TopicLookUp {
 public:
  /// `reader` outlives it.
  explicit TopicLookUp(journal::Reader& reader) : reader_(reader) {}

  /// Not to be called while the reader reads. Nothing when the journal does not know any more.
  std::optional<std::string> name_of(TopicId topic);

 private:
  std::optional<std::string> in_its_record(TopicId topic);
  void learn_from_snapshot();

  journal::Reader& reader_;
  /// What the oldest snapshot knows; empty until a topic's record was found to be trimmed.
  std::optional<std::unordered_map<TopicId, std::string>> in_snapshot_;
};

}  // namespace muster::tools
