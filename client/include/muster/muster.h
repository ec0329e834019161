/* muster's client in C, for every language that can call C. Link libmuster (pkg-config muster).
 *
 * Handles are opaque. Who makes one with a function `..._new`, or gets one by a pointer to a
 * pointer, frees it with its `..._free`; freeing NULL does nothing. What is told by `const` handles
 * to callbacks is valid until the callback returns.
 *
 * Strings are UTF-8 and end with a zero. What is passed in is copied; NULL is as "". A `const char
 * *` that is returned belongs to the handle that it was asked of and is valid as long as that one;
 * a `char *` belongs to the caller, who frees it with muster_string_free. Metadata are bytes and
 * have a size; a zero follows them where they are returned.
 *
 * Calls that can fail return 0 (MUSTER_OK) or an error code. Their last parameter, when it is not
 * NULL, receives the error, which the caller frees, or NULL after success. Results are given by
 * pointers, which are not touched by a call that fails. A call that gets a NULL handle fails with
 * MUSTER_ERROR_INVALID_ARGUMENT, and one that is out of memory with MUSTER_ERROR_INTERNAL.
 *
 * Threads: clients, consumers, trackers and loops may be used by all threads at once. Other handles
 * belong to one thread at a time. Nothing here may be used in the child of a fork().
 *
 * Callbacks must return: no exception and no longjmp may leave them.
 *
 * The interface only grows: a program that was linked with an older libmuster.so.0 runs with a
 * newer one. Meanings, units and advice: docs/client.md.
 */
#ifndef MUSTER_MUSTER_H
#define MUSTER_MUSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* NOLINTBEGIN(readability-identifier-naming,modernize-*): this is C. */

typedef struct muster_error muster_error;
typedef struct muster_client_options muster_client_options;
typedef struct muster_client muster_client;
typedef struct muster_consumer_options muster_consumer_options;
typedef struct muster_consumer muster_consumer;
typedef struct muster_partition muster_partition;
typedef struct muster_assignment muster_assignment;
typedef struct muster_commit muster_commit;
typedef struct muster_commits muster_commits;
typedef struct muster_committed muster_committed;
typedef struct muster_tracker muster_tracker;
typedef struct muster_record muster_record;
typedef struct muster_records muster_records;
typedef struct muster_reason muster_reason;
typedef struct muster_failure muster_failure;
typedef struct muster_loop_options muster_loop_options;
typedef struct muster_loop muster_loop;
typedef struct muster_plan_request muster_plan_request;
typedef struct muster_plan muster_plan;

/* Of the library that runs, as "0.1.0". */
const char* muster_version(void);

void muster_string_free(char* string);

/* ---- Errors --------------------------------------------------------------------------------- */

/* Numbers never change; servers of later versions may answer with others, so decide by
 * muster_error_retriable for codes that you don't know. */
