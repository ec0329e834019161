#include "client/src/holdings.h"

#include <algorithm>
#include <limits>

#include "domain/assert.h"

namespace muster {

std::string text_of(const PartitionKey& key) { return key.topic + "/" + std::to_string(key.index); }

const Held* Holdings::held(const PartitionKey& key) const {
  const auto found = held_.find(key);
  return found == held_.end() ? nullptr : &found->second;
}

const Ended* Holdings::ended(const PartitionKey& key) const {
  const auto found = ended_.find(key);
  return found == ended_.end() ? nullptr : &found->second;
}

bool Holdings::has_ended(const PartitionKey& key, FencingToken fence) const {
  const Ended* last = ended(key);
  return last != nullptr && fence <= last->fence;
}

void Holdings::adopt(const PartitionKey& key, FencingToken fence, std::int64_t committed) {
  MUSTER_ASSERT(!has_ended(key, fence));
  const bool inserted =
      held_.emplace(key, Held{.fence = fence, .committed = committed, .uncertain = {}}).second;
  MUSTER_ASSERT(inserted);
}

void Holdings::revoke(const PartitionKey& key, std::uint64_t release_by_ms) {
  const auto found = held_.find(key);
  MUSTER_ASSERT(found != held_.end());
  Held& held = found->second;
  if (held.revoking) revoking_.erase({held.release_by_ms, key});
  held.revoking = true;
  held.release_by_ms = release_by_ms;
  revoking_.emplace(release_by_ms, key);
}

void Holdings::remove(const PartitionKey& key) {
  const auto found = held_.find(key);
  MUSTER_ASSERT(found != held_.end());
  if (found->second.revoking) revoking_.erase({found->second.release_by_ms, key});
  held_.erase(found);
}

void Holdings::release(const PartitionKey& key, std::optional<LastCommit> last) {
  const Held* current = held(key);
  MUSTER_ASSERT(current != nullptr);
  ended_[key] = {.fence = current->fence, .lost = false, .uncertain = std::move(last)};
  remove(key);
}

void Holdings::lose(const PartitionKey& key, FencingToken fence) {
  if (!has_ended(key, fence)) ended_[key] = {.fence = fence, .lost = true, .uncertain = {}};
  const Held* current = held(key);
  if (current != nullptr && current->fence == fence) remove(key);
}

void Holdings::committed(const PartitionKey& key, FencingToken fence, std::int64_t offset) {
  const auto found = held_.find(key);
  if (found == held_.end() || found->second.fence != fence) return;
  Held& held = found->second;
  held.committed = std::max(held.committed, offset);
  if (held.uncertain && held.uncertain->offset <= offset) held.uncertain.reset();
}

void Holdings::uncertain(const PartitionKey& key, FencingToken fence, LastCommit last) {
  const auto found = held_.find(key);
  if (found == held_.end() || found->second.fence != fence) return;
  std::optional<LastCommit>& known = found->second.uncertain;
  if (!known || known->offset <= last.offset) known = std::move(last);
}

void Holdings::store(const PartitionKey& key, LastCommit offset) {
  const auto found = held_.find(key);
  MUSTER_ASSERT(found != held_.end());
  std::optional<LastCommit>& stored = found->second.stored;
  if (stored && stored->offset > offset.offset) return;
  stored = std::move(offset);
  found->second.stored_refused = false;
}

void Holdings::stored_refused(const PartitionKey& key, FencingToken fence, std::int64_t offset) {
  const auto found = held_.find(key);
  if (found == held_.end() || found->second.fence != fence) return;
  Held& held = found->second;
  if (held.stored && held.stored->offset == offset) held.stored_refused = true;
}

void Holdings::hold_back(const PartitionKey& key, bool held_back) {
  const auto found = held_.find(key);
  MUSTER_ASSERT(found != held_.end());
  found->second.held_back = held_back;
}

void Holdings::release_answered(const PartitionKey& key, FencingToken fence) {
  const auto found = ended_.find(key);
  if (found != ended_.end() && found->second.fence == fence) found->second.uncertain.reset();
}

std::vector<PartitionKey> Holdings::overdue(std::uint64_t now_ms) const {
  std::vector<PartitionKey> keys;
  for (const auto& [release_by_ms, key] : revoking_) {
    if (release_by_ms > now_ms) break;
    keys.push_back(key);
  }
  return keys;
}

std::uint64_t Holdings::next_release_by_ms() const {
  return revoking_.empty() ? std::numeric_limits<std::uint64_t>::max() : revoking_.begin()->first;
}

}  // namespace muster
