/* The client: a connection, shared by any number of consumers. Part of <muster/muster.h>, which is
 * what to include. */
#ifndef MUSTER_C_CLIENT_H
#define MUSTER_C_CLIENT_H

#include <stdint.h>

#include "muster/c/error.h"

#ifdef __cplusplus
extern "C" {
#endif

/* NOLINTBEGIN(readability-identifier-naming,modernize-*): this is C. */

typedef struct muster_client_options muster_client_options;
typedef struct muster_client muster_client;

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

/* NOLINTEND(readability-identifier-naming,modernize-*) */

#ifdef __cplusplus
}
#endif

#endif