enum {
  MUSTER_OK = 0,
  MUSTER_ERROR_MALFORMED_REQUEST = 1,
  MUSTER_ERROR_INTERNAL = 2,
  MUSTER_ERROR_UNKNOWN_RESOURCE = 3, /* group, topic or partition */
  MUSTER_ERROR_UNKNOWN_MEMBER = 4,
  MUSTER_ERROR_FENCED = 5, /* the partition is another's now */
  MUSTER_ERROR_MEMBER_ID_IN_USE = 6,
  MUSTER_ERROR_MEMBER_REMOVED = 7,
  MUSTER_ERROR_NOT_BOUND = 8,
  MUSTER_ERROR_TOPIC_EXISTS = 9,
  MUSTER_ERROR_INVALID_NAME = 10,
  MUSTER_ERROR_INVALID_PARTITION_COUNT = 11,
  MUSTER_ERROR_INVALID_OFFSET = 12,
  MUSTER_ERROR_METADATA_TOO_LARGE = 13,
  MUSTER_ERROR_INVALID_TIMEOUT = 14,
  MUSTER_ERROR_LIMIT_REACHED = 15,
  MUSTER_ERROR_GROUP_NOT_EMPTY = 16,
  MUSTER_ERROR_PARTITION_OWNED = 17,
  MUSTER_ERROR_STORAGE_FULL = 18,
  MUSTER_ERROR_UNSUPPORTED_VERSION = 19,
  MUSTER_ERROR_HELLO_REQUIRED = 20,
  MUSTER_ERROR_FRAME_TOO_LARGE = 21,
  MUSTER_ERROR_TOO_MANY_CONNECTIONS = 22,
  MUSTER_ERROR_SHUTTING_DOWN = 23,
  MUSTER_ERROR_DUPLICATE_CORRELATION_ID = 24,
  MUSTER_ERROR_SLOW_READER = 25,
  MUSTER_ERROR_INVALID_STRATEGY = 26,
  MUSTER_ERROR_INVALID_PATTERN = 27,
  MUSTER_ERROR_GROUP_FULL = 28,
  MUSTER_ERROR_NOT_LEADER = 29,
  MUSTER_ERROR_STALE_PLAN = 30,
  MUSTER_ERROR_INVALID_PLAN = 31,
  MUSTER_ERROR_OFFSET_CONFLICT = 32,
  MUSTER_ERROR_GROUP_SUBSCRIBED = 33,
  MUSTER_ERROR_RESET_UNDER_WAY = 34,
  /* The client's own: */
  MUSTER_ERROR_UNAVAILABLE = 100, /* no server answers */
  MUSTER_ERROR_TIMED_OUT = 101,   /* it may have happened or not */
  MUSTER_ERROR_CLOSED = 102,
  MUSTER_ERROR_NOT_OWNED = 103,
  MUSTER_ERROR_LEASE_LAPSED = 104, /* paused */
  MUSTER_ERROR_NOT_JOINED = 105,
  MUSTER_ERROR_INVALID_ARGUMENT = 106,
  MUSTER_ERROR_QUIET_TIME = 108 /* the coordinator grants nothing yet after a restore */
};

int muster_error_code(const muster_error* error);
const char* muster_error_name(const muster_error* error);    /* "FENCED" */
const char* muster_error_message(const muster_error* error); /* what to do, in a sentence */
/* Whether the same call can succeed later without a change, and when; 0: no particular time. */
bool muster_error_retriable(const muster_error* error);
uint32_t muster_error_retry_after_ms(const muster_error* error);
/* With MUSTER_ERROR_FENCED: the partition's current token; 0: it is free. */
uint64_t muster_error_current_fence(const muster_error* error);
void muster_error_free(muster_error* error);

/* ---- The client: a connection, shared by any number of consumers ---------------------------- */

muster_client_options* muster_client_options_new(void);
void muster_client_options_free(muster_client_options* options);
/* "HOST:PORT", "[IPv6]:PORT" or "unix:PATH"; several are tried in turn. Without: 127.0.0.1:7461. */
void muster_client_options_add_server(muster_client_options* options, const char* server);
/* How long a call waits for its answer; 5,000. */
void muster_client_options_set_timeout_ms(muster_client_options* options, int64_t timeout_ms);
/* Names the program in logs and `muster group describe`; the program's name. */
void muster_client_options_set_client_id(muster_client_options* options, const char* client_id);

/* Connects when something needs it. The options are copied. */
int muster_client_new(const muster_client_options* options, muster_client** client,
                      muster_error** error);
/* Closes the connection. Calls of its consumers that live on fail with MUSTER_ERROR_CLOSED. */
void muster_client_free(muster_client* client);

/* ---- A consumer's options and callbacks ----------------------------------------------------- */

/* Callbacks of one consumer run one at a time, in order, on a thread of that consumer; on_plan and
 * on_plan_refused on another one, so that they may run beside the rest. All functions may be called
 * from within them but muster_consumer_free of the same consumer. No callback runs before
 * muster_consumer_join_group, nor after muster_consumer_free. The library's threads take no
 * signals.
 */
typedef void (*muster_partition_callback)(muster_consumer* consumer,
                                          const muster_partition* partition, void* user_data);
typedef void (*muster_error_callback)(muster_consumer* consumer, const muster_error* error,
                                      void* user_data);
