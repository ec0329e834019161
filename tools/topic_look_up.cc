#include "tools/topic_look_up.h"

#include <string_view>
#include <variant>

#include "codec/event.h"
#include "codec/snapshot.h"

namespace muster::tools {

std::optional<std::string> TopicLookUp::name_of(TopicId topic) {
  if (auto name = in_its_record(topic)) return name;
  if (!in_snapshot_) learn_from_snapshot();
  const auto found = in_snapshot_->find(topic);
  return found == in_snapshot_->end() ? std::nullopt : std::optional(found->second);
}

/// A topic's id is the sequence of its TopicCreated.
std::optional<std::string> TopicLookUp::in_its_record(TopicId topic) {
  std::optional<std::string> name;
  const auto read = reader_.read(topic, topic, [&](std::uint64_t, std::string_view bytes) {
    const auto event = codec::decode_event(bytes);
    if (!event) return false;
    if (const auto* created = std::get_if<domain::TopicCreated>(&event->body)) {
      name = created->name;
    }
    return false;
  });
  return read ? name : std::nullopt;
}

/// History that was trimmed begins with a snapshot, which has the topics of that time.
void TopicLookUp::learn_from_snapshot() {
  in_snapshot_.emplace();
  const auto snapshots = reader_.snapshots();
  if (!snapshots || snapshots->empty()) return;
  codec::SnapshotDecoder decoder;
  const auto read = reader_.read_snapshot(
      snapshots->front().sequence,
      [&](std::uint64_t, std::string_view bytes) { return decoder.take(bytes).has_value(); });
  const auto state = decoder.finish();
  if (!read || !state) return;
  for (const auto& [name, topic] : state->topics) in_snapshot_->emplace(topic.id, name);
}

}  // namespace muster::tools
