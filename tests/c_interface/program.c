/* Uses every function of <muster/muster.h>, in C11, against a real daemon:
 *
 *   program SERVER DAEMON_PID
 *
 * The topics "orders" (4 partitions) and "extras" (1) exist, and the group "c", whose strategy is
 * `leader` and in which orders/3 is pinned to "absent". Exits with 0, or says which line failed. */
#define _POSIX_C_SOURCE 200809L
#include "program.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void require(bool is_true, const char* what, const char* file, int line) {
  if (is_true) return;
  fprintf(stderr, "%s:%d: not true: %s\n", file, line, what);
  _Exit(1);
}

void pause_5_ms(void) {
  const struct timespec pause = {.tv_sec = 0, .tv_nsec = 5000000};
  nanosleep(&pause, NULL);
}

muster_client* client_of(const char* server) {
  muster_error* why = NULL;
  muster_client* client = NULL;
  muster_client_options* options = muster_client_options_new();
  muster_client_options_add_server(options, server);
  muster_client_options_set_timeout_ms(options, 10000);
  muster_client_options_set_client_id(options, "program in C");
  SUCCEEDS(muster_client_new(options, &client, &why));
  muster_client_options_free(options);
  return client;
}

/* What a consumer was told. */
struct told {
  atomic_int assigned, revoked, lost, paused, resumed, waiting, ended, plan_refused;
  atomic_int planned;
  atomic_bool refuse_to_plan;
  atomic_int last_partition;      /* of on_assigned or on_revoked */
  atomic_llong last_committed;    /* of on_assigned */
  atomic_ullong last_fence;       /* of on_assigned */
  atomic_llong release_within_ms; /* of on_revoked */
  atomic_int last_error;
  muster_consumer* _Atomic consumer; /* that the callbacks were given */
};

static void note(struct told* told, muster_consumer* consumer, const muster_partition* partition) {
  REQUIRE(muster_partition_topic(partition) != NULL);
  told->last_partition = muster_partition_index(partition);
  told->consumer = consumer;
}
static void on_assigned(muster_consumer* consumer, const muster_partition* partition, void* data) {
  struct told* told = data;
  note(told, consumer, partition);
  told->last_committed = muster_partition_committed(partition);
  told->last_fence = muster_partition_fence(partition);
  ++told->assigned;
}
static void on_revoked(muster_consumer* consumer, const muster_partition* partition, void* data) {
  struct told* told = data;
  note(told, consumer, partition);
  told->release_within_ms = muster_partition_release_within_ms(partition);
  ++told->revoked;
}
static void on_lost(muster_consumer* consumer, const muster_partition* partition, void* data) {
  note(data, consumer, partition);
  ++((struct told*)data)->lost;
}
static void on_paused(muster_consumer* consumer, const muster_partition* partition, void* data) {
  note(data, consumer, partition);
  ++((struct told*)data)->paused;
}
static void on_resumed(muster_consumer* consumer, const muster_partition* partition, void* data) {
  note(data, consumer, partition);
  ++((struct told*)data)->resumed;
}
static void on_waiting(muster_consumer* consumer, const muster_error* error, void* data) {
  struct told* told = data;
  told->consumer = consumer;
  told->last_error = muster_error_code(error);
  ++told->waiting;
}
static void on_ended(muster_consumer* consumer, const muster_error* error, void* data) {
  struct told* told = data;
  told->consumer = consumer;
  told->last_error = muster_error_code(error);
  ++told->ended;
}
static void on_plan_refused(muster_consumer* consumer, const muster_error* error, void* data) {
  struct told* told = data;
  told->consumer = consumer;
  told->last_error = muster_error_code(error);
  ++told->plan_refused;
}

static bool subscribes(const muster_plan_request* request, size_t member, size_t topic) {
  for (size_t i = 0; i < muster_plan_request_member_topic_count(request, member); ++i) {
    if (muster_plan_request_member_topic(request, member, i) == topic) return true;
  }
  return false;
}