/* Fills `plan` by muster_plan_assign. Anything but 0: no plan; the coordinator plans. */
typedef int (*muster_plan_callback)(muster_consumer* consumer, const muster_plan_request* request,
                                    muster_plan* plan, void* user_data);

const char* muster_partition_topic(const muster_partition* partition);
int32_t muster_partition_index(const muster_partition* partition);
/* The next offset to read, as far as this consumer knows; -1: nothing committed yet. */
int64_t muster_partition_committed(const muster_partition* partition);
/* The fencing token: give it to every system that the work writes to. */
uint64_t muster_partition_fence(const muster_partition* partition);
/* In on_revoked: time left to release the partition when the callback starts. */
int64_t muster_partition_release_within_ms(const muster_partition* partition);

muster_consumer_options* muster_consumer_options_new(const char* group_id);
void muster_consumer_options_free(muster_consumer_options* options);
/* A stable name that comes back after a restart; without: a random one. */
void muster_consumer_options_set_consumer_id(muster_consumer_options* options,
                                             const char* consumer_id);
void muster_consumer_options_add_topic(muster_consumer_options* options, const char* topic);
/* An RE2 expression for whole topic names. */
void muster_consumer_options_add_pattern(muster_consumer_options* options, const char* pattern);
/* For the leader that plans: at most 4,096 bytes. */
void muster_consumer_options_set_metadata(muster_consumer_options* options, const void* bytes,
                                          size_t size);
/* 1,000 ... 1,800,000; 30,000. */
void muster_consumer_options_set_session_timeout_ms(muster_consumer_options* options,
                                                    int64_t timeout_ms);
/* 0: 10,000 for random names, the session timeout for stable ones. */
void muster_consumer_options_set_disconnect_grace_ms(muster_consumer_options* options,
                                                     int64_t grace_ms);
/* Time to release a revoked partition; 0: the server's default, 60,000. */
void muster_consumer_options_set_rebalance_timeout_ms(muster_consumer_options* options,
                                                      int64_t timeout_ms);
/* How long join_group tries to become a member; 0: session timeout + 60,000. */
void muster_consumer_options_set_join_timeout_ms(muster_consumer_options* options,
                                                 int64_t timeout_ms);
/* Take the name over at once, even from a process that may still run. */
void muster_consumer_options_set_takeover(muster_consumer_options* options, bool takeover);
/* false: on_revoked only tells, and the application calls muster_consumer_release. */
void muster_consumer_options_set_release_on_return(muster_consumer_options* options,
                                                   bool release_on_return);

/* Time without progress after which the application counts as stuck, and its partitions are handed
 * over although heartbeats go on; see muster_consumer_progress. 0: off. */
void muster_consumer_options_set_progress_timeout_ms(muster_consumer_options* options,
                                                     int64_t timeout_ms);
/* How often stored offsets are committed by themselves; 0: only at the other occasions; 5,000. */
void muster_consumer_options_set_auto_commit_interval_ms(muster_consumer_options* options,
                                                         int64_t interval_ms);

/* The partition is this consumer's from now on. */
void muster_consumer_options_on_assigned(muster_consumer_options* options,
                                         muster_partition_callback callback, void* user_data);
/* It is asked back: finish, commit, return. Without the callback it is released at once. */
void muster_consumer_options_on_revoked(muster_consumer_options* options,
                                        muster_partition_callback callback, void* user_data);
/* It is fenced already: abandon it. */
void muster_consumer_options_on_lost(muster_consumer_options* options,
                                     muster_partition_callback callback, void* user_data);
/* The lease lapsed: stop working on it until on_resumed or on_lost. */
void muster_consumer_options_on_paused(muster_consumer_options* options,
                                       muster_partition_callback callback, void* user_data);
void muster_consumer_options_on_resumed(muster_consumer_options* options,
                                        muster_partition_callback callback, void* user_data);
/* The join was refused, and is tried again by itself. Once for each change of why. */
void muster_consumer_options_on_waiting(muster_consumer_options* options,
                                        muster_error_callback callback, void* user_data);
/* The membership ended for good. on_lost has run for every partition. */
void muster_consumer_options_on_ended(muster_consumer_options* options,
                                      muster_error_callback callback, void* user_data);
