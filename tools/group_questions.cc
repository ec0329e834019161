#include "tools/group_questions.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace muster::tools {
namespace {

std::expected<void, Error> gather_members(ServerLink& link, GroupView& view) {
  wire::ListMembersT request;
  request.group = view.group.name;
  return link.ask_pages<wire::MembersReplyT>(
      std::move(request), [&](wire::MembersReplyT& page, wire::ListMembersT& next) {
        for (auto& member : page.members) view.members.push_back(std::move(member));
        if (!view.members.empty()) next.after = view.members.back()->member_id;
        return page.members.size();
      });
}

std::expected<void, Error> gather_partitions(ServerLink& link, GroupView& view) {
  wire::ListPartitionsT request;
  request.group = view.group.name;
  return link.ask_pages<wire::PartitionsReplyT>(
      std::move(request), [&](wire::PartitionsReplyT& page, wire::ListPartitionsT& next) {
        for (auto& each : page.partitions) view.partitions.push_back(std::move(each));
        if (!view.partitions.empty()) {
          next.after_topic = view.partitions.back()->topic;
          next.after_partition = view.partitions.back()->partition;
        }
        return page.partitions.size();
      });
}

}  // namespace

std::expected<GroupView, Error> gather_group(ServerLink& link, const std::string& group) {
  auto reply = ask_group(link, group);
  if (!reply) return std::unexpected(reply.error());
  GroupView view;
  view.group = std::move(*reply->group);
  view.draining = std::move(reply->draining);
  view.quiet_remaining_ms = reply->quiet_remaining_ms;
  using std::chrono::system_clock;
  const auto since_epoch = system_clock::now().time_since_epoch();
  view.now_ms = std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count();
  if (auto got = gather_members(link, view); !got) return std::unexpected(got.error());
  if (auto got = gather_partitions(link, view); !got) return std::unexpected(got.error());
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
