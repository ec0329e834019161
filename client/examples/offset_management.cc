// Offsets: an offset is the next one to read. Commits are fenced by the partition's token, only
// rise under it, and a batch is applied whole or not at all.
//
//   muster topic create orders --partitions 4
//   example_offset_management [SERVER]
#include <cstdio>
#include <cstdlib>
#include <muster/muster.hpp>
#include <string>
#include <vector>

using namespace std::chrono_literals;

namespace {

template <typename Value>
Value must(std::expected<Value, muster::Error> outcome) {
  if (!outcome) {
    std::fprintf(stderr, "%s: %s\n", outcome.error().name.c_str(), outcome.error().message.c_str());
    std::exit(1);
  }
  if constexpr (!std::is_void_v<Value>) return *outcome;
}

}  // namespace

int main(int argc, char** argv) {
  muster::Client client({.servers = {argc > 1 ? argv[1] : "127.0.0.1:7461"}});
  muster::GroupConsumer consumer(
      client, {.group_id = "offsets", .consumer_id = "keeper", .topics = {"orders"}});
  must(consumer.join_group());

  // Where to go on: the committed offset, or the beginning.
  const std::int64_t start = must(consumer.fetch_committed_offset("orders", 0)).value_or(0);
  std::printf("orders/0 goes on at %lld\n", static_cast<long long>(start));

  // After each piece of work, with what helps to understand it later.
  must(consumer.commit_offset("orders", 0, start + 100, "batch-17"));

  // A late retry of an older commit succeeds and changes nothing.
  must(consumer.commit_offset("orders", 0, start + 50));
  const auto committed = must(consumer.fetch_committed("orders", 0));
  std::printf("orders/0 is at %lld (%s)\n", static_cast<long long>(committed->offset),
              committed->metadata.c_str());

  // All partitions in one atomic commit; `end` lets the group's lag be computed.
  std::vector<muster::OffsetCommit> commits;
  for (const auto& [topic, partitions] : consumer.assignment()) {
    for (const auto partition : partitions) {
      commits.push_back({.topic = topic,
                         .partition = partition,
                         .offset = start + 200,
                         .metadata = "all together",
                         .end = start + 1'000});
    }
  }
  must(consumer.commit_offsets(commits));
  std::printf("%zu partitions are at %lld\n", commits.size(), static_cast<long long>(start + 200));

  must(consumer.leave_group());
  return 0;
}