/* An automatic commit was refused or not answered in time. What is still held goes with the next.
 */
void muster_consumer_options_on_commit_failed(muster_consumer_options* options,
                                              muster_error_callback callback, void* user_data);
/* The group's strategy is `leader`, and this consumer is to plan. */
void muster_consumer_options_on_plan(muster_consumer_options* options,
                                     muster_plan_callback callback, void* user_data);
void muster_consumer_options_on_plan_refused(muster_consumer_options* options,
                                             muster_error_callback callback, void* user_data);

/* ---- The consumer: one member of a group ---------------------------------------------------- */

int muster_consumer_new(muster_client* client, const muster_consumer_options* options,
                        muster_consumer** consumer, muster_error** error);
/* Closes it first. Not from within a callback of this consumer: that ends the process. */
void muster_consumer_free(muster_consumer* consumer);

/* Joins, and returns once its share of the plan is granted. */
int muster_consumer_join_group(muster_consumer* consumer, muster_error** error);
/* Subscribes to these instead of the former ones, without leaving. */
int muster_consumer_subscribe(muster_consumer* consumer, const char* const* topics,
                              size_t topic_count, const char* const* patterns, size_t pattern_count,
                              muster_error** error);
/* Subscribes to nothing and stays a member: all that it has is revoked. */
int muster_consumer_unsubscribe(muster_consumer* consumer, muster_error** error);
/* Gives every partition back and leaves. Finish and commit first: no callback runs for them. */
int muster_consumer_leave_group(muster_consumer* consumer, muster_error** error);
/* Ends it but keeps the seat for its grace. Waits for a callback that is running, unless it is
 * called from it; none runs afterwards. */
void muster_consumer_close(muster_consumer* consumer);

/* Without waiting: `done` is called once, on the thread of the callbacks, or at once when the call
 * can't begin; `error` is NULL after success. `done` may be NULL. */
typedef void (*muster_done_callback)(muster_consumer* consumer, const muster_error* error,
                                     void* user_data);
void muster_consumer_join_group_async(muster_consumer* consumer, muster_done_callback done,
                                      void* user_data);
void muster_consumer_subscribe_async(muster_consumer* consumer, const char* const* topics,
                                     size_t topic_count, const char* const* patterns,
                                     size_t pattern_count, muster_done_callback done,
                                     void* user_data);
void muster_consumer_leave_group_async(muster_consumer* consumer, muster_done_callback done,
                                       void* user_data);

/* The application is not stuck. Every commit, store, release, subscribe and join says the same. */
void muster_consumer_progress(muster_consumer* consumer);
/* Takes no new records of this partition until it is resumed, and keeps it: muster_consumer_fence
 * is 0, and a loop leaves it alone. Ends with the grant. */
int muster_consumer_pause(muster_consumer* consumer, const char* topic, int32_t partition,
                          muster_error** error);
int muster_consumer_resume(muster_consumer* consumer, const char* topic, int32_t partition,
                           muster_error** error);

/* NULL when there is no memory for it. */
char* muster_consumer_member_id(muster_consumer* consumer);
/* The group's leader as of the last plan that it heard of; "" before the first. */
char* muster_consumer_leader(muster_consumer* consumer);
uint64_t muster_consumer_generation(muster_consumer* consumer);
bool muster_consumer_paused(muster_consumer* consumer);
/* The token of a partition that it may work on now; 0 when it is not held or the lease is lapsed.
 */
uint64_t muster_consumer_fence(muster_consumer* consumer, const char* topic, int32_t partition);

/* The partitions that it holds, by topic and number, those being revoked included. */
int muster_consumer_assignment(muster_consumer* consumer, muster_assignment** assignment,
                               muster_error** error);
size_t muster_assignment_size(const muster_assignment* assignment);
const char* muster_assignment_topic(const muster_assignment* assignment, size_t index);
int32_t muster_assignment_partition(const muster_assignment* assignment, size_t index);
void muster_assignment_free(muster_assignment* assignment);

/* ---- Offsets -------------------------------------------------------------------------------- */

/* Commits the next offset to read. Under one token offsets only rise: a lower one succeeds without
 * effect. */
