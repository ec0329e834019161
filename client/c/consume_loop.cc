// The consume loop of the C interface.
#include <chrono>
#include <memory>

#include "client/c/handles.h"

namespace {

using Outcome = std::expected<void, muster::Error>;
using muster::ConsumeLoop;
using muster::c::change;
using muster::c::guarded;
using muster::c::null_handle;
using muster::c::read_or;
using muster::c::text;

std::string why(const muster_reason& reason, int status) {
  return reason.value.empty() ? "it returned " + std::to_string(status) : reason.value;
}

ConsumeLoop::Fetch fetch_of(const muster_loop_options& options) {
  return [fetch = options.fetch, data = options.user_data](
             const muster::Partition& partition,
             std::int64_t position) -> std::expected<std::vector<muster::Record>, std::string> {
    const muster_partition handle{partition};
    muster_records records;
    muster_reason reason;
    const int status = fetch(&handle, position, &records, &reason, data);
    if (status != 0) return std::unexpected(why(reason, status));
    if (records.incomplete) return std::unexpected("there was no memory for the records");
    return std::move(records.value);
  };
}

ConsumeLoop::Handle handle_of(const muster_loop_options& options) {
  return [handle = options.handle, data = options.user_data](
             const muster::Partition& partition,
             const muster::Record& record) -> std::expected<void, std::string> {
    const muster_partition partition_handle{partition};
    const muster_record record_handle{record};
    muster_reason reason;
    const int status = handle(&partition_handle, &record_handle, &reason, data);
    if (status != 0) return std::unexpected(why(reason, status));
    return {};
  };
}

ConsumeLoop::FailureCallback failure_of(muster_callback<muster_failure_callback> callback) {
  return [callback](const muster::ConsumeFailure& failure) {
    const muster_partition partition{failure.partition};
    const std::optional<muster_record> record =
        failure.record ? std::optional(muster_record{*failure.record}) : std::nullopt;
    const muster_failure handle{failure, partition, record ? &*record : nullptr};
    callback.function(&handle, callback.user_data);
  };
}

ConsumeLoop::StartCallback start_of(muster_callback<muster_start_callback> callback) {
  return [callback](const muster::Partition& partition) {
    const muster_partition handle{partition};
    return callback.function(&handle, callback.user_data);
  };
}

}  // namespace

