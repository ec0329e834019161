// Plan as the leader: the group's strategy is `leader`, and each member says in its metadata how
// much it can take. Run it twice, with different capacities.
//
//   muster topic create orders --partitions 6
//   muster group configure weighed --strategy leader
//   example_plan_as_leader NAME CAPACITY [SERVER]
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <muster/muster.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

namespace {

/// Partitions go to whoever is the least loaded for its capacity, but stay where they are while
/// that one is not full.
muster::Plan plan_by_capacity(const muster::PlanRequest& request) {
  std::size_t partitions = 0;
  for (const auto& topic : request.topics) partitions += topic.owners.size();
  double capacity = 0;
  std::vector<double> weight;
  for (const auto& member : request.members) {
    weight.push_back(std::max(1.0, std::strtod(member.metadata.c_str(), nullptr)));
    capacity += weight.back();
  }
  std::vector<double> load(request.members.size());
  std::map<std::pair<std::size_t, muster::PartitionIndex>, std::optional<std::size_t>> pins;
  for (const auto& pin : request.pins) {
    pins[{pin.topic, pin.partition}] = pin.member;
    if (pin.member) ++load[*pin.member];  // whatever the plan says
  }
  const auto subscribes = [&](std::size_t member, std::size_t topic) {
    const auto& topics = request.topics_of(request.members[member]);
    return std::ranges::binary_search(topics, topic);
  };
  muster::Plan plan;
  for (std::size_t t = 0; t < request.topics.size(); ++t) {
    const auto& topic = request.topics[t];
    for (muster::PartitionIndex p = 0; p < topic.partitions; ++p) {
      if (pins.contains({t, p})) continue;
      std::optional<std::size_t> chosen = topic.owners[static_cast<std::size_t>(p)];
      const double share = static_cast<double>(partitions) / capacity;
      const bool may_stay =
          chosen && subscribes(*chosen, t) && load[*chosen] + 1 <= share * weight[*chosen];
      if (!may_stay) {
        chosen.reset();
        for (std::size_t m = 0; m < load.size(); ++m) {
          if (!subscribes(m, t)) continue;
          if (!chosen || load[m] / weight[m] < load[*chosen] / weight[*chosen]) chosen = m;
        }
      }
      if (!chosen) continue;  // nobody may have it
      ++load[*chosen];
      plan[request.members[*chosen].member_id][topic.name].push_back(p);
    }
  }
  return plan;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "example_plan_as_leader NAME CAPACITY [SERVER]\n");
    return 2;
  }
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);  // a pipe gets each line as it is printed, too
  muster::Client client({.servers = {argc > 3 ? argv[3] : "127.0.0.1:7461"}});
  muster::GroupConsumer consumer(client, {.group_id = "weighed",
                                          .consumer_id = argv[1],
                                          .topics = {"orders"},
                                          .metadata = argv[2],
                                          .session_timeout = 10s});
  consumer.on_plan(plan_by_capacity);
  consumer.on_plan_refused([](const muster::Error& why) {
    std::fprintf(stderr, "The plan was refused: %s\n", why.message.c_str());
  });
  consumer.on_assigned([](const muster::Partition& p) {
    std::printf("assigned %s/%d\n", p.topic.c_str(), p.index);
  });
  consumer.on_revoked(
      [](const muster::Partition& p) { std::printf("gives %s/%d\n", p.topic.c_str(), p.index); });
  if (auto joined = consumer.join_group(); !joined) {
    std::fprintf(stderr, "%s\n", joined.error().message.c_str());
    return 1;
  }
  std::printf("Enter ends it.\n");
  std::getchar();
  if (auto left = consumer.leave_group(); !left) {
    std::fprintf(stderr, "%s\n", left.error().message.c_str());
    return 1;
  }
  return 0;
}
