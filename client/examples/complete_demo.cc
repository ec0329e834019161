// A complete worker: a thread for each partition, finished before the partition is given back,
// stopped while the lease is lapsed, fenced by its token, ended by SIGINT or SIGTERM.
//
//   muster topic create orders --partitions 4
//   example_complete_demo [SERVER [NAME]]        start several, kill some, watch
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <muster/muster.hpp>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

using namespace std::chrono_literals;

namespace {

/// Works on one partition until it is told to stop. The work here is counting.
class Worker {
 public:
  using Commit = std::function<std::expected<void, muster::Error>(std::int64_t next)>;

  Worker(const muster::Partition& partition, Commit commit)
      : partition_(partition), commit_(std::move(commit)), thread_([this] { work(); }) {}
  ~Worker() {
    stopping_ = true;
    thread_.join();
  }
  void pause(bool paused) { paused_ = paused; }

 private:
  void work() {
    std::int64_t next = partition_.committed.value_or(0);
    while (!stopping_) {
      std::this_thread::sleep_for(100ms);  // one record: write its effect with the token,
      if (paused_) continue;               // so that the sink can refuse an outdated owner
      ++next;
      // A record is committed only after its effect: a crash in between repeats it, and the
      // sink knows it by (partition, offset).
      const auto committed = commit_(next);
      if (committed) continue;
      std::printf("%s/%d: %s\n", partition_.topic.c_str(), partition_.index,
                  committed.error().message.c_str());
      if (!committed.error().retriable) return;  // fenced: on_lost comes
      --next;
    }
  }

  const muster::Partition partition_;
  const Commit commit_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> paused_{false};
  std::thread thread_;
};

/// The callbacks of one consumer come one at a time, but main looks in as well.
class Workers {
 public:
  void start(const muster::Partition& p, Worker::Commit commit) {
    const std::lock_guard lock(mutex_);
    if (ended_) return;
    workers_[{p.topic, p.index}] = std::make_unique<Worker>(p, std::move(commit));
  }
  void stop(const muster::Partition& p) {
    std::unique_ptr<Worker> stopped;
    {
      const std::lock_guard lock(mutex_);
      stopped = std::move(workers_[{p.topic, p.index}]);
      workers_.erase({p.topic, p.index});
    }
  }  // waits for the record in hand
  void pause(const muster::Partition& p, bool paused) {
    const std::lock_guard lock(mutex_);
    const auto found = workers_.find({p.topic, p.index});
    if (found != workers_.end()) found->second->pause(paused);
  }
  /// None is started afterwards, whatever is still granted.
  void stop_all() {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    workers_.clear();
  }

 private:
  std::mutex mutex_;
  bool ended_ = false;
  std::map<std::pair<std::string, muster::PartitionIndex>, std::unique_ptr<Worker>> workers_;
};

void tell(const char* what, const muster::Partition& p) {
  std::printf("%s %s/%d (token %llu)\n", what, p.topic.c_str(), p.index,
              static_cast<unsigned long long>(p.fence));
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGINT);
  sigaddset(&ends, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);  // sigwait below takes them

  std::atomic<bool> refused = false;
  Workers workers;
  muster::Client client({.servers = {argc > 1 ? argv[1] : "127.0.0.1:7461"}});
  muster::GroupConsumer consumer(client, {.group_id = "demo",
                                          .consumer_id = argc > 2 ? argv[2] : "",
                                          .topics = {"orders"},
                                          .session_timeout = 10s});

  consumer.on_assigned([&](const muster::Partition& p) {
    tell("assigned", p);
    workers.start(p, [&consumer, topic = p.topic, index = p.index](std::int64_t next) {
      return consumer.commit_offset(topic, index, next);
    });
  });
  consumer.on_revoked([&](const muster::Partition& p) {
    tell("revoked", p);
    workers.stop(p);  // the last record is committed when this returns
  });
  consumer.on_lost([&](const muster::Partition& p) {
    tell("lost", p);
    workers.stop(p);
  });
  consumer.on_paused([&](const muster::Partition& p) {
    tell("paused", p);
    workers.pause(p, true);
  });
  consumer.on_resumed([&](const muster::Partition& p) {
    tell("resumed", p);
    workers.pause(p, false);
  });
  consumer.on_ended([](const muster::Error& why) {
    std::printf("ended: %s\n", why.message.c_str());
    kill(getpid(), SIGTERM);
  });

  consumer.on_waiting(
      [](const muster::Error& why) { std::printf("waiting: %s\n", why.message.c_str()); });
  // A join may wait for its name, or for others to give up what it shall have: Ctrl-C ends that,
  // too.
  consumer.join_group_async([&](const std::expected<void, muster::Error>& joined) {
    if (joined) {
      std::printf("%s joined; end it with Ctrl-C\n", consumer.member_id().c_str());
    } else if (joined.error().code != muster::ErrorCode::kClosed) {
      std::fprintf(stderr, "%s: %s\n", joined.error().name.c_str(), joined.error().message.c_str());
      refused = true;
      kill(getpid(), SIGTERM);
    }
  });

  int signal_number = 0;
  sigwait(&ends, &signal_number);
  workers.stop_all();
  if (auto left = consumer.leave_group(); !left) {
    std::printf("leaving: %s\n", left.error().message.c_str());
  }
  return refused ? 1 : 0;
}
