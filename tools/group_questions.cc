#include "tools/group_questions.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace muster::tools {
std::expected<GroupView, Error> gather_live_group(ServerLink& link, const std::string& group) {
  auto view = gather_group(link, group);
  if (!view) return view;
  using std::chrono::system_clock;
  const auto since_epoch = system_clock::now().time_since_epoch();
  view->live = true;
  view->now_ms = std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count();
  return view;
}

std::expected<std::unique_ptr<wire::MemberInfoT>, Error> ask_member(ServerLink& link,
                                                                    const std::string& group,
                                                                    const std::string& member_id) {
  wire::ListMembersT request;
  request.group = group;
  request.limit = 1;
  // A page begins after a name. The greatest one before this: a byte less at its end, and then
  // 0xff, which no name contains.
  request.after = member_id;
  if (!request.after.empty()) {
    --request.after.back();
    request.after.push_back('\xff');
  }
  auto reply = link.ask<wire::MembersReplyT>(std::move(request));
  if (!reply) return std::unexpected(reply.error());
  const bool found = !reply->members.empty() && reply->members.front()->member_id == member_id;
  return found ? std::move(reply->members.front()) : nullptr;
}

bool drains(const wire::GroupReplyT& group, const std::string& member_id) {
  return std::ranges::find(group.draining, member_id) != group.draining.end();
}

std::size_t partition_count(const std::vector<std::unique_ptr<wire::TopicPartitionsT>>& topics) {
  std::size_t count = 0;
  for (const auto& topic : topics) count += topic->partitions.size();
  return count;
}

}  // namespace muster::tools
