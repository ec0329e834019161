#include "tests/sim/asked_offsets.h"

#include <memory>
#include <utility>

namespace muster::sim {
namespace {

bool is_numbers_alone(const wire::CommitItemT& item) {
  return item.metadata.empty() && item.start == -1 && !item.expected;
}

}  // namespace

std::vector<AskedOffset> asked_offsets(const wire::Commit& commit) {
  std::vector<AskedOffset> offsets;
  for (const wire::CommitItem* item : *commit.items()) {
    offsets.push_back({.topic = item->topic()->str(),
                       .partition = item->partition(),
                       .offset = item->offset(),
                       .fence = item->fence()});
  }
  if (commit.topics() == nullptr) return offsets;
  for (const wire::TopicOffsets* topic : *commit.topics()) {
    for (const wire::PlainOffset* offset : *topic->offsets()) {
      offsets.push_back({.topic = topic->topic()->str(),
                         .partition = offset->partition(),
                         .offset = offset->offset(),
                         .fence = offset->fence()});
    }
  }
  return offsets;
}

void write_by_topic(wire::CommitT& commit) {
  std::size_t first = commit.items.size();
  while (first > 0 && is_numbers_alone(*commit.items[first - 1])) --first;
  for (std::size_t i = first; i < commit.items.size(); ++i) {
    wire::CommitItemT& item = *commit.items[i];
    if (commit.topics.empty() || commit.topics.back()->topic != item.topic) {
      commit.topics.push_back(std::make_unique<wire::TopicOffsetsT>());
      commit.topics.back()->topic = std::move(item.topic);
    }
    commit.topics.back()->offsets.emplace_back(item.offset, item.fence, item.end, item.partition);
  }
  commit.items.resize(first);
}

}  // namespace muster::sim
