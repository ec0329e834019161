/* Planning as the leader. Part of <muster/muster.h>, which is what to include. */
#ifndef MUSTER_C_PLAN_H
#define MUSTER_C_PLAN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* NOLINTBEGIN(readability-identifier-naming,modernize-*): this is C. */

typedef struct muster_plan_request muster_plan_request;
typedef struct muster_plan muster_plan;

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
