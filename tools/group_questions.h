// What commands ask of a group over one connection, page by page where it takes pages.
#pragma once

#include <memory>
#include <string>

#include "tools/arguments.h"
#include "tools/group_view.h"
#include "tools/server_link.h"

namespace muster::tools {

std::expected<wire::GroupReplyT, Error> ask_group(ServerLink& link, const std::string& group);

/// The group with all its members and partitions.
std::expected<GroupView, Error> gather_group(ServerLink& link, const std::string& group);

/// Null when the group has no such member at the moment.
std::expected<std::unique_ptr<wire::MemberInfoT>, Error> ask_member(ServerLink& link,
                                                                    const std::string& group,
                                                                    const std::string& member_id);

/// Null when the partition does not exist, or the group has nothing to do with it.
std::expected<std::unique_ptr<wire::PartitionInfoT>, Error> ask_partition(
    ServerLink& link, const std::string& group, const PartitionArgument& at);

/// Whether a member of this id drains, by what the group says of itself.
bool drains(const wire::GroupReplyT& group, const std::string& member_id);

/// Partitions of all the topics together.
std::size_t partition_count(const std::vector<std::unique_ptr<wire::TopicPartitionsT>>& topics);

}  // namespace muster::tools
