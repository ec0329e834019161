// Options and callbacks of consumers of the C interface.
#include <chrono>
#include <memory>

#include "client/c/handles.h"

using muster::c::change;
using muster::c::text;
using std::chrono::milliseconds;

extern "C" {

const char* muster_partition_topic(const muster_partition* partition) {
  return partition == nullptr ? nullptr : partition->value.topic.c_str();
}
int32_t muster_partition_index(const muster_partition* partition) {
  return partition == nullptr ? -1 : partition->value.index;
}
int64_t muster_partition_committed(const muster_partition* partition) {
  return partition == nullptr ? -1 : partition->value.committed.value_or(-1);
}
uint64_t muster_partition_fence(const muster_partition* partition) {
  return partition == nullptr ? 0 : partition->value.fence;
}
int64_t muster_partition_release_within_ms(const muster_partition* partition) {
  return partition == nullptr ? 0 : partition->value.release_within.count();
}

muster_consumer_options* muster_consumer_options_new(const char* group_id) {
  try {
    auto made = std::make_unique<muster_consumer_options>();
    made->value.group_id = text(group_id);
    return made.release();
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}
void muster_consumer_options_free(muster_consumer_options* options) { delete options; }

void muster_consumer_options_set_consumer_id(muster_consumer_options* options,
                                             const char* consumer_id) {
  change(options, [&](auto& value) { value.consumer_id = text(consumer_id); });
}
void muster_consumer_options_add_topic(muster_consumer_options* options, const char* topic) {
  change(options, [&](auto& value) { value.topics.emplace_back(text(topic)); });
}
void muster_consumer_options_add_pattern(muster_consumer_options* options, const char* pattern) {
  change(options, [&](auto& value) { value.patterns.emplace_back(text(pattern)); });
}
void muster_consumer_options_set_metadata(muster_consumer_options* options, const void* bytes,
                                          size_t size) {
  change(options, [&](auto& value) { value.metadata = muster::c::bytes(bytes, size); });
}
void muster_consumer_options_set_session_timeout_ms(muster_consumer_options* options,
                                                    int64_t timeout_ms) {
  change(options, [&](auto& value) { value.session_timeout = milliseconds(timeout_ms); });
}
void muster_consumer_options_set_disconnect_grace_ms(muster_consumer_options* options,
                                                     int64_t grace_ms) {
  change(options, [&](auto& value) { value.disconnect_grace = milliseconds(grace_ms); });
}
void muster_consumer_options_set_rebalance_timeout_ms(muster_consumer_options* options,
                                                      int64_t timeout_ms) {
  change(options, [&](auto& value) { value.rebalance_timeout = milliseconds(timeout_ms); });
}
void muster_consumer_options_set_join_timeout_ms(muster_consumer_options* options,
                                                 int64_t timeout_ms) {
  change(options, [&](auto& value) { value.join_timeout = milliseconds(timeout_ms); });
}
void muster_consumer_options_set_takeover(muster_consumer_options* options, bool takeover) {
  change(options, [&](auto& value) { value.takeover = takeover; });
}
void muster_consumer_options_set_release_on_return(muster_consumer_options* options,
                                                   bool release_on_return) {
  change(options, [&](auto& value) { value.release_on_return = release_on_return; });
}

void muster_consumer_options_set_progress_timeout_ms(muster_consumer_options* options,
                                                     int64_t timeout_ms) {
  change(options, [&](auto& value) { value.progress_timeout = milliseconds(timeout_ms); });
}
void muster_consumer_options_set_auto_commit_interval_ms(muster_consumer_options* options,
                                                         int64_t interval_ms) {
  change(options, [&](auto& value) { value.auto_commit_interval = milliseconds(interval_ms); });
}

void muster_consumer_options_on_assigned(muster_consumer_options* options,
                                         muster_partition_callback callback, void* user_data) {
  if (options != nullptr) options->on_assigned = {callback, user_data};
}
void muster_consumer_options_on_revoked(muster_consumer_options* options,
                                        muster_partition_callback callback, void* user_data) {
  if (options != nullptr) options->on_revoked = {callback, user_data};
}
void muster_consumer_options_on_lost(muster_consumer_options* options,
                                     muster_partition_callback callback, void* user_data) {
  if (options != nullptr) options->on_lost = {callback, user_data};
}
void muster_consumer_options_on_paused(muster_consumer_options* options,
                                       muster_partition_callback callback, void* user_data) {
  if (options != nullptr) options->on_paused = {callback, user_data};
}
void muster_consumer_options_on_resumed(muster_consumer_options* options,
                                        muster_partition_callback callback, void* user_data) {
  if (options != nullptr) options->on_resumed = {callback, user_data};
}
void muster_consumer_options_on_waiting(muster_consumer_options* options,
                                        muster_error_callback callback, void* user_data) {
  if (options != nullptr) options->on_waiting = {callback, user_data};
}
void muster_consumer_options_on_ended(muster_consumer_options* options,
                                      muster_error_callback callback, void* user_data) {
  if (options != nullptr) options->on_ended = {callback, user_data};
}
void muster_consumer_options_on_commit_failed(muster_consumer_options* options,
                                              muster_error_callback callback, void* user_data) {
  if (options != nullptr) options->on_commit_failed = {callback, user_data};
}
void muster_consumer_options_on_plan(muster_consumer_options* options,
                                     muster_plan_callback callback, void* user_data) {
  if (options != nullptr) options->on_plan = {callback, user_data};
}
void muster_consumer_options_on_plan_refused(muster_consumer_options* options,
                                             muster_error_callback callback, void* user_data) {
  if (options != nullptr) options->on_plan_refused = {callback, user_data};
}

}  // extern "C"
