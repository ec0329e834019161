// A worker process of the tests, on the real client library: joins, commits every partition that
// it holds again and again, and says what happens to it, one line an event:
//
//   joined · assigned T/P TOKEN WHEN · revoked T/P · lost T/P TOKEN WHEN · paused T/P · resumed T/P
//   works T/P TOKEN FROM UNTIL · committed T/P OFFSET TOKEN · refused T/P NAME · ended NAME
//
// Moments are nanoseconds of the monotonic clock. `works`: at one moment between these two the
// client said that it may work on the partition under this token, and so it commits under it.
// Commits go on for a partition that was lost: a zombie that does not know, to be told so. SIGTERM:
// leaves, and exits with 0.

#include <chrono>
#include <csignal>
#include <cstdio>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "muster/muster.hpp"

namespace {

using Place = std::pair<std::string, muster::PartitionIndex>;

volatile std::sig_atomic_t told_to_end = 0;

void say(const std::string& line) {
  static std::mutex mutex;
  const std::scoped_lock lock(mutex);
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

std::string now_ns() {
  const auto since_boot = std::chrono::steady_clock::now().time_since_epoch();
  return std::to_string(std::chrono::duration_cast<std::chrono::nanoseconds>(since_boot).count());
}

std::string name_of(const std::string& topic, muster::PartitionIndex partition) {
  return topic + "/" + std::to_string(partition);
}

// The partitions that were ever held, with the next offset to commit.
class Work {
 public:
  void add(const muster::Partition& partition) {
    const std::scoped_lock lock(mutex_);
    std::int64_t& next = next_[{partition.topic, partition.index}];
    next = std::max(next, partition.committed.value_or(0));
  }
  void forget(const muster::Partition& partition) {
    const std::scoped_lock lock(mutex_);
    next_.erase({partition.topic, partition.index});
  }
  std::map<Place, std::int64_t> advance() {
    const std::scoped_lock lock(mutex_);
    for (auto& [place, next] : next_) ++next;
    return next_;
  }

 private:
  std::mutex mutex_;
  std::map<Place, std::int64_t> next_;
};

void report_callbacks(muster::GroupConsumer& consumer, Work& work) {
  consumer.on_assigned([&work](const muster::Partition& partition) {
    say("assigned " + name_of(partition.topic, partition.index) + " " +
        std::to_string(partition.fence) + " " + now_ns());
    work.add(partition);
  });
  consumer.on_revoked([&work](const muster::Partition& partition) {
    say("revoked " + name_of(partition.topic, partition.index));
    work.forget(partition);
  });
  const auto say_of = [](const char* what) {
    return [what](const muster::Partition& partition) {
      say(std::string(what) + " " + name_of(partition.topic, partition.index));
    };
  };
  consumer.on_lost([](const muster::Partition& partition) {
    say("lost " + name_of(partition.topic, partition.index) + " " +
        std::to_string(partition.fence) + " " + now_ns());
  });
  consumer.on_paused(say_of("paused"));
  consumer.on_resumed(say_of("resumed"));
  consumer.on_ended([](const muster::Error& error) { say("ended " + error.name); });
}

void commit_all(muster::GroupConsumer& consumer, Work& work) {
  for (const auto& [place, offset] : work.advance()) {
    const auto& [topic, partition] = place;
    const std::string from = now_ns();
    const auto fence = consumer.fence(topic, partition);
    if (fence) {
      say("works " + name_of(topic, partition) + " " + std::to_string(*fence) + " " + from + " " +
          now_ns());
    }
    const auto committed = consumer.commit_offsets(
        {{.topic = topic, .partition = partition, .offset = offset, .fence = fence}});
    if (committed) {
      say("committed " + name_of(topic, partition) + " " + std::to_string(offset) + " " +
          std::to_string(fence.value_or(0)));
    } else {
      say("refused " + name_of(topic, partition) + " " + committed.error().name);
    }
  }
}

}  // namespace

// worker SERVER GROUP TOPIC CONSUMER_ID SESSION_MS GRACE_MS; an empty id makes a random one.
int main(int count, char** arguments) {
  if (count != 7) return 2;
  std::signal(SIGTERM, [](int) { told_to_end = 1; });
  Work work;
  muster::Client client({.servers = {arguments[1]}});
  muster::GroupConsumer consumer(
      client, {.group_id = arguments[2],
               .consumer_id = arguments[4],
               .topics = {arguments[3]},
               .session_timeout = std::chrono::milliseconds(std::stoi(arguments[5])),
               .disconnect_grace = std::chrono::milliseconds(std::stoi(arguments[6]))});
  report_callbacks(consumer, work);
  if (const auto joined = consumer.join_group(); !joined) {
    say("refused join " + joined.error().name);
    return 1;
  }
  say("joined");
  while (told_to_end == 0) {
    commit_all(consumer, work);
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return consumer.leave_group() ? 0 : 1;
}
