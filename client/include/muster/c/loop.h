/* A loop that fetches, handles and commits. Part of <muster/muster.h>, which is what to include. */
#ifndef MUSTER_C_LOOP_H
#define MUSTER_C_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "muster/c/consumer.h"
#include "muster/c/error.h"

#ifdef __cplusplus
extern "C" {
#endif

/* NOLINTBEGIN(readability-identifier-naming,modernize-*): this is C. */

typedef struct muster_record muster_record;
typedef struct muster_records muster_records;
typedef struct muster_reason muster_reason;
typedef struct muster_failure muster_failure;
typedef struct muster_loop_options muster_loop_options;
typedef struct muster_loop muster_loop;

/* What becomes of a record that failed as often as it may. */
enum {
  MUSTER_STOP_PARTITION =
      0,                 /* its partition stands still before it, and is not committed past it */
  MUSTER_SKIP_RECORD = 1 /* it is committed as if it had been handled */
};

/* Why a fetch or a handler failed, as it says by muster_reason_set. */
void muster_reason_set(muster_reason* reason, const char* why);

/* Adds records from `position` on, ascending, as many as it likes; none when there is nothing now.
 * Anything but 0: it failed. */
typedef int (*muster_fetch_callback)(const muster_partition* partition, int64_t position,
                                     muster_records* records, muster_reason* reason,
                                     void* user_data);
/* Handles a record: its effects are there when it returns 0. Anything else: it failed. */
typedef int (*muster_handle_callback)(const muster_partition* partition,
                                      const muster_record* record, muster_reason* reason,
                                      void* user_data);
/* All of these are called by the loop's threads, one at a time for a partition. They may call
 * everything but muster_loop_run, muster_loop_free and muster_consumer_free. */
typedef void (*muster_failure_callback)(const muster_failure* failure, void* user_data);
/* Where to begin with a partition that was assigned, before its first fetch. */
typedef int64_t (*muster_start_callback)(const muster_partition* partition, void* user_data);

void muster_records_add(muster_records* records, int64_t offset, const void* bytes, size_t size);
/* The same, when the partition does not go on at offset + 1 after it. */
void muster_records_add_with_next(muster_records* records, int64_t offset, int64_t next,
                                  const void* bytes, size_t size);
int64_t muster_record_offset(const muster_record* record);
const char* muster_record_value(const muster_record* record, size_t* size);

const muster_partition* muster_failure_partition(const muster_failure* failure);
/* NULL: a fetch failed. */
const muster_record* muster_failure_record(const muster_failure* failure);
/* Of the record, or where the fetch began. */
int64_t muster_failure_offset(const muster_failure* failure);
/* Counted from 1. */
int muster_failure_attempt(const muster_failure* failure);
const char* muster_failure_why(const muster_failure* failure);
/* What the loop does now: MUSTER_STOP_PARTITION, MUSTER_SKIP_RECORD or MUSTER_RETRY. */
#define MUSTER_RETRY 2
int muster_failure_then(const muster_failure* failure);

muster_loop_options* muster_loop_options_new(muster_fetch_callback fetch,
                                             muster_handle_callback handle, void* user_data);
void muster_loop_options_free(muster_loop_options* options);
/* Partitions that are worked on at the same time; 1. */
void muster_loop_options_set_threads(muster_loop_options* options, int threads);
/* How often a record that failed is tried again; 5. */
void muster_loop_options_set_retries(muster_loop_options* options, int retries);
/* Waiting before that: first 100, doubled each time up to 10,000. */
void muster_loop_options_set_back_off_ms(muster_loop_options* options, int64_t first_ms,
                                         int64_t longest_ms);
/* MUSTER_STOP_PARTITION, unless MUSTER_SKIP_RECORD is set. */
void muster_loop_options_set_after_retries(muster_loop_options* options, int after_retries);
/* How long a partition that had nothing is left alone; 100. */
void muster_loop_options_set_idle_wait_ms(muster_loop_options* options, int64_t wait_ms);
void muster_loop_options_on_failure(muster_loop_options* options, muster_failure_callback callback,
                                    void* user_data);
/* Without: at the committed offset, or 0 when there is none. */
void muster_loop_options_on_start(muster_loop_options* options, muster_start_callback callback,
                                  void* user_data);

/* For a consumer that has not joined; one loop a consumer, freed before it. */
int muster_loop_new(muster_consumer* consumer, const muster_loop_options* options,
                    muster_loop** loop, muster_error** error);
/* muster_loop_run must have returned. */
void muster_loop_free(muster_loop* loop);
/* Joins, and works on each partition from its grant on, until muster_loop_stop or the end of the
 * membership, be it by leave_group, close or the end of the client (MUSTER_ERROR_CLOSED). Commits
 * what is stored, and does not leave. The error is that of joining, of the end of the membership,
 * or of the last commit; MUSTER_ERROR_INVALID_ARGUMENT when it runs already. May be called again
 * when it has returned. */
int muster_loop_run(muster_loop* loop, muster_error** error);
/* After the records in hand; also of a run that still joins, whose join goes on until leave_group
 * or close. While none is under way the next one ends at once. From any thread, the handler's too.
 */
void muster_loop_stop(muster_loop* loop);
/* The offset after the last record handled; -1: the partition is not held. */
int64_t muster_loop_position(const muster_loop* loop, const char* topic, int32_t partition);
/* Goes on at another offset. false: the partition is not held. */
bool muster_loop_seek(muster_loop* loop, const char* topic, int32_t partition, int64_t offset);
/* Partitions that stand still by MUSTER_STOP_PARTITION. */
int muster_loop_stopped(const muster_loop* loop, muster_assignment** stopped, muster_error** error);
/* Tries the record again at which the partition stands still. false: it does not. */
bool muster_loop_restart(muster_loop* loop, const char* topic, int32_t partition);

/* NOLINTEND(readability-identifier-naming,modernize-*) */

#ifdef __cplusplus
}
#endif

#endif
