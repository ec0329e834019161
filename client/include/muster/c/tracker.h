/* Up to where a partition is processed, when records finish out of order. Part of
 * <muster/muster.h>, which is what to include. */
#ifndef MUSTER_C_TRACKER_H
#define MUSTER_C_TRACKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* NOLINTBEGIN(readability-identifier-naming,modernize-*): this is C. */

typedef struct muster_tracker muster_tracker;

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

/* NOLINTEND(readability-identifier-naming,modernize-*) */

#ifdef __cplusplus
}
#endif

#endif
