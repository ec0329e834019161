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

std::expected<std::vector<muster::OffsetCommit>, muster::Error> batch_of(
    const muster_commits* commits) {
  if (commits == nullptr) return std::unexpected(null_handle());
  bool incomplete = commits->incomplete;
  std::vector<muster::OffsetCommit> batch;
  for (const muster_commit& commit : commits->value) {
    incomplete = incomplete || commit.incomplete;
    batch.push_back(commit.value);
  }
  if (incomplete) return std::unexpected(muster::c::incomplete_handle());
  return batch;
}

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

void muster_commit_set_fence(muster_commit* commit, uint64_t fence) {
  change(commit, [&](auto& value) { value.fence = fence; });
}

int muster_consumer_commit_offsets(muster_consumer* consumer, const muster_commits* commits,
                                   muster_error** error) {
  return guarded(consumer, error, [&](GroupConsumer& value) -> Outcome {
    auto batch = batch_of(commits);
    if (!batch) return std::unexpected(std::move(batch.error()));
    return value.commit_offsets(std::move(*batch));
  });
}
void muster_consumer_commit_offsets_async(muster_consumer* consumer, const muster_commits* commits,
                                          muster_done_callback done, void* user_data) {
  muster::c::start(consumer, done, user_data, [&](GroupConsumer& value, GroupConsumer::Done told) {
    auto batch = batch_of(commits);
    if (!batch) return told(std::unexpected(std::move(batch.error())));
    value.commit_offsets_async(std::move(*batch), std::move(told));
  });
}

int muster_consumer_store_offset(muster_consumer* consumer, const char* topic, int32_t partition,
                                 int64_t offset, uint64_t fence, muster_error** error) {
  return guarded(consumer, error, [&](GroupConsumer& value) {
    return value.store_offset({.topic = std::string(text(topic)),
                               .partition = partition,
                               .offset = offset,
                               .fence = fence == 0 ? std::nullopt : std::optional(fence)});
  });
}
int muster_consumer_store_offsets(muster_consumer* consumer, const muster_commits* commits,
                                  muster_error** error) {
  return guarded(consumer, error, [&](GroupConsumer& value) -> Outcome {
    auto batch = batch_of(commits);
    if (!batch) return std::unexpected(std::move(batch.error()));
    for (muster::OffsetCommit& commit : *batch) {
      if (auto stored = value.store_offset(std::move(commit)); !stored) return stored;
    }
    return {};
  });
}
int muster_consumer_commit_stored(muster_consumer* consumer, muster_error** error) {
  return guarded(consumer, error, [](GroupConsumer& value) { return value.commit_stored(); });
}
void muster_consumer_commit_stored_async(muster_consumer* consumer, muster_done_callback done,
                                         void* user_data) {
  muster::c::start(consumer, done, user_data, [](GroupConsumer& value, GroupConsumer::Done told) {
    value.commit_stored_async(std::move(told));
  });
}

int muster_consumer_report_end(muster_consumer* consumer, const char* topic, int32_t partition,
                               int64_t end, int64_t start, muster_error** error) {
  return guarded(consumer, error, [&](GroupConsumer& value) {
    return value.report_end(text(topic), partition, end,
                            start == -1 ? std::nullopt : std::optional(start));
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

void muster_consumer_fetch_committed_async(muster_consumer* consumer, const char* topic,
                                           int32_t partition, muster_fetched_callback done,
                                           void* user_data) {
  const auto tell = [consumer, done, user_data](const muster_committed* committed,
                                                const muster_error* error) {
    if (done != nullptr) done(consumer, committed, error, user_data);
  };
  muster_error* refused = nullptr;
  guarded(consumer, &refused, [&](GroupConsumer& value) -> Outcome {
    value.fetch_committed_async(text(topic), partition, [tell](const auto& fetched) {
      if (!fetched) {
        const muster_error error{fetched.error()};
        return tell(nullptr, &error);
      }
      if (!*fetched) return tell(nullptr, nullptr);
      const muster_committed committed{**fetched};
      tell(&committed, nullptr);
    });
    return {};
  });
  if (refused != nullptr) tell(nullptr, refused);
  muster_error_free(refused);
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
