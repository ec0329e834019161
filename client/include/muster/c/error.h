/* Errors of the C interface. Part of <muster/muster.h>, which is what to include. */
#ifndef MUSTER_C_ERROR_H
#define MUSTER_C_ERROR_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* NOLINTBEGIN(readability-identifier-naming,modernize-*): this is C. */

typedef struct muster_error muster_error;

/* Of the library that runs, as "0.1.0". */
const char* muster_version(void);

void muster_string_free(char* string);

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

/* NOLINTEND(readability-identifier-naming,modernize-*) */

#ifdef __cplusplus
}
#endif

#endif
