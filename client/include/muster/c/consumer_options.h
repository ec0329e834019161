/* A consumer's options and callbacks. Part of <muster/muster.h>, which is what to include. */
#ifndef MUSTER_C_CONSUMER_OPTIONS_H
#define MUSTER_C_CONSUMER_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "muster/c/error.h"
#include "muster/c/plan.h"

#ifdef __cplusplus
extern "C" {
#endif

/* NOLINTBEGIN(readability-identifier-naming,modernize-*): this is C. */

typedef struct muster_consumer_options muster_consumer_options;
typedef struct muster_consumer muster_consumer;
typedef struct muster_partition muster_partition;

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
/* An automatic commit was refused or not answered in time. What is still held goes with the next,
 * but for an offset that is refused for good: it waits for commit_stored or for a further one. */
void muster_consumer_options_on_commit_failed(muster_consumer_options* options,
                                              muster_error_callback callback, void* user_data);
/* The group's strategy is `leader`, and this consumer is to plan. */
void muster_consumer_options_on_plan(muster_consumer_options* options,
                                     muster_plan_callback callback, void* user_data);
void muster_consumer_options_on_plan_refused(muster_consumer_options* options,
                                             muster_error_callback callback, void* user_data);

/* NOLINTEND(readability-identifier-naming,modernize-*) */

#ifdef __cplusplus
}
#endif

#endif