static void look_at(const muster_plan_request* request) {
  size_t size = 0;
  REQUIRE(strcmp(muster_plan_request_group(request), "c") == 0);
  REQUIRE(muster_plan_request_timeout_ms(request) > 0);
  REQUIRE(muster_plan_request_member_count(request) >= 1);
  REQUIRE(strcmp(muster_plan_request_member_id(request, 0), "first") == 0);
  REQUIRE(memcmp(muster_plan_request_member_metadata(request, 0, &size), "a\0b", 4) == 0);
  REQUIRE(size == 3);
  REQUIRE(muster_plan_request_member_id(request, 99) == NULL);
  REQUIRE(muster_plan_request_owner(request, 99, 0) == MUSTER_NOBODY);
  REQUIRE(muster_plan_request_pin_count(request) == 1);
  REQUIRE(strcmp(muster_plan_request_topic_name(request, muster_plan_request_pin_topic(request, 0)),
                 "orders") == 0);
  REQUIRE(muster_plan_request_pin_partition(request, 0) == 3);
  REQUIRE(muster_plan_request_pin_member(request, 0) == MUSTER_NOBODY);
}

/* Partition p of each topic goes to the p-th of those that subscribe, in turn, from the last. */
static int on_plan(muster_consumer* consumer, const muster_plan_request* request, muster_plan* plan,
                   void* data) {
  struct told* told = data;
  told->consumer = consumer;
  look_at(request);
  if (told->refuse_to_plan) return 1;
  const size_t members = muster_plan_request_member_count(request);
  for (size_t topic = 0; topic < muster_plan_request_topic_count(request); ++topic) {
    size_t member = members;
    for (int32_t p = 0; p < muster_plan_request_topic_partitions(request, topic); ++p) {
      const size_t owner = muster_plan_request_owner(request, topic, p);
      REQUIRE(owner == MUSTER_NOBODY || owner < members);
      do {
        member = member == 0 ? members - 1 : member - 1;
      } while (!subscribes(request, member, topic));
      muster_plan_assign(plan, topic, p, member);
    }
  }
  ++told->planned;
  return 0;
}

static muster_consumer_options* options_of(const char* consumer_id, struct told* told) {
  muster_consumer_options* options = muster_consumer_options_new("c");
  muster_consumer_options_set_consumer_id(options, consumer_id);
  muster_consumer_options_add_topic(options, "orders");
  muster_consumer_options_set_session_timeout_ms(options, 10000);
  muster_consumer_options_on_assigned(options, on_assigned, told);
  muster_consumer_options_on_revoked(options, on_revoked, told);
  muster_consumer_options_on_lost(options, on_lost, told);
  muster_consumer_options_on_paused(options, on_paused, told);
  muster_consumer_options_on_resumed(options, on_resumed, told);
  muster_consumer_options_on_waiting(options, on_waiting, told);
  muster_consumer_options_on_ended(options, on_ended, told);
  return options;
}

static muster_consumer* consumer_of(muster_client* client, muster_consumer_options* options) {
  muster_consumer* consumer = NULL;
  muster_error* why = NULL;
  SUCCEEDS(muster_consumer_new(client, options, &consumer, &why));
  REQUIRE(consumer != NULL);
  muster_consumer_options_free(options);
  return consumer;
}

static size_t held(muster_consumer* consumer) {
  muster_assignment* assignment = NULL;
  if (muster_consumer_assignment(consumer, &assignment, NULL) != MUSTER_OK) return 99;
  const size_t size = muster_assignment_size(assignment);
  for (size_t i = 0; i < size; ++i) {
    REQUIRE(muster_assignment_topic(assignment, i) != NULL);
    REQUIRE(muster_assignment_partition(assignment, i) >= 0);
  }
  REQUIRE(muster_assignment_topic(assignment, size) == NULL);
  muster_assignment_free(assignment);
  return size;
}

static bool is_text(char* owned, const char* expected) {
  const bool equal = owned != NULL && strcmp(owned, expected) == 0;
  muster_string_free(owned);
  return equal;
}

/* Errors are returned with all that belongs to them, and NULL harms nothing. */
static void errors_are_told(muster_client* client) {
  muster_error* error = NULL;
  muster_consumer* none = NULL;
  REQUIRE(muster_consumer_new(client, NULL, &none, &error) == MUSTER_ERROR_INVALID_ARGUMENT);
  REQUIRE(none == NULL);
  REQUIRE(muster_error_code(error) == MUSTER_ERROR_INVALID_ARGUMENT);
  REQUIRE(strcmp(muster_error_name(error), "INVALID_ARGUMENT") == 0);
  REQUIRE(strstr(muster_error_message(error), "NULL") != NULL);
  REQUIRE(!muster_error_retriable(error));
  REQUIRE(muster_error_retry_after_ms(error) == 0);
  REQUIRE(muster_error_current_fence(error) == 0);
  muster_error_free(error);
  REQUIRE(muster_consumer_join_group(NULL, NULL) == MUSTER_ERROR_INVALID_ARGUMENT);
  REQUIRE(muster_consumer_member_id(NULL) == NULL);
  muster_consumer_options_set_takeover(NULL, true);
  muster_consumer_options_free(NULL);
  muster_client_options_free(NULL);
  muster_client_free(NULL);
  muster_consumer_free(NULL);
  muster_error_free(NULL);
}

