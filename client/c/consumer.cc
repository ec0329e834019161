// Consumers of the C interface: making, membership, what they hold.
#include <memory>
#include <stdexcept>

#include "client/c/handles.h"

namespace {

using Outcome = std::expected<void, muster::Error>;
using muster::GroupConsumer;
using muster::c::guarded;
using muster::c::null_handle;
using muster::c::read_or;
using muster::c::start;
using muster::c::text;

std::vector<std::string> texts(const char* const* strings, std::size_t count) {
  std::vector<std::string> copies;
  for (std::size_t i = 0; strings != nullptr && i < count; ++i) {
    copies.emplace_back(text(strings[i]));
  }
  return copies;
}

/// A callback that was not set stays unset: without on_revoked, for one, partitions are released at
/// once.
void set(muster_consumer* consumer, const muster_callback<muster_partition_callback>& callback,
         void (GroupConsumer::*on)(GroupConsumer::PartitionCallback)) {
  if (callback.function == nullptr) return;
  (consumer->value.*on)([consumer, callback](const muster::Partition& partition) {
    const muster_partition handle{partition};
    callback.function(consumer, &handle, callback.user_data);
  });
}

void set(muster_consumer* consumer, const muster_callback<muster_error_callback>& callback,
         void (GroupConsumer::*on)(GroupConsumer::EndedCallback)) {
  if (callback.function == nullptr) return;
  (consumer->value.*on)([consumer, callback](const muster::Error& error) {
    const muster_error handle{error};
    callback.function(consumer, &handle, callback.user_data);
  });
}

void set(muster_consumer* consumer, const muster_callback<muster_plan_callback>& callback) {
  if (callback.function == nullptr) return;
  consumer->value.on_plan([consumer, callback](const muster::PlanRequest& request) {
    const muster_plan_request handle{request};
    muster_plan plan{.request = request};
    const int status = callback.function(consumer, &handle, &plan, callback.user_data);
    // What on_plan throws is told to on_plan_refused.
    if (status != 0) throw std::runtime_error("it returned " + std::to_string(status));
    if (!plan.wrong.empty()) throw std::runtime_error(plan.wrong);
    return std::move(plan.value);
  });
}

void set_callbacks(muster_consumer* consumer, const muster_consumer_options& options) {
  set(consumer, options.on_assigned, &GroupConsumer::on_assigned);
  set(consumer, options.on_revoked, &GroupConsumer::on_revoked);
  set(consumer, options.on_lost, &GroupConsumer::on_lost);
  set(consumer, options.on_paused, &GroupConsumer::on_paused);
  set(consumer, options.on_resumed, &GroupConsumer::on_resumed);
  set(consumer, options.on_waiting, &GroupConsumer::on_waiting);
  set(consumer, options.on_ended, &GroupConsumer::on_ended);
  set(consumer, options.on_commit_failed, &GroupConsumer::on_commit_failed);
  set(consumer, options.on_plan);
  set(consumer, options.on_plan_refused, &GroupConsumer::on_plan_refused);
}

}  // namespace

