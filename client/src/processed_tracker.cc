#include "muster/processed_tracker.hpp"

#include <algorithm>

namespace muster {

ProcessedTracker::Record* ProcessedTracker::find(std::int64_t offset) {
  const auto found = std::ranges::lower_bound(records_, offset, {}, &Record::offset);
  return found == records_.end() || found->offset != offset ? nullptr : &*found;
}

bool ProcessedTracker::started(std::int64_t offset, std::optional<std::int64_t> next) {
  const std::lock_guard lock(mutex_);
  const std::int64_t least = records_.empty() ? processed_up_to_ : records_.back().next;
  const std::int64_t following = next.value_or(offset + 1);
  if (offset < least || following <= offset) return false;
  records_.push_back({.offset = offset, .next = following});
  return true;
}

bool ProcessedTracker::finish(Record* record) {
  if (record == nullptr || record->standing == Standing::kDone) return false;
  record->standing = Standing::kDone;
  while (!records_.empty() && records_.front().standing == Standing::kDone) {
    processed_up_to_ = records_.front().next;
    records_.pop_front();
  }
  return true;
}

bool ProcessedTracker::done(std::int64_t offset) {
  const std::lock_guard lock(mutex_);
  return finish(find(offset));
}

bool ProcessedTracker::failed(std::int64_t offset) {
  const std::lock_guard lock(mutex_);
  Record* record = find(offset);
  if (record == nullptr || record->standing == Standing::kDone) return false;
  record->standing = Standing::kFailed;
  return true;
}

bool ProcessedTracker::skip(std::int64_t offset) {
  const std::lock_guard lock(mutex_);
  Record* record = find(offset);
  if (record == nullptr || record->standing != Standing::kFailed) return false;
  return finish(record);
}

std::int64_t ProcessedTracker::processed_up_to() const {
  const std::lock_guard lock(mutex_);
  return processed_up_to_;
}

std::optional<std::int64_t> ProcessedTracker::first_failed() const {
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::find(records_, Standing::kFailed, &Record::standing);
  if (found == records_.end()) return std::nullopt;
  return found->offset;
}

std::size_t ProcessedTracker::outstanding() const {
  const std::lock_guard lock(mutex_);
  return records_.size();
}

}  // namespace muster
