#include "tools/bench/scene.h"

#include <fmt/format.h>

#include <random>
#include <utility>
#include <vector>

namespace muster::tools {
namespace {

/// What is gone already was to go.
std::expected<void, Error> unless_unknown(const std::expected<wire::DoneT, Error>& done) {
  if (done || done.error().code == ErrorCode::kUnknownResource) return {};
  return std::unexpected(done.error());
}

}  // namespace

Scene::Scene(std::string server, ScenePlan plan, ServerLink link)
    : server_(std::move(server)),
      plan_(std::move(plan)),
      name_(fmt::format("muster-bench-{:08x}", std::random_device{}())),
      link_(std::move(link)) {}

std::expected<Scene, Error> Scene::make(const std::string& server, ScenePlan plan,
                                        const GoesOn& goes_on) {
  auto link = ServerLink::open(server);
  if (!link) return std::unexpected(std::move(link.error()));
  Scene scene(server, std::move(plan), std::move(*link));
  if (auto built = scene.build(goes_on); !built) {
    if (scene.remove_topic()) static_cast<void>(scene.remove_groups([] { return true; }));
    return std::unexpected(std::move(built.error()));
  }
  return scene;
}

std::expected<void, Error> Scene::build(const GoesOn& goes_on) {
  wire::CreateTopicT create;
  create.name = name_;
  create.partitions = plan_.partitions;
  const auto created = link_.ask<wire::TopicReplyT>(std::move(create));
  if (!created) return std::unexpected(created.error());
  for (; groups_made_ < plan_.groups && goes_on(); ++groups_made_) {
    wire::ConfigureGroupT configure;
    configure.group = group(groups_made_);
    configure.strategy = plan_.strategy;
    const auto configured = link_.ask<wire::DoneT>(std::move(configure));
    if (!configured) return std::unexpected(configured.error());
  }
  return {};
}

std::expected<bool, Error> Scene::is_stable(std::size_t number, std::size_t members) {
  wire::DescribeGroupT describe;
  describe.group = group(number);
  const auto reply = link_.ask<wire::GroupReplyT>(std::move(describe));
  if (!reply) return std::unexpected(reply.error());
  const wire::GroupInfoT& info = *reply->group;
  const wire::GroupState settled = members > 0 ? wire::GroupState::stable : wire::GroupState::empty;
  return info.state == settled && info.members == members && (members == 0 || info.unowned == 0);
}

std::expected<void, Error> Scene::reconnect() {
  auto link = ServerLink::open(server_);
  if (!link) return std::unexpected(std::move(link.error()));
  link_ = std::move(*link);
  return {};
}

std::expected<void, Error> Scene::remove_topic() {
  wire::DeleteTopicT remove;
  remove.name = name_;
  return unless_unknown(link_.ask<wire::DoneT>(std::move(remove)));
}

std::expected<void, Error> Scene::remove_groups(const GoesOn& goes_on) {
  for (std::size_t i = 0; i < groups_made_ && goes_on(); ++i) {
    if (auto removed = remove_group(group(i)); !removed) return removed;
  }
  return {};
}

std::expected<void, Error> Scene::remove_group(const std::string& name) {
  wire::DeleteGroupT remove;
  remove.group = name;
  auto done = link_.ask<wire::DoneT>(remove);
  if (!done && done.error().code == ErrorCode::kGroupNotEmpty) {
    if (auto emptied = remove_members(name); !emptied) return emptied;
    done = link_.ask<wire::DoneT>(std::move(remove));
  }
  return unless_unknown(done);
}

std::expected<void, Error> Scene::remove_members(const std::string& name) {
  std::vector<std::string> members;
  wire::ListMembersT list;
  list.group = name;
  const auto take = [&](const wire::MembersReplyT& reply, wire::ListMembersT& request) {
    for (const auto& member : reply.members) members.push_back(member->member_id);
    if (!reply.members.empty()) request.after = members.back();
    return reply.members.size();
  };
  if (auto listed = link_.ask_pages<wire::MembersReplyT>(std::move(list), take); !listed) {
    return listed;
  }
  for (const std::string& member_id : members) {
    wire::RemoveMemberT remove;
    remove.group = name;
    remove.member_id = member_id;
    const auto done = link_.ask<wire::DoneT>(std::move(remove));
    if (!done && done.error().code != ErrorCode::kUnknownMember) {
      return std::unexpected(done.error());
    }
  }
  return {};
}

}  // namespace muster::tools
