// Basic use: join a group, see what this consumer got, commit, read back, leave.
//
//   musterd --data-dir /tmp/muster &
//   muster topic create orders --partitions 4
//   example_basic_use [SERVER]
#include <cstdio>
#include <muster/muster.hpp>

using namespace std::chrono_literals;

namespace {

int fail(const muster::Error& error) {
  std::fprintf(stderr, "%s: %s\n", error.name.c_str(), error.message.c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  muster::Client client({.servers = {argc > 1 ? argv[1] : "127.0.0.1:7461"}, .timeout = 5s});
  muster::GroupConsumer consumer(client, {.group_id = "basic",
                                          .consumer_id = "consumer-1",
                                          .topics = {"orders"},
                                          .session_timeout = 10s});

  if (auto joined = consumer.join_group(); !joined) return fail(joined.error());
  std::printf("%s joined, generation %llu\n", consumer.member_id().c_str(),
              static_cast<unsigned long long>(consumer.generation()));

  for (const auto& [topic, partitions] : consumer.assignment()) {
    for (const muster::PartitionIndex partition : partitions) {
      const auto committed = consumer.fetch_committed_offset(topic, partition);
      if (!committed) return fail(committed.error());
      // Nothing committed yet is a value, not an error: begin at the beginning.
      const std::int64_t next = committed->value_or(0) + 10;  // ten records were processed
      if (auto done = consumer.commit_offset(topic, partition, next, "ten more"); !done) {
        return fail(done.error());
      }
      std::printf("%s/%d: next offset %lld\n", topic.c_str(), partition,
                  static_cast<long long>(next));
    }
  }

  if (auto left = consumer.leave_group(); !left) return fail(left.error());
  return 0;
}
