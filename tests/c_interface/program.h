/* What the parts of the program in C have in common. */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <muster/muster.h>
#include <stdbool.h>
#include <stdio.h>

void require(bool is_true, const char* what, const char* file, int line);
void pause_5_ms(void);
muster_client* client_of(const char* server);

#define REQUIRE(condition) require((condition), #condition, __FILE__, __LINE__)
/* Waits for it, up to 20 s. */
#define WAIT_FOR(condition)                                                     \
  do {                                                                          \
    for (int waited = 0; !(condition) && waited < 4000; ++waited) pause_5_ms(); \
    REQUIRE(condition);                                                         \
  } while (0)
/* The call, which gives its error to `why`. */
#define SUCCEEDS(call)                                                           \
  do {                                                                           \
    if ((call) != MUSTER_OK) fprintf(stderr, "%s\n", muster_error_message(why)); \
    require(why == NULL, #call, __FILE__, __LINE__);                             \
  } while (0)

/* Of the other files. */
void the_tracker_follows(void);
void the_loop_works(const char* server);
void calls_need_not_wait(const char* server);

#endif
