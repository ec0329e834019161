#include "tools/plan_group.h"

#include <set>

#include "tools/server_link.h"

namespace muster::tools {
namespace {

/// Lists that are equal become one: ten thousand members may name the same thousand topics.
using SharedSubscriptions = std::set<domain::Subscription>;

std::expected<void, Error> read_settings(ServerLink& link, const std::string& group,
                                         Scenario& scenario) {
  wire::DescribeGroupT request;
  request.group = group;
  const auto reply = link.ask<wire::GroupReplyT>(std::move(request));
  if (!reply) return std::unexpected(reply.error());
  scenario.strategy = reply->group->strategy;
  scenario.max_members = reply->group->max_members;
  scenario.frozen = reply->group->frozen;
  return {};
}

std::expected<void, Error> read_members(ServerLink& link, const std::string& group,
                                        Scenario& scenario) {
  SharedSubscriptions shared;
  wire::ListMembersT request;
  request.group = group;
  return link.ask_pages<wire::MembersReplyT>(
      std::move(request), [&](wire::MembersReplyT& page, wire::ListMembersT& next) {
        for (const auto& member : page.members) {
          const domain::Subscription subscription(std::move(member->topics),
                                                  std::move(member->patterns));
          scenario.members[member->member_id] = {.subscription = *shared.insert(subscription).first,
                                                 .draining = member->draining};
          next.after = member->member_id;
        }
        return page.members.size();
      });
}

std::expected<void, Error> read_partitions(ServerLink& link, const std::string& group,
                                           Scenario& scenario) {
  wire::ListPartitionsT request;
  request.group = group;
  return link.ask_pages<wire::PartitionsReplyT>(
      std::move(request), [&](wire::PartitionsReplyT& page, wire::ListPartitionsT& next) {
        for (const auto& each : page.partitions) {
          if (!each->target.empty()) {
            scenario.holdings.push_back({.topic = scenario.names.number_of(each->topic),
                                         .partition = each->partition,
                                         .owner = scenario.names.number_of(each->target)});
          }
          if (!each->pinned_to.empty()) {
            scenario.pins[{each->topic, each->partition}] = each->pinned_to;
          }
          next.after_topic = each->topic;
          next.after_partition = each->partition;
        }
        return page.partitions.size();
      });
}

/// All topics, since a pattern may match any of them.
std::expected<void, Error> read_topics(ServerLink& link, Scenario& scenario) {
  return link.ask_pages<wire::TopicsReplyT>(wire::ListTopicsT{},
                                            [&](wire::TopicsReplyT& page, wire::ListTopicsT& next) {
                                              for (const auto& topic : page.topics) {
                                                scenario.topics[topic->name] = topic->partitions;
                                                next.after = topic->name;
                                              }
                                              return page.topics.size();
                                            });
}

}  // namespace

std::expected<Scenario, Error> read_live_group(std::string_view server, const std::string& group) {
  auto link = ServerLink::open(server);
  if (!link) return std::unexpected(link.error());
  Scenario scenario;
  if (auto read = read_settings(*link, group, scenario); !read) {
    return std::unexpected(read.error());
  }
  if (auto read = read_members(*link, group, scenario); !read) return std::unexpected(read.error());
  if (auto read = read_partitions(*link, group, scenario); !read) {
    return std::unexpected(read.error());
  }
  if (auto read = read_topics(*link, scenario); !read) return std::unexpected(read.error());
  sort_holdings(scenario);
  return scenario;
}

}  // namespace muster::tools