extern "C" {

void muster_reason_set(muster_reason* reason, const char* why) {
  change(reason, [&](auto& value) { value = text(why); });
}

void muster_records_add(muster_records* records, int64_t offset, const void* bytes, size_t size) {
  muster_records_add_with_next(records, offset, offset + 1, bytes, size);
}
void muster_records_add_with_next(muster_records* records, int64_t offset, int64_t next,
                                  const void* bytes, size_t size) {
  change(records, [&](auto& value) {
    value.push_back({.offset = offset, .value = muster::c::bytes(bytes, size), .next = next});
  });
}
int64_t muster_record_offset(const muster_record* record) {
  return record == nullptr ? -1 : record->value.offset;
}
const char* muster_record_value(const muster_record* record, size_t* size) {
  if (size != nullptr) *size = record == nullptr ? 0 : record->value.value.size();
  return record == nullptr ? nullptr : record->value.value.c_str();
}

const muster_partition* muster_failure_partition(const muster_failure* failure) {
  return failure == nullptr ? nullptr : &failure->partition;
}
const muster_record* muster_failure_record(const muster_failure* failure) {
  return failure == nullptr ? nullptr : failure->record;
}
int64_t muster_failure_offset(const muster_failure* failure) {
  return failure == nullptr ? -1 : failure->value.offset;
}
int muster_failure_attempt(const muster_failure* failure) {
  return failure == nullptr ? 0 : failure->value.attempt;
}
const char* muster_failure_why(const muster_failure* failure) {
  return failure == nullptr ? nullptr : failure->value.why.c_str();
}
int muster_failure_then(const muster_failure* failure) {
  if (failure == nullptr) return MUSTER_RETRY;
  switch (failure->value.then) {
    case muster::ConsumeFailure::Then::kStopPartition:
      return MUSTER_STOP_PARTITION;
    case muster::ConsumeFailure::Then::kSkipRecord:
      return MUSTER_SKIP_RECORD;
    case muster::ConsumeFailure::Then::kRetry:
      break;
  }
  return MUSTER_RETRY;
}

muster_loop_options* muster_loop_options_new(muster_fetch_callback fetch,
                                             muster_handle_callback handle, void* user_data) {
  return new (std::nothrow)
      muster_loop_options{.fetch = fetch, .handle = handle, .user_data = user_data};
}
void muster_loop_options_free(muster_loop_options* options) { delete options; }
void muster_loop_options_set_threads(muster_loop_options* options, int threads) {
  change(options, [&](auto& value) { value.threads = threads; });
}
void muster_loop_options_set_retries(muster_loop_options* options, int retries) {
  change(options, [&](auto& value) { value.retries = retries; });
}
void muster_loop_options_set_back_off_ms(muster_loop_options* options, int64_t first_ms,
                                         int64_t longest_ms) {
  change(options, [&](auto& value) {
    value.first_back_off = std::chrono::milliseconds(first_ms);
    value.longest_back_off = std::chrono::milliseconds(longest_ms);
  });
}
void muster_loop_options_set_after_retries(muster_loop_options* options, int after_retries) {
  change(options, [&](auto& value) {
    value.after_retries = after_retries == MUSTER_SKIP_RECORD
                              ? muster::AfterRetries::kSkipRecord
                              : muster::AfterRetries::kStopPartition;
  });
}
void muster_loop_options_set_idle_wait_ms(muster_loop_options* options, int64_t wait_ms) {
  change(options, [&](auto& value) { value.idle_wait = std::chrono::milliseconds(wait_ms); });
}
void muster_loop_options_on_failure(muster_loop_options* options, muster_failure_callback callback,
                                    void* user_data) {
  if (options != nullptr) options->on_failure = {callback, user_data};
}
void muster_loop_options_on_start(muster_loop_options* options, muster_start_callback callback,
                                  void* user_data) {
  if (options != nullptr) options->on_start = {callback, user_data};
}

int muster_loop_new(muster_consumer* consumer, const muster_loop_options* options,
                    muster_loop** loop, muster_error** error) {
  return guarded(consumer, error, [&](muster::GroupConsumer& value) -> Outcome {
    if (options == nullptr || loop == nullptr || options->fetch == nullptr ||
        options->handle == nullptr) {
      return std::unexpected(null_handle());
    }
    auto made = std::make_unique<muster_loop>(value, fetch_of(*options), handle_of(*options),
                                              options->value);
    if (options->on_failure.function != nullptr) {
      made->value.on_failure(failure_of(options->on_failure));
    }
    if (options->on_start.function != nullptr) made->value.on_start(start_of(options->on_start));
    *loop = made.release();
    return {};
  });
}
void muster_loop_free(muster_loop* loop) { delete loop; }
int muster_loop_run(muster_loop* loop, muster_error** error) {
  return guarded(loop, error, [](ConsumeLoop& value) { return value.run(); });
}
void muster_loop_stop(muster_loop* loop) {
  guarded(loop, nullptr, [](ConsumeLoop& value) -> Outcome {
    value.stop();
    return {};
  });
}
int64_t muster_loop_position(const muster_loop* loop, const char* topic, int32_t partition) {
  return read_or(loop, int64_t{-1}, [&](const auto& value) {
    return value.position(text(topic), partition).value_or(-1);
  });
}
bool muster_loop_seek(muster_loop* loop, const char* topic, int32_t partition, int64_t offset) {
  return read_or(loop, false,
                 [&](auto& value) { return value.seek(text(topic), partition, offset); });
}
int muster_loop_stopped(const muster_loop* loop, muster_assignment** stopped,
                        muster_error** error) {
  return guarded(loop, error, [&](const ConsumeLoop& value) -> Outcome {
    if (stopped == nullptr) return std::unexpected(null_handle());
    auto made = std::make_unique<muster_assignment>();
    for (const muster::Partition& partition : value.stopped()) {
      made->value.emplace_back(partition.topic, partition.index);
    }
    *stopped = made.release();
    return {};
  });
}
bool muster_loop_restart(muster_loop* loop, const char* topic, int32_t partition) {
  return read_or(loop, false, [&](auto& value) { return value.restart(text(topic), partition); });
}

}  // extern "C"
