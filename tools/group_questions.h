// What commands ask of a group over one connection, page by page where it takes pages.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "tools/arguments.h"
#include "tools/group_view.h"
#include "tools/server_link.h"

namespace muster::tools {

/// `source` is a ServerLink, or what answers as a server would.
template <typename Source>
std::expected<wire::GroupReplyT, Error> ask_group(Source& source, const std::string& group) {
  wire::DescribeGroupT request;
  request.group = group;
  return source.template ask<wire::GroupReplyT>(std::move(request));
}

using GroupPartitions = std::vector<std::unique_ptr<wire::PartitionInfoT>>;

/// All partitions of the group, by topic and number.
template <typename Source>
std::expected<GroupPartitions, Error> ask_partitions(Source& source, const std::string& group) {
  GroupPartitions all;
  wire::ListPartitionsT first;
  first.group = group;
  const auto got = source.template ask_pages<wire::PartitionsReplyT>(
      std::move(first), [&](wire::PartitionsReplyT& page, wire::ListPartitionsT& next) {
        for (auto& each : page.partitions) all.push_back(std::move(each));
        if (!all.empty()) {
          next.after_topic = all.back()->topic;
          next.after_partition = all.back()->partition;
        }
        return page.partitions.size();
      });
  if (!got) return std::unexpected(got.error());
  return all;
}

/// The group with all its members and partitions, as it is at no particular time.
template <typename Source>
std::expected<GroupView, Error> gather_group(Source& source, const std::string& group) {
  auto reply = ask_group(source, group);
  if (!reply) return std::unexpected(reply.error());
  GroupView view;
  view.group = std::move(*reply->group);
  view.draining = std::move(reply->draining);
  view.quiet_remaining_ms = reply->quiet_remaining_ms;
  view.resetting = reply->resetting;
  view.live = false;

  wire::ListMembersT members;
  members.group = group;
  auto got = source.template ask_pages<wire::MembersReplyT>(
      std::move(members), [&](wire::MembersReplyT& page, wire::ListMembersT& next) {
        for (auto& member : page.members) view.members.push_back(std::move(member));
        if (!view.members.empty()) next.after = view.members.back()->member_id;
        return page.members.size();
      });
  if (!got) return std::unexpected(got.error());

  auto partitions = ask_partitions(source, group);
  if (!partitions) return std::unexpected(partitions.error());
  view.partitions = std::move(*partitions);
  return view;
}

/// Of a server: as it is now.
std::expected<GroupView, Error> gather_live_group(ServerLink& link, const std::string& group);

/// Null when the group has no such member at the moment.
std::expected<std::unique_ptr<wire::MemberInfoT>, Error> ask_member(ServerLink& link,
                                                                    const std::string& group,
                                                                    const std::string& member_id);

/// Null when the partition does not exist, or the group has nothing to do with it.
template <typename Source>
std::expected<std::unique_ptr<wire::PartitionInfoT>, Error> ask_partition(
    Source& source, const std::string& group, const PartitionArgument& at) {
  wire::ListPartitionsT request;
  request.group = group;
  request.after_topic = at.topic;
  request.after_partition = at.partition - 1;
  request.limit = 1;
  auto reply = source.template ask<wire::PartitionsReplyT>(std::move(request));
  if (!reply) return std::unexpected(std::move(reply.error()));
  if (reply->partitions.empty()) return nullptr;
  const wire::PartitionInfoT& first = *reply->partitions.front();
  const bool found = first.topic == at.topic && first.partition == at.partition;
  return found ? std::move(reply->partitions.front()) : nullptr;
}

/// Whether a member of this id drains, by what the group says of itself.
bool drains(const wire::GroupReplyT& group, const std::string& member_id);

/// Partitions of all the topics together.
std::size_t partition_count(const std::vector<std::unique_ptr<wire::TopicPartitionsT>>& topics);

}  // namespace muster::tools
