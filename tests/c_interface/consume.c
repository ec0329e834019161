/* The tracker and the consume loop, in C. */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "program.h"

void the_tracker_follows(void) {
  muster_tracker* tracker = muster_tracker_new(10);
  REQUIRE(muster_tracker_started(tracker, 10, -1));
  REQUIRE(muster_tracker_started(tracker, 11, 20));
  REQUIRE(!muster_tracker_started(tracker, 11, -1));
  REQUIRE(muster_tracker_started(tracker, 20, -1));
  REQUIRE(muster_tracker_done(tracker, 20));
  REQUIRE(muster_tracker_processed_up_to(tracker) == 10);
  REQUIRE(muster_tracker_outstanding(tracker) == 3);
  REQUIRE(muster_tracker_failed(tracker, 10));
  REQUIRE(muster_tracker_first_failed(tracker) == 10);
  REQUIRE(muster_tracker_skip(tracker, 10));
  REQUIRE(muster_tracker_first_failed(tracker) == -1);
  REQUIRE(muster_tracker_processed_up_to(tracker) == 11);
  REQUIRE(muster_tracker_done(tracker, 11));
  REQUIRE(muster_tracker_processed_up_to(tracker) == 21);
  REQUIRE(muster_tracker_outstanding(tracker) == 0);
  muster_tracker_free(tracker);
}

enum { kPartitions = 4, kRecords = 5, kPoisoned = 3, kStubborn = 2 };

/* Of each partition, what was handled. Record kStubborn of partition 1 fails once, kPoisoned of
 * partition 2 until it is mended. */
struct source {
  atomic_llong handled[kPartitions]; /* the next one */
  atomic_int retried, stopped, fetches_failed, started;
  atomic_bool mended, fetched_before;
};

static int fetch(const muster_partition* partition, int64_t position, muster_records* records,
                 muster_reason* reason, void* data) {
  struct source* source = data;
  if (!atomic_exchange(&source->fetched_before, true)) {
    muster_reason_set(reason, "not at the first attempt");
    return 1;
  }
  REQUIRE(strcmp(muster_partition_topic(partition), "orders") == 0);
  for (int64_t offset = position; offset < kRecords; ++offset) {
    if (offset == kRecords - 1) {
      muster_records_add_with_next(records, offset, 100, "last", 4);
    } else {
      muster_records_add(records, offset, "a\0b", 3);
    }
  }
  return 0;
}

static int handle(const muster_partition* partition, const muster_record* record,
                  muster_reason* reason, void* data) {
  struct source* source = data;
  const int32_t p = muster_partition_index(partition);
  const int64_t offset = muster_record_offset(record);
  size_t size = 0;
  REQUIRE(muster_record_value(record, &size) != NULL && size >= 3);
  REQUIRE(muster_partition_fence(partition) > 0);
  const bool stubborn = p == 1 && offset == kStubborn && source->retried == 0;
  const bool poisoned = p == 2 && offset == kPoisoned && !source->mended;
  if (stubborn || poisoned) {
    muster_reason_set(reason, stubborn ? "stubborn" : "poisoned");
    return 1;
  }
  source->handled[p] = offset + 1;
  return 0;
}

static void on_failure(const muster_failure* failure, void* data) {
  struct source* source = data;
  REQUIRE(muster_failure_attempt(failure) >= 1);
  REQUIRE(muster_failure_why(failure)[0] != 0);
  const int32_t p = muster_partition_index(muster_failure_partition(failure));
  const muster_record* record = muster_failure_record(failure);
  if (record == NULL) {
    ++source->fetches_failed;
    return;
  }
  REQUIRE(muster_failure_offset(failure) == muster_record_offset(record));
  if (p == 1) {
    REQUIRE(muster_failure_then(failure) == MUSTER_RETRY);
    REQUIRE(strcmp(muster_failure_why(failure), "stubborn") == 0);
    ++source->retried;
  } else if (muster_failure_then(failure) == MUSTER_STOP_PARTITION) {
    ++source->stopped;
  }
}

