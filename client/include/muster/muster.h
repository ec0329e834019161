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

#include "muster/c/client.h"
#include "muster/c/consumer.h"
#include "muster/c/consumer_options.h"
#include "muster/c/error.h"
#include "muster/c/loop.h"
#include "muster/c/offsets.h"
#include "muster/c/plan.h"
#include "muster/c/tracker.h"

#endif