int muster_consumer_commit_offset(muster_consumer* consumer, const char* topic, int32_t partition,
                                  int64_t offset, const char* metadata, muster_error** error);

/* Several commits, of which all are applied or none. */
muster_commits* muster_commits_new(void);
void muster_commits_free(muster_commits* commits);
/* One more. It belongs to `commits`, and has no metadata, end and token until they are set. */
muster_commit* muster_commits_add(muster_commits* commits, const char* topic, int32_t partition,
                                  int64_t offset);
void muster_commit_set_metadata(muster_commit* commit, const void* bytes, size_t size);
/* The partition's end offset: what lag is computed from. */
void muster_commit_set_end(muster_commit* commit, int64_t end);
/* The token under which the work was done: refused when the partition is held under another. */
void muster_commit_set_fence(muster_commit* commit, uint64_t fence);
int muster_consumer_commit_offsets(muster_consumer* consumer, const muster_commits* commits,
                                   muster_error** error);

void muster_consumer_commit_offsets_async(muster_consumer* consumer, const muster_commits* commits,
                                          muster_done_callback done, void* user_data);

/* Notes the next offset to read, to be committed by itself: in intervals, when the partition is
 * released, and by leave_group, close and commit_stored. Waits for nothing. `fence` is the token
 * under which the work was done; 0: whatever is held. */
int muster_consumer_store_offset(muster_consumer* consumer, const char* topic, int32_t partition,
                                 int64_t offset, uint64_t fence, muster_error** error);
/* The same with all that a commit can have, one after the other, until one is refused. */
int muster_consumer_store_offsets(muster_consumer* consumer, const muster_commits* commits,
                                  muster_error** error);
int muster_consumer_commit_stored(muster_consumer* consumer, muster_error** error);
void muster_consumer_commit_stored_async(muster_consumer* consumer, muster_done_callback done,
                                         void* user_data);

/* Says where a partition of any topic ends (the offset after its last record) and begins (-1: not
 * said): what lag counts to. Needs no membership. */
int muster_consumer_report_end(muster_consumer* consumer, const char* topic, int32_t partition,
                               int64_t end, int64_t start, muster_error** error);

/* Releases a partition that is being revoked, with a last commit, or without when offset is -1. For
 * muster_consumer_options_set_release_on_return(options, false). */
int muster_consumer_release(muster_consumer* consumer, const char* topic, int32_t partition,
                            int64_t offset, const char* metadata, muster_error** error);

/* What the group has committed: -1, or NULL, when nothing yet. Need no membership. */
int muster_consumer_fetch_committed_offset(muster_consumer* consumer, const char* topic,
                                           int32_t partition, int64_t* offset,
                                           muster_error** error);
int muster_consumer_fetch_committed(muster_consumer* consumer, const char* topic, int32_t partition,
                                    muster_committed** committed, muster_error** error);
typedef void (*muster_fetched_callback)(muster_consumer* consumer,
                                        const muster_committed* committed,
                                        const muster_error* error, void* user_data);
void muster_consumer_fetch_committed_async(muster_consumer* consumer, const char* topic,
                                           int32_t partition, muster_fetched_callback done,
                                           void* user_data);
int64_t muster_committed_offset(const muster_committed* committed);
/* `size` may be NULL. */
const char* muster_committed_metadata(const muster_committed* committed, size_t* size);
/* Milliseconds since 1970, by the coordinator's clock. */
int64_t muster_committed_commit_time_ms(const muster_committed* committed);
void muster_committed_free(muster_committed* committed);

/* ---- Up to where a partition is processed, when records finish out of order ----------------- */

/* For one partition under one token; may be used by all threads at once. Records start in order and
 * finish in any. Everything before `position` is done. NULL when there is no memory. */
muster_tracker* muster_tracker_new(int64_t position);
void muster_tracker_free(muster_tracker* tracker);
/* The work on a record begins; it goes on at `next` after it, -1: at offset + 1. These four return
 * false, and do nothing, when it can't be: it does not ascend, was not started, is done already,
 * has not failed. */
