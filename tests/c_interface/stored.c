/* Calls that don't wait, and stored offsets, in C. */
#include <stdatomic.h>
#include <string.h>

#include "program.h"

/* What the calls were answered. */
struct answers {
  atomic_int succeeded, failed, code;
  atomic_int assigned, commits_failed;
  atomic_llong committed;
};

static void on_done(muster_consumer* consumer, const muster_error* error, void* data) {
  struct answers* answers = data;
  (void)consumer;
  if (error == NULL) {
    ++answers->succeeded;
  } else {
    answers->code = muster_error_code(error);
    ++answers->failed;
  }
}
static void on_fetched(muster_consumer* consumer, const muster_committed* committed,
                       const muster_error* error, void* data) {
  struct answers* answers = data;
  answers->committed = muster_committed_offset(committed);
  on_done(consumer, error, data);
}
static void on_assigned(muster_consumer* consumer, const muster_partition* partition, void* data) {
  (void)consumer;
  (void)partition;
  ++((struct answers*)data)->assigned;
}
static void on_commit_failed(muster_consumer* consumer, const muster_error* error, void* data) {
  (void)consumer;
  (void)error;
  ++((struct answers*)data)->commits_failed;
}

static int64_t committed(muster_consumer* consumer, int32_t partition) {
  muster_error* why = NULL;
  int64_t offset = 0;
  SUCCEEDS(muster_consumer_fetch_committed_offset(consumer, "orders", partition, &offset, &why));
  return offset;
}

static void offsets_are_stored(muster_consumer* consumer) {
  muster_error* why = NULL;
  const uint64_t fence = muster_consumer_fence(consumer, "orders", 0);
  SUCCEEDS(muster_consumer_store_offset(consumer, "orders", 0, 3, fence, &why));
  REQUIRE(muster_consumer_store_offset(consumer, "orders", 0, 9, fence - 1, NULL) ==
          MUSTER_ERROR_FENCED);
  muster_commits* commits = muster_commits_new();
  muster_commit_set_fence(muster_commits_add(commits, "orders", 1, 4),
                          muster_consumer_fence(consumer, "orders", 1));
  SUCCEEDS(muster_consumer_store_offsets(consumer, commits, &why));
  muster_commits_free(commits);
  REQUIRE(committed(consumer, 0) == -1);
  SUCCEEDS(muster_consumer_commit_stored(consumer, &why));
  REQUIRE(committed(consumer, 0) == 3);
  REQUIRE(committed(consumer, 1) == 4);
  SUCCEEDS(muster_consumer_report_end(consumer, "orders", 0, 10, 2, &why));
  SUCCEEDS(muster_consumer_report_end(consumer, "orders", 1, 10, -1, &why));
  REQUIRE(muster_consumer_report_end(consumer, "orders", 1, -5, -1, NULL) ==
          MUSTER_ERROR_INVALID_ARGUMENT);
}

static void partitions_are_paused(muster_consumer* consumer) {
  muster_error* why = NULL;
  muster_consumer_progress(consumer);
  SUCCEEDS(muster_consumer_pause(consumer, "orders", 0, &why));
  REQUIRE(muster_consumer_fence(consumer, "orders", 0) == 0);
  SUCCEEDS(muster_consumer_resume(consumer, "orders", 0, &why));
  REQUIRE(muster_consumer_fence(consumer, "orders", 0) > 0);
}

void calls_need_not_wait(const char* server) {
  static struct answers answers;
  muster_error* why = NULL;
  muster_client* client = client_of(server);
  muster_consumer_options* options = muster_consumer_options_new("async");
  muster_consumer_options_set_consumer_id(options, "one");
  muster_consumer_options_add_topic(options, "extras");
  muster_consumer_options_set_auto_commit_interval_ms(options, 0);
  muster_consumer_options_on_assigned(options, on_assigned, &answers);
  muster_consumer_options_on_commit_failed(options, on_commit_failed, &answers);
  muster_consumer* consumer = NULL;
  SUCCEEDS(muster_consumer_new(client, options, &consumer, &why));
  muster_consumer_options_free(options);

  muster_consumer_commit_offsets_async(consumer, NULL, on_done, &answers);
  REQUIRE(answers.failed == 1 && answers.code == MUSTER_ERROR_INVALID_ARGUMENT);
  muster_consumer_join_group_async(consumer, on_done, &answers);
  WAIT_FOR(answers.succeeded == 1);
  WAIT_FOR(answers.assigned == 1);
  const char* const topics[] = {"orders"};
  muster_consumer_subscribe_async(consumer, topics, 1, NULL, 0, on_done, &answers);
  WAIT_FOR(answers.succeeded == 2);
  WAIT_FOR(answers.assigned == 5);

  offsets_are_stored(consumer);
  partitions_are_paused(consumer);

  muster_commits* commits = muster_commits_new();
  muster_commits_add(commits, "orders", 2, 7);
  muster_consumer_commit_offsets_async(consumer, commits, on_done, &answers);
  muster_commits_free(commits);
  WAIT_FOR(answers.succeeded == 3);
  muster_consumer_fetch_committed_async(consumer, "orders", 2, on_fetched, &answers);
  WAIT_FOR(answers.succeeded == 4);
  REQUIRE(answers.committed == 7);
  SUCCEEDS(muster_consumer_store_offset(consumer, "orders", 3, 8, 0, &why));
  muster_consumer_commit_stored_async(consumer, on_done, &answers);
  WAIT_FOR(answers.succeeded == 5);
  REQUIRE(committed(consumer, 3) == 8);
  REQUIRE(answers.commits_failed == 0);

  SUCCEEDS(muster_consumer_unsubscribe(consumer, &why));
  WAIT_FOR(muster_consumer_fence(consumer, "orders", 0) == 0);
  muster_consumer_leave_group_async(consumer, on_done, &answers);
  WAIT_FOR(answers.succeeded == 6);
  muster_consumer_free(consumer);
  muster_consumer_join_group_async(NULL, on_done, &answers);
  REQUIRE(answers.failed == 2);
  muster_client_free(client);
}
