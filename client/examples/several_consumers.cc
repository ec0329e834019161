// Several consumers: three members of one group share one connection. Watch the partitions move
// as they come and go, each with a revocation that its owner confirms.
//
//   muster topic create orders --partitions 4
//   example_several_consumers [SERVER]
#include <cstdio>
#include <memory>
#include <muster/muster.hpp>
#include <string>
#include <vector>

using namespace std::chrono_literals;

namespace {

std::unique_ptr<muster::GroupConsumer> make_consumer(muster::Client& client, std::string name) {
  auto consumer = std::make_unique<muster::GroupConsumer>(
      client, muster::GroupConsumerOptions{.group_id = "several",
                                           .consumer_id = name,
                                           .topics = {"orders"},
                                           .session_timeout = 10s});
  const auto say = [name](const char* what) {
    return [name, what](const muster::Partition& p) {
      std::printf("  %s %s %s/%d (token %llu)\n", name.c_str(), what, p.topic.c_str(), p.index,
                  static_cast<unsigned long long>(p.fence));
    };
  };
  consumer->on_assigned(say("is assigned"));
  consumer->on_revoked(say("gives back"));  // released when this returns
  consumer->on_lost(say("has lost"));
  return consumer;
}

void show(const std::vector<std::unique_ptr<muster::GroupConsumer>>& consumers) {
  for (const auto& consumer : consumers) {
    std::string line = consumer->member_id() + ":";
    for (const auto& [topic, partitions] : consumer->assignment()) {
      for (const auto partition : partitions) line += " " + topic + "/" + std::to_string(partition);
    }
    std::printf("%s\n", line.c_str());
  }
}

}  // namespace

int main(int argc, char** argv) {
  muster::Client client({.servers = {argc > 1 ? argv[1] : "127.0.0.1:7461"}});
  std::vector<std::unique_ptr<muster::GroupConsumer>> consumers;

  for (const char* name : {"consumer-1", "consumer-2", "consumer-3"}) {
    std::printf("%s joins\n", name);
    consumers.push_back(make_consumer(client, name));
    if (auto joined = consumers.back()->join_group(); !joined) {
      std::fprintf(stderr, "%s\n", joined.error().message.c_str());
      return 1;
    }
    show(consumers);
  }
  while (!consumers.empty()) {
    std::printf("%s leaves\n", consumers.back()->member_id().c_str());
    if (auto left = consumers.back()->leave_group(); !left) {
      std::fprintf(stderr, "%s\n", left.error().message.c_str());
      return 1;
    }
    consumers.pop_back();
  }
  return 0;
}
