// Offsets of the C interface: commits, releases, fetches.
#include <chrono>

#include "client/c/handles.h"

namespace {

using Outcome = std::expected<void, muster::Error>;
using muster::GroupConsumer;
using muster::c::change;
using muster::c::guarded;
using muster::c::null_handle;
using muster::c::text;

}  // namespace

extern "C" {

int muster_consumer_commit_offset(muster_consumer* consumer, const char* topic, int32_t partition,
                                  int64_t offset, const char* metadata, muster_error** error) {
  return guarded(consumer, error, [&](GroupConsumer& value) {
    return value.commit_offset(text(topic), partition, offset, text(metadata));
  });
}

muster_commits* muster_commits_new(void) {
  try {
    return new muster_commits;
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}
void muster_commits_free(muster_commits* commits) { delete commits; }

muster_commit* muster_commits_add(muster_commits* commits, const char* topic, int32_t partition,
                                  int64_t offset) {
  muster_commit* added = nullptr;
  change(commits, [&](auto& value) {
    added = &value.emplace_back(muster::OffsetCommit{
        .topic = std::string(text(topic)), .partition = partition, .offset = offset});
  });
  return added;
}
void muster_commit_set_metadata(muster_commit* commit, const void* bytes, size_t size) {
  change(commit, [&](auto& value) { value.metadata = muster::c::bytes(bytes, size); });
}
void muster_commit_set_end(muster_commit* commit, int64_t end) {
  change(commit, [&](auto& value) { value.end = end; });
}

int muster_consumer_commit_offsets(muster_consumer* consumer, const muster_commits* commits,
                                   muster_error** error) {
  return guarded(consumer, error, [&](GroupConsumer& value) -> Outcome {
    if (commits == nullptr) return std::unexpected(null_handle());
    bool incomplete = commits->incomplete;
    std::vector<muster::OffsetCommit> batch;
    for (const muster_commit& commit : commits->value) {
      incomplete = incomplete || commit.incomplete;
      batch.push_back(commit.value);
    }
    if (incomplete) return std::unexpected(muster::c::incomplete_handle());
    return value.commit_offsets(std::move(batch));
  });
}

int muster_consumer_release(muster_consumer* consumer, const char* topic, int32_t partition,
                            int64_t offset, const char* metadata, muster_error** error) {
  return guarded(consumer, error, [&](GroupConsumer& value) {
    return value.release(text(topic), partition,
                         offset == -1 ? std::nullopt : std::optional(offset), text(metadata));
  });
}

int muster_consumer_fetch_committed_offset(muster_consumer* consumer, const char* topic,
                                           int32_t partition, int64_t* offset,
                                           muster_error** error) {
  return guarded(consumer, error, [&](GroupConsumer& value) -> Outcome {
    if (offset == nullptr) return std::unexpected(null_handle());
    const auto found = value.fetch_committed_offset(text(topic), partition);
    if (!found) return std::unexpected(found.error());
    *offset = found->value_or(-1);
    return {};
  });
}

int muster_consumer_fetch_committed(muster_consumer* consumer, const char* topic, int32_t partition,
                                    muster_committed** committed, muster_error** error) {
  return guarded(consumer, error, [&](GroupConsumer& value) -> Outcome {
    if (committed == nullptr) return std::unexpected(null_handle());
    const auto found = value.fetch_committed(text(topic), partition);
    if (!found) return std::unexpected(found.error());
    *committed = *found ? new muster_committed{**found} : nullptr;
    return {};
  });
}

int64_t muster_committed_offset(const muster_committed* committed) {
  return committed == nullptr ? -1 : committed->value.offset;
}
const char* muster_committed_metadata(const muster_committed* committed, size_t* size) {
  if (size != nullptr) *size = committed == nullptr ? 0 : committed->value.metadata.size();
  return committed == nullptr ? nullptr : committed->value.metadata.c_str();
}
int64_t muster_committed_commit_time_ms(const muster_committed* committed) {
  if (committed == nullptr) return 0;
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             committed->value.commit_time.time_since_epoch())
      .count();
}
void muster_committed_free(muster_committed* committed) { delete committed; }

}  // extern "C"