static void offsets_are_kept(muster_consumer* first) {
  muster_error* why = NULL;
  int64_t offset = 0;
  muster_committed* committed = NULL;
  SUCCEEDS(muster_consumer_fetch_committed_offset(first, "orders", 0, &offset, &why));
  REQUIRE(offset == -1);
  SUCCEEDS(muster_consumer_fetch_committed(first, "orders", 0, &committed, &why));
  REQUIRE(committed == NULL);
  SUCCEEDS(muster_consumer_commit_offset(first, "orders", 0, 3, "three", &why));
  SUCCEEDS(muster_consumer_fetch_committed_offset(first, "orders", 0, &offset, &why));
  REQUIRE(offset == 3);

  muster_commits* commits = muster_commits_new();
  muster_commit* commit = muster_commits_add(commits, "orders", 0, 5);
  muster_commit_set_metadata(commit, "x\0y", 3);
  muster_commit_set_end(commit, 100);
  muster_commits_add(commits, "orders", 1, 6);
  SUCCEEDS(muster_consumer_commit_offsets(first, commits, &why));
  muster_commits_free(commits);
  SUCCEEDS(muster_consumer_fetch_committed(first, "orders", 0, &committed, &why));
  size_t size = 0;
  REQUIRE(muster_committed_offset(committed) == 5);
  REQUIRE(memcmp(muster_committed_metadata(committed, &size), "x\0y", 4) == 0);
  REQUIRE(size == 3);
  REQUIRE(muster_committed_commit_time_ms(committed) > 1600000000000);
  muster_committed_free(committed);

  REQUIRE(muster_consumer_commit_offset(first, "orders", 3, 1, NULL, &why) ==
          MUSTER_ERROR_NOT_OWNED);
  muster_error_free(why);
}

/* The daemon stands still, the lease lapses; it goes on, and nothing is lost. */
static void pauses_are_told(muster_consumer* first, struct told* told, pid_t daemon) {
  const int before = told->paused;
  kill(daemon, SIGSTOP);
  WAIT_FOR(told->paused == before + 3);
  REQUIRE(muster_consumer_paused(first));
  REQUIRE(muster_consumer_fence(first, "orders", 0) == 0);
  REQUIRE(muster_consumer_commit_offset(first, "orders", 0, 9, NULL, NULL) ==
          MUSTER_ERROR_LEASE_LAPSED);
  kill(daemon, SIGCONT);
  WAIT_FOR(told->resumed >= 3);
  WAIT_FOR(!muster_consumer_paused(first));
}

/* A second member comes: what is asked back of the first is released by hand, with a last commit.
 */
static void partitions_are_handed_over(muster_client* client, muster_consumer* first,
                                       struct told* told) {
  muster_error* why = NULL;
  static struct told of_second;
  const unsigned long long fence = told->last_fence;
  muster_consumer_options* options = options_of("second", &of_second);
  muster_consumer_options_add_pattern(options, "extra.*");
  muster_consumer* second = consumer_of(client, options);
  /* At first for extras alone, so that its join waits for nobody. */
  SUCCEEDS(muster_consumer_subscribe(second, NULL, 0, (const char* const[]){"extra.*"}, 1, &why));
  SUCCEEDS(muster_consumer_join_group(second, &why));
  WAIT_FOR(of_second.assigned == 1);
  const char* const topics[] = {"orders", "extras"};
  SUCCEEDS(muster_consumer_subscribe(second, topics, 2, NULL, 0, &why));
  WAIT_FOR(told->revoked == 2); /* orders/0 and orders/2 */
  REQUIRE(told->release_within_ms > 0);
  REQUIRE(held(first) == 3);
  SUCCEEDS(muster_consumer_release(first, "orders", 2, -1, NULL, &why));
  WAIT_FOR(of_second.assigned == 2);
  SUCCEEDS(muster_consumer_release(first, "orders", 0, 7, "last", &why));
  WAIT_FOR(of_second.assigned == 3);
  REQUIRE(of_second.last_partition == 0);
  REQUIRE(of_second.last_committed == 7);
  REQUIRE(of_second.last_fence > fence);
  REQUIRE(muster_consumer_fence(second, "orders", 0) == of_second.last_fence);
  REQUIRE(of_second.consumer == second);
  REQUIRE(is_text(muster_consumer_leader(second), "first"));
  REQUIRE(held(second) == 3);

  /* Its seat ends; the first gives no plan, so the coordinator makes one. */
  told->refuse_to_plan = true;
  SUCCEEDS(muster_consumer_leave_group(second, &why));
  WAIT_FOR(told->plan_refused >= 1);
  REQUIRE(told->last_error == MUSTER_ERROR_INVALID_ARGUMENT);
  WAIT_FOR(held(first) == 3);
  told->refuse_to_plan = false;
  muster_consumer_close(second);
  REQUIRE(muster_consumer_join_group(second, NULL) == MUSTER_ERROR_CLOSED);
  muster_consumer_free(second);
}

