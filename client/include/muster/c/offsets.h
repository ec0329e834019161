/* Offsets: commits, stored offsets, releases, fetches. Part of <muster/muster.h>, which is what to
 * include. */
#ifndef MUSTER_C_OFFSETS_H
#define MUSTER_C_OFFSETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "muster/c/consumer.h"
#include "muster/c/error.h"

#ifdef __cplusplus
extern "C" {
#endif

/* NOLINTBEGIN(readability-identifier-naming,modernize-*): this is C. */

typedef struct muster_commit muster_commit;
typedef struct muster_commits muster_commits;
typedef struct muster_committed muster_committed;

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

/* NOLINTEND(readability-identifier-naming,modernize-*) */

#ifdef __cplusplus
}
#endif

#endif
