/* The consumer: one member of a group. Part of <muster/muster.h>, which is what to include. */
#ifndef MUSTER_C_CONSUMER_H
#define MUSTER_C_CONSUMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "muster/c/client.h"
#include "muster/c/consumer_options.h"
#include "muster/c/error.h"

#ifdef __cplusplus
extern "C" {
#endif

/* NOLINTBEGIN(readability-identifier-naming,modernize-*): this is C. */

typedef struct muster_assignment muster_assignment;

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
/* Ends it but keeps the seat for its grace, and the loop that runs on it. Waits for a callback that
 * is running, unless it is called from it; none runs afterwards. Not for a loop's handler, which
 * may call it. */
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

/* NOLINTEND(readability-identifier-naming,modernize-*) */

#ifdef __cplusplus
}
#endif

#endif
