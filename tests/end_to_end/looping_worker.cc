// A process that runs a consume loop over made-up records into a sink of files, and dies by SIGKILL
// where it is told. It says "joined", "owns T/P", "gone T/P", "outdated T/P OFFSET", "end NAME".
//
// looping_worker SERVER TOPIC CONSUMER_ID DIRECTORY [KEY=VALUE]...
//   records=N            offsets 0 … N - 1 of each partition
//   crash=STEP:N         kill -9 itself when it passes this step the Nth time: fetch, fetched,
//   handle,
//                        effect, handled, commit, committing, committed
//   commit_every=N       commits after each N records; 0: leaves that to the consumer
//   progress_ms, interval_ms, session_ms, grace_ms
//
// While DIRECTORY/stuck-CONSUMER_ID is there, its handler waits. SIGTERM: stops, leaves, exits with
// 0.
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <map>
#include <string>
#include <thread>

#include "muster/muster.hpp"
#include "tests/end_to_end/fenced_sink.h"

namespace {

using namespace std::chrono_literals;
using muster::e2e::FencedSink;

volatile std::sig_atomic_t told_to_end = 0;

void say(const std::string& line) {
  const std::string text = line + "\n";
  [[maybe_unused]] const auto written = write(STDOUT_FILENO, text.data(), text.size());
}

std::string name_of(const muster::Partition& partition) {
  return partition.topic + "/" + std::to_string(partition.index);
}

/// Ends the process without a word when it passes a step for the Nth time.
class Crash {
 public:
  explicit Crash(const std::string& text) {
    const std::size_t colon = text.find(':');
    if (colon == std::string::npos) return;
    step_ = text.substr(0, colon);
    left_ = std::stoi(text.substr(colon + 1));
  }
  void pass(const std::string& step) {
    if (step == step_ && --left_ == 0) kill(getpid(), SIGKILL);
  }

 private:
  std::string step_;
  int left_ = 0;
};

struct Arguments {
  std::string server;
  std::string topic;
  std::string consumer_id;
  std::string directory;
  std::map<std::string, std::string> settings;

  std::int64_t number(const std::string& key, std::int64_t otherwise) const {
    const auto found = settings.find(key);
    return found == settings.end() ? otherwise : std::stoll(found->second);
  }
  std::chrono::milliseconds ms(const std::string& key, std::int64_t otherwise) const {
    return std::chrono::milliseconds(number(key, otherwise));
  }
};

class Work {
 public:
  Work(muster::GroupConsumer& consumer, const Arguments& arguments)
      : consumer_(consumer),
        arguments_(arguments),
        records_(arguments.number("records", 0)),
        commit_every_(arguments.number("commit_every", 0)),
        crash_(arguments.settings.contains("crash") ? arguments.settings.at("crash") : "") {}

  std::expected<std::vector<muster::Record>, std::string> fetch(std::int64_t position) {
    crash_.pass("fetch");
    std::vector<muster::Record> records;
    while (position < records_ && records.size() < 5) records.push_back({.offset = position++});
    if (!records.empty()) crash_.pass("fetched");
    return records;
  }

  std::expected<void, std::string> handle(const muster::Partition& partition,
                                          const muster::Record& record) {
    crash_.pass("handle");
    wait_while_stuck();
    std::this_thread::sleep_for(1ms);
    const FencedSink sink(arguments_.directory, partition.index);
    if (!sink.take(record.offset, partition.fence)) {
      say("outdated " + name_of(partition) + " " + std::to_string(record.offset));
      return std::unexpected("The sink has seen a newer token.");
    }
    crash_.pass("effect");
    if (commit_every_ > 0 && ++handled_ % commit_every_ == 0) commit();
    crash_.pass("handled");
    return {};
  }

 private:
  /// In the middle of a commit there is no place to stop at: it is begun, and the process ends.
  void commit() {
    crash_.pass("commit");
    consumer_.commit_stored_async([](const auto&) {});
    crash_.pass("committing");
    if (consumer_.commit_stored()) crash_.pass("committed");
  }
  void wait_while_stuck() const {
    const std::string file = arguments_.directory + "/stuck-" + arguments_.consumer_id;
    while (std::filesystem::exists(file)) std::this_thread::sleep_for(5ms);
  }

  muster::GroupConsumer& consumer_;
  const Arguments& arguments_;
  const std::int64_t records_;
  const std::int64_t commit_every_;
  Crash crash_;
  std::int64_t handled_ = 0;
};

}  // namespace

int main(int count, char** values) {
  if (count < 5) return 2;
  Arguments arguments{.server = values[1],
                      .topic = values[2],
                      .consumer_id = values[3],
                      .directory = values[4],
                      .settings = {}};
  for (int i = 5; i < count; ++i) {
    const std::string setting = values[i];
    const std::size_t equals = setting.find('=');
    arguments.settings[setting.substr(0, equals)] = setting.substr(equals + 1);
  }
  std::signal(SIGTERM, [](int) { told_to_end = 1; });

  muster::Client client({.servers = {arguments.server}});
  muster::GroupConsumer consumer(client, {.group_id = "group",
                                          .consumer_id = arguments.consumer_id,
                                          .topics = {arguments.topic},
                                          .session_timeout = arguments.ms("session_ms", 30'000),
                                          .disconnect_grace = arguments.ms("grace_ms", 0),
                                          .progress_timeout = arguments.ms("progress_ms", 0),
                                          .auto_commit_interval = arguments.ms("interval_ms", 50)});
  consumer.on_assigned([](const muster::Partition& p) { say("owns " + name_of(p)); });
  const auto gone = [](const muster::Partition& p) { say("gone " + name_of(p)); };
  consumer.on_revoked(gone);
  consumer.on_lost(gone);

  Work work(consumer, arguments);
  muster::ConsumeLoop loop(
      consumer, [&](const auto&, std::int64_t position) { return work.fetch(position); },
      [&](const auto& partition, const auto& record) { return work.handle(partition, record); },
      {.first_back_off = 5ms, .longest_back_off = 20ms, .idle_wait = 5ms});
  std::thread watch([&] {
    while (told_to_end == 0) std::this_thread::sleep_for(5ms);
    loop.stop();
  });
  const auto ran = loop.run();
  told_to_end = 1;
  watch.join();
  if (!ran) {
    say("end " + ran.error().name);
    return 1;
  }
  return consumer.leave_group() ? 0 : 1;
}
