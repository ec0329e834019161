#include "tools/known_names.h"

#include <utility>

#include "tools/server_link.h"

namespace muster::tools {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t kNamesMost = 10'000;

/// The greatest text before every name that begins with the prefix, for pages that begin after it.
std::string before_all(const std::string& prefix) {
  std::string before = prefix;
  if (before.empty()) return before;
  --before.back();
  before.push_back('\xff');  // which no name contains
  return before;
}

class Collector {
 public:
  Collector(const NameQuestion& question, milliseconds patience)
      : question_(question), deadline_(steady_clock::now() + patience) {}

  template <typename Reply, typename Request, typename Entries, typename NameOf>
  std::vector<std::string> ask(ServerLink& link, Request request, Entries entries, NameOf name_of) {
    request.after = before_all(question_.prefix);
    while (true) {
      auto reply = link.ask<Reply>(request);
      if (!reply) return std::move(names_);
      for (const auto& entry : (*reply).*entries) {
        request.after = name_of(*entry);
        if (!request.after.starts_with(question_.prefix)) return std::move(names_);
        names_.push_back(request.after);
      }
      const bool enough = names_.size() >= kNamesMost || steady_clock::now() >= deadline_;
      if (!reply->more || enough) return std::move(names_);
    }
  }

 private:
  const NameQuestion& question_;
  steady_clock::time_point deadline_;
  std::vector<std::string> names_;
};

}  // namespace

std::vector<std::string> known_names(const NameQuestion& question, milliseconds patience) {
  auto link = ServerLink::open(question.server, {.hello = patience, .request = patience});
  if (!link) return {};
  Collector collector(question, patience);
  if (question.names == Names::kGroup) {
    return collector.ask<wire::GroupsReplyT>(*link, wire::ListGroupsT{},
                                             &wire::GroupsReplyT::groups,
                                             [](const auto& group) { return group.name; });
  }
  if (question.names == Names::kTopic) {
    return collector.ask<wire::TopicsReplyT>(*link, wire::ListTopicsT{},
                                             &wire::TopicsReplyT::topics,
                                             [](const auto& topic) { return topic.name; });
  }
  if (question.names == Names::kMember) {
    wire::ListMembersT request;
    request.group = question.group;
    return collector.ask<wire::MembersReplyT>(*link, std::move(request),
                                              &wire::MembersReplyT::members,
                                              [](const auto& member) { return member.member_id; });
  }
  return {};
}

std::int32_t known_partitions(const std::string& server, const std::string& topic,
                              milliseconds patience) {
  auto link = ServerLink::open(server, {.hello = patience, .request = patience});
  if (!link) return 0;
  wire::DescribeTopicT request;
  request.name = topic;
  const auto reply = link->ask<wire::TopicReplyT>(std::move(request));
  return reply ? reply->topic->partitions : 0;
}

}  // namespace muster::tools
