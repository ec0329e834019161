// What stands behind the opaque handles of <muster/muster.h>, and the fence at which exceptions
// end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <expected>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "muster/muster.h"
#include "muster/muster.hpp"

// NOLINTBEGIN(readability-identifier-naming): the names of the C interface.

struct muster_error {
  muster::Error value;
};

/// A callback as it was set: a function, and what it is given.
template <typename Function>
struct muster_callback {
  Function function = nullptr;
  void* user_data = nullptr;
};

struct muster_client_options {
  muster::ClientOptions value;
  bool servers_given = false;  // the first one replaces the default
  bool incomplete = false;     // memory ran out in a setter
};

struct muster_client {
  explicit muster_client(const muster::ClientOptions& options) : value(options) {}
  muster::Client value;
};

struct muster_consumer_options {
  muster::GroupConsumerOptions value;
  muster_callback<muster_partition_callback> on_assigned;
  muster_callback<muster_partition_callback> on_revoked;
  muster_callback<muster_partition_callback> on_lost;
  muster_callback<muster_partition_callback> on_paused;
  muster_callback<muster_partition_callback> on_resumed;
  muster_callback<muster_error_callback> on_waiting;
  muster_callback<muster_error_callback> on_ended;
  muster_callback<muster_error_callback> on_commit_failed;
  muster_callback<muster_plan_callback> on_plan;
  muster_callback<muster_error_callback> on_plan_refused;
  bool incomplete = false;
};

struct muster_consumer {
  muster_consumer(muster::Client& client, const muster::GroupConsumerOptions& options)
      : value(client, options) {}
  muster::GroupConsumer value;
};

/// Exists only while a callback runs.
struct muster_partition {
  const muster::Partition& value;
};

struct muster_assignment {
  std::vector<std::pair<std::string, muster::PartitionIndex>> value;
};

struct muster_commit {
  muster::OffsetCommit value;
  bool incomplete = false;
};

struct muster_commits {
  std::deque<muster_commit> value;  // whose elements stay where they are
  bool incomplete = false;
};

struct muster_committed {
  muster::CommittedOffset value;
};

struct muster_tracker {
  explicit muster_tracker(std::int64_t position) : value(position) {}
  muster::ProcessedTracker value;
};

struct muster_record {
  const muster::Record& value;
};

struct muster_records {
  std::vector<muster::Record> value;
  bool incomplete = false;
};

struct muster_reason {
  std::string value;
  bool incomplete = false;
};

struct muster_failure {
  const muster::ConsumeFailure& value;
  const muster_partition& partition;
  const muster_record* record;
};

struct muster_loop_options {
  muster_fetch_callback fetch = nullptr;
  muster_handle_callback handle = nullptr;
  void* user_data = nullptr;
  muster::ConsumeLoopOptions value = {};
  muster_callback<muster_failure_callback> on_failure = {};
  muster_callback<muster_start_callback> on_start = {};
  bool incomplete = false;
};

struct muster_loop {
  muster_loop(muster::GroupConsumer& consumer, muster::ConsumeLoop::Fetch fetch,
              muster::ConsumeLoop::Handle handle, const muster::ConsumeLoopOptions& options)
      : value(consumer, std::move(fetch), std::move(handle), options) {}
  muster::ConsumeLoop value;
};

struct muster_plan_request {
  const muster::PlanRequest& value;
};

struct muster_plan {
  const muster::PlanRequest& request;
  muster::Plan value = {};
  std::string wrong = {};  // why it can't be submitted
};

// NOLINTEND(readability-identifier-naming)

namespace muster::c {

/// NULL is as "".
inline std::string_view text(const char* string) {
  return string == nullptr ? std::string_view() : std::string_view(string);
}

inline std::string bytes(const void* data, std::size_t size) {
  return data == nullptr ? std::string() : std::string(static_cast<const char*>(data), size);
}

/// Gives the error to the caller, if it wants it; its code.
int fail(muster_error** error, Error why) noexcept;
int fail_out_of_memory(muster_error** error) noexcept;

inline Error invalid_argument(std::string message) {
  return make_error(ErrorCode::kInvalidArgument, std::move(message));
}
Error null_handle();
Error incomplete_handle();

/// Runs `body`, which returns std::expected<void, Error>. Nothing that it throws goes further.
template <typename Body>
int guarded(muster_error** error, Body body) noexcept {
  try {
    std::expected<void, Error> outcome = body();
    if (!outcome) return fail(error, std::move(outcome.error()));
    if (error != nullptr) *error = nullptr;
    return MUSTER_OK;
  } catch (const std::bad_alloc&) {
    return fail_out_of_memory(error);
  } catch (const std::exception& thrown) {
    try {
      return fail(
          error, make_error(ErrorCode::kInternalError,
                            "The call failed in an unforeseen way: " + std::string(thrown.what())));
    } catch (const std::bad_alloc&) {
      return fail_out_of_memory(error);
    }
  }
}

/// The same for a call of a consumer, or for another one whose handle may be NULL.
template <typename Handle, typename Body>
int guarded(Handle* handle, muster_error** error, Body body) noexcept {
  return guarded(error, [&]() -> std::expected<void, Error> {
    if (handle == nullptr) return std::unexpected(null_handle());
    return body(handle->value);
  });
}

/// Begins what a consumer answers later. What can't begin is told to `done` at once.
template <typename Begin>
void start(muster_consumer* consumer, muster_done_callback done, void* user_data,
           Begin begin) noexcept {
  muster_error* refused = nullptr;
  guarded(consumer, &refused, [&](GroupConsumer& value) -> std::expected<void, Error> {
    begin(value, [consumer, done, user_data](const std::expected<void, Error>& outcome) {
      if (done == nullptr) return;
      if (outcome) return done(consumer, nullptr, user_data);
      const muster_error handle{outcome.error()};
      done(consumer, &handle, user_data);
    });
    return {};
  });
  if (refused != nullptr && done != nullptr) done(consumer, refused, user_data);
  muster_error_free(refused);
}

/// What `read` says of what is behind the handle; `otherwise` when that is NULL, or `read` fails.
template <typename Handle, typename Value, typename Read>
Value read_or(Handle* handle, Value otherwise, Read read) noexcept {
  try {
    return handle == nullptr ? otherwise : static_cast<Value>(read(handle->value));
  } catch (const std::exception&) {
    return otherwise;
  }
}

/// Changes options or a commit; one that could not be changed is refused where it is used.
template <typename Handle, typename Change>
void change(Handle* handle, Change set) noexcept {
  if (handle == nullptr) return;
  try {
    set(handle->value);
  } catch (const std::exception&) {
    handle->incomplete = true;
  }
}

/// For the caller, who frees it with muster_string_free; NULL when there is no memory.
char* copied(const std::string& string) noexcept;

}  // namespace muster::c