bool muster_tracker_started(muster_tracker* tracker, int64_t offset, int64_t next);
/* Its effects are there for good. */
bool muster_tracker_done(muster_tracker* tracker, int64_t offset);
/* Nothing passes it until it is done after all, or skipped. */
bool muster_tracker_failed(muster_tracker* tracker, int64_t offset);
bool muster_tracker_skip(muster_tracker* tracker, int64_t offset);
/* The next offset to read after all that are done: what to commit. */
int64_t muster_tracker_processed_up_to(const muster_tracker* tracker);
/* The first one that failed and is neither done nor skipped; -1: none. */
int64_t muster_tracker_first_failed(const muster_tracker* tracker);
/* Records that processed_up_to has not passed. Don't let them become too many. */
size_t muster_tracker_outstanding(const muster_tracker* tracker);

/* ---- A loop that fetches, handles and commits ----------------------------------------------- */

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
/* The loop's threads call these two, one at a time for a partition. */
typedef void (*muster_failure_callback)(const muster_failure* failure, void* user_data);
/* Where to begin with a partition that was assigned. On the consumer's thread. */
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
/* Joins, and works until muster_loop_stop or the end of the membership. Commits what is stored, and
 * does not leave. The error is that of joining, of the end of the membership, or of the last
 * commit.
 */
int muster_loop_run(muster_loop* loop, muster_error** error);
/* From any thread, the handler's too. */
void muster_loop_stop(muster_loop* loop);
/* The offset after the last record handled; -1: the partition is not held. */
int64_t muster_loop_position(const muster_loop* loop, const char* topic, int32_t partition);
/* Goes on at another offset. false: the partition is not held. */
bool muster_loop_seek(muster_loop* loop, const char* topic, int32_t partition, int64_t offset);
/* Partitions that stand still by MUSTER_STOP_PARTITION. */
int muster_loop_stopped(const muster_loop* loop, muster_assignment** stopped, muster_error** error);
/* Tries the record again at which the partition stands still. false: it does not. */
bool muster_loop_restart(muster_loop* loop, const char* topic, int32_t partition);

/* ---- Planning as the leader ----------------------------------------------------------------- */

/* Topics, members, and of each member its topics, and pins are numbered from 0. */
#define MUSTER_NOBODY SIZE_MAX

const char* muster_plan_request_group(const muster_plan_request* request);
int64_t muster_plan_request_timeout_ms(const muster_plan_request* request);
size_t muster_plan_request_topic_count(const muster_plan_request* request);
const char* muster_plan_request_topic_name(const muster_plan_request* request, size_t topic);
int32_t muster_plan_request_topic_partitions(const muster_plan_request* request, size_t topic);
/* The member that has it by the last plan; MUSTER_NOBODY: nobody who may keep it. */
size_t muster_plan_request_owner(const muster_plan_request* request, size_t topic,
                                 int32_t partition);
size_t muster_plan_request_member_count(const muster_plan_request* request);
const char* muster_plan_request_member_id(const muster_plan_request* request, size_t member);
const char* muster_plan_request_member_metadata(const muster_plan_request* request, size_t member,
                                                size_t* size);
/* The topics that a member subscribes to, ascending. */
size_t muster_plan_request_member_topic_count(const muster_plan_request* request, size_t member);
size_t muster_plan_request_member_topic(const muster_plan_request* request, size_t member,
                                        size_t index);
/* Partitions that an operator has fixed: what the plan says of them does not matter. */
size_t muster_plan_request_pin_count(const muster_plan_request* request);
size_t muster_plan_request_pin_topic(const muster_plan_request* request, size_t pin);
int32_t muster_plan_request_pin_partition(const muster_plan_request* request, size_t pin);
/* MUSTER_NOBODY: the member is absent, and nobody gets it. */
size_t muster_plan_request_pin_member(const muster_plan_request* request, size_t pin);

/* Gives the partition to the member. Both are of the request of this callback: a number that it
 * does not have makes the plan a refused one (on_plan_refused). */
void muster_plan_assign(muster_plan* plan, size_t topic, int32_t partition, size_t member);

/* NOLINTEND(readability-identifier-naming,modernize-*) */

#ifdef __cplusplus
}
#endif

#endif