static int64_t on_start(const muster_partition* partition, void* data) {
  struct source* source = data;
  ++source->started;
  return muster_partition_committed(partition) < 0 ? 0 : muster_partition_committed(partition);
}

static void* run(void* data) {
  muster_error* why = NULL;
  SUCCEEDS(muster_loop_run(data, &why));
  return NULL;
}

static bool stands_still(muster_loop* loop, int32_t partition) {
  muster_assignment* stopped = NULL;
  REQUIRE(muster_loop_stopped(loop, &stopped, NULL) == MUSTER_OK);
  const bool alone =
      muster_assignment_size(stopped) == 1 && muster_assignment_partition(stopped, 0) == partition;
  muster_assignment_free(stopped);
  return alone;
}

void the_loop_works(const char* server) {
  static struct source source;
  muster_error* why = NULL;
  muster_client* client = client_of(server);
  muster_consumer_options* options = muster_consumer_options_new("loop");
  muster_consumer_options_set_consumer_id(options, "looper");
  muster_consumer_options_add_topic(options, "orders");
  muster_consumer_options_set_auto_commit_interval_ms(options, 20);
  muster_consumer_options_set_progress_timeout_ms(options, 20000);
  muster_consumer* consumer = NULL;
  SUCCEEDS(muster_consumer_new(client, options, &consumer, &why));
  muster_consumer_options_free(options);

  muster_loop_options* loop_options = muster_loop_options_new(fetch, handle, &source);
  muster_loop_options_set_threads(loop_options, 2);
  muster_loop_options_set_retries(loop_options, 2);
  muster_loop_options_set_back_off_ms(loop_options, 1, 10);
  muster_loop_options_set_after_retries(loop_options, MUSTER_STOP_PARTITION);
  muster_loop_options_set_idle_wait_ms(loop_options, 5);
  muster_loop_options_on_failure(loop_options, on_failure, &source);
  muster_loop_options_on_start(loop_options, on_start, &source);
  muster_loop* loop = NULL;
  SUCCEEDS(muster_loop_new(consumer, loop_options, &loop, &why));
  muster_loop_options_free(loop_options);
  pthread_t thread;
  REQUIRE(pthread_create(&thread, NULL, run, loop) == 0);

  for (int p = 0; p < kPartitions; ++p) {
    if (p != 2) WAIT_FOR(source.handled[p] == kRecords);
  }
  WAIT_FOR(stands_still(loop, 2));
  REQUIRE(source.handled[2] == kPoisoned);
  REQUIRE(source.stopped == 1);
  REQUIRE(source.retried == 1);
  REQUIRE(source.fetches_failed == 1);
  REQUIRE(source.started == kPartitions);
  source.mended = true;
  REQUIRE(muster_loop_restart(loop, "orders", 2));
  WAIT_FOR(source.handled[2] == kRecords);
  REQUIRE(!muster_loop_restart(loop, "orders", 2));
  WAIT_FOR(muster_loop_position(loop, "orders", 0) == 100);
  REQUIRE(muster_loop_position(loop, "orders", 9) == -1);
  source.handled[0] = 0;
  REQUIRE(muster_loop_seek(loop, "orders", 0, 1));
  WAIT_FOR(source.handled[0] == kRecords);
  muster_loop_stop(loop);
  REQUIRE(pthread_join(thread, NULL) == 0);
  int64_t committed = 0;
  for (int32_t p = 0; p < kPartitions; ++p) {
    SUCCEEDS(muster_consumer_fetch_committed_offset(consumer, "orders", p, &committed, &why));
    REQUIRE(committed == 100);
  }
  muster_loop_free(loop);
  SUCCEEDS(muster_consumer_leave_group(consumer, &why));
  muster_consumer_free(consumer);
  muster_client_free(client);
}