extern "C" {

int muster_consumer_new(muster_client* client, const muster_consumer_options* options,
                        muster_consumer** consumer, muster_error** error) {
  return guarded(client, error, [&](muster::Client& shared) -> Outcome {
    if (options == nullptr || consumer == nullptr) return std::unexpected(null_handle());
    if (options->incomplete) return std::unexpected(muster::c::incomplete_handle());
    auto made = std::make_unique<muster_consumer>(shared, options->value);
    set_callbacks(made.get(), *options);
    *consumer = made.release();
    return {};
  });
}

void muster_consumer_free(muster_consumer* consumer) {
  muster_consumer_close(consumer);  // answers what is under way while the handle is still whole
  delete consumer;
}

int muster_consumer_join_group(muster_consumer* consumer, muster_error** error) {
  return guarded(consumer, error, [](GroupConsumer& value) { return value.join_group(); });
}

int muster_consumer_subscribe(muster_consumer* consumer, const char* const* topics,
                              size_t topic_count, const char* const* patterns, size_t pattern_count,
                              muster_error** error) {
  return guarded(consumer, error, [&](GroupConsumer& value) {
    return value.subscribe(texts(topics, topic_count), texts(patterns, pattern_count));
  });
}

int muster_consumer_unsubscribe(muster_consumer* consumer, muster_error** error) {
  return guarded(consumer, error, [](GroupConsumer& value) { return value.unsubscribe(); });
}

int muster_consumer_leave_group(muster_consumer* consumer, muster_error** error) {
  return guarded(consumer, error, [](GroupConsumer& value) { return value.leave_group(); });
}

void muster_consumer_close(muster_consumer* consumer) {
  guarded(consumer, nullptr, [](GroupConsumer& value) -> Outcome {
    value.close();
    return {};
  });
}

void muster_consumer_join_group_async(muster_consumer* consumer, muster_done_callback done,
                                      void* user_data) {
  start(consumer, done, user_data, [](GroupConsumer& value, GroupConsumer::Done told) {
    value.join_group_async(std::move(told));
  });
}
void muster_consumer_subscribe_async(muster_consumer* consumer, const char* const* topics,
                                     size_t topic_count, const char* const* patterns,
                                     size_t pattern_count, muster_done_callback done,
                                     void* user_data) {
  start(consumer, done, user_data, [&](GroupConsumer& value, GroupConsumer::Done told) {
    value.subscribe_async(texts(topics, topic_count), texts(patterns, pattern_count),
                          std::move(told));
  });
}
void muster_consumer_leave_group_async(muster_consumer* consumer, muster_done_callback done,
                                       void* user_data) {
  start(consumer, done, user_data, [](GroupConsumer& value, GroupConsumer::Done told) {
    value.leave_group_async(std::move(told));
  });
}

void muster_consumer_progress(muster_consumer* consumer) {
  guarded(consumer, nullptr, [](GroupConsumer& value) -> Outcome {
    value.progress();
    return {};
  });
}
int muster_consumer_pause(muster_consumer* consumer, const char* topic, int32_t partition,
                          muster_error** error) {
  return guarded(consumer, error,
                 [&](GroupConsumer& value) { return value.pause(text(topic), partition); });
}
int muster_consumer_resume(muster_consumer* consumer, const char* topic, int32_t partition,
                           muster_error** error) {
  return guarded(consumer, error,
                 [&](GroupConsumer& value) { return value.resume(text(topic), partition); });
}

char* muster_consumer_member_id(muster_consumer* consumer) {
  return read_or(consumer, static_cast<char*>(nullptr),
                 [](const auto& value) { return muster::c::copied(value.member_id()); });
}
char* muster_consumer_leader(muster_consumer* consumer) {
  return read_or(consumer, static_cast<char*>(nullptr),
                 [](const auto& value) { return muster::c::copied(value.leader()); });
}
uint64_t muster_consumer_generation(muster_consumer* consumer) {
  return read_or(consumer, uint64_t{0}, [](const auto& value) { return value.generation(); });
}
bool muster_consumer_paused(muster_consumer* consumer) {
  return read_or(consumer, true, [](const auto& value) { return value.paused(); });
}
uint64_t muster_consumer_fence(muster_consumer* consumer, const char* topic, int32_t partition) {
  return read_or(consumer, uint64_t{0}, [&](const auto& value) {
    return value.fence(text(topic), partition).value_or(0);
  });
}

int muster_consumer_assignment(muster_consumer* consumer, muster_assignment** assignment,
                               muster_error** error) {
  return guarded(consumer, error, [&](const GroupConsumer& value) -> Outcome {
    if (assignment == nullptr) return std::unexpected(null_handle());
    auto made = std::make_unique<muster_assignment>();
    for (const auto& [topic, partitions] : value.assignment()) {
      for (const auto partition : partitions) made->value.emplace_back(topic, partition);
    }
    *assignment = made.release();
    return {};
  });
}

size_t muster_assignment_size(const muster_assignment* assignment) {
  return assignment == nullptr ? 0 : assignment->value.size();
}
const char* muster_assignment_topic(const muster_assignment* assignment, size_t index) {
  return index < muster_assignment_size(assignment) ? assignment->value[index].first.c_str()
                                                    : nullptr;
}
int32_t muster_assignment_partition(const muster_assignment* assignment, size_t index) {
  return index < muster_assignment_size(assignment) ? assignment->value[index].second : -1;
}
void muster_assignment_free(muster_assignment* assignment) { delete assignment; }

}  // extern "C"