/* The name is in use; taken over, its former holder is told so. */
static void names_are_taken_over(const char* server, struct told* told) {
  static struct told of_third;
  muster_error* why = NULL;
  muster_client* client = client_of(server);

  muster_consumer_options* options = options_of("first", &of_third);
  muster_consumer_options_set_join_timeout_ms(options, 300);
  muster_consumer* refused = consumer_of(client, options);
  REQUIRE(muster_consumer_join_group(refused, &why) == MUSTER_ERROR_MEMBER_ID_IN_USE);
  REQUIRE(muster_error_retriable(why));
  muster_error_free(why);
  WAIT_FOR(of_third.waiting == 1);
  REQUIRE(of_third.last_error == MUSTER_ERROR_MEMBER_ID_IN_USE);
  muster_consumer_free(refused);

  options = options_of("first", &of_third);
  muster_consumer_options_set_takeover(options, true);
  muster_consumer_options_set_session_timeout_ms(options, 1000);
  muster_consumer_options_set_rebalance_timeout_ms(options, 1000);
  muster_consumer* third = consumer_of(client, options);
  SUCCEEDS(muster_consumer_join_group(third, &why));
  WAIT_FOR(told->ended == 1);
  REQUIRE(told->lost == 3);
  REQUIRE(told->last_error == MUSTER_ERROR_FENCED);
  SUCCEEDS(muster_consumer_leave_group(third, &why));
  muster_consumer_free(third);
  muster_client_free(client);
}

int main(int argc, char** argv) {
  REQUIRE(argc == 3);
  REQUIRE(strchr(muster_version(), '.') != NULL);
  muster_error* why = NULL;
  muster_client* client = client_of(argv[1]);
  errors_are_told(client);

  static struct told told;
  muster_consumer_options* options = options_of("first", &told);
  muster_consumer_options_set_metadata(options, "a\0b", 3);
  muster_consumer_options_set_disconnect_grace_ms(options, 2000);
  muster_consumer_options_set_rebalance_timeout_ms(options, 20000);
  muster_consumer_options_set_release_on_return(options, false);
  muster_consumer_options_on_plan(options, on_plan, &told);
  muster_consumer_options_on_plan_refused(options, on_plan_refused, &told);
  muster_consumer* first = consumer_of(client, options);
  SUCCEEDS(muster_consumer_join_group(first, &why));
  WAIT_FOR(told.assigned == 3); /* all but the one that is pinned to somebody absent */
  REQUIRE(told.planned >= 1);
  REQUIRE(told.last_committed == -1);
  REQUIRE(held(first) == 3);
  REQUIRE(is_text(muster_consumer_member_id(first), "first"));
  REQUIRE(muster_consumer_generation(first) >= 1);
  REQUIRE(!muster_consumer_paused(first));

  offsets_are_kept(first);
  pauses_are_told(first, &told, (pid_t)atol(argv[2]));
  partitions_are_handed_over(client, first, &told);
  names_are_taken_over(argv[1], &told);
  muster_consumer_free(first);
  muster_client_free(client);
  the_tracker_follows();
  calls_need_not_wait(argv[1]);
  the_loop_works(argv[1]);
  puts("every function did what it says");
  return 0;
}
