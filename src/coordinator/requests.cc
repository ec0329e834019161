#include "coordinator/requests.h"

#include <algorithm>
#include <utility>

namespace muster::coordinator {
namespace {

using domain::Command;

Command join(wire::JoinT& request, const Connection& connection) {
  return domain::JoinGroup{.group = std::move(request.group),
                           .member_id = std::move(request.member_id),
                           .incarnation = request.incarnation,
                           .resume = request.resume,
                           .takeover = request.takeover,
                           .named = request.named,
                           .client_id = connection.client_id,
                           .host = connection.peer,
                           .topics = std::move(request.topics),
                           .session_timeout_ms = request.session_timeout_ms,
                           .disconnect_grace_ms = request.disconnect_grace_ms,
                           .rebalance_timeout_ms = request.rebalance_timeout_ms,
                           .patterns = std::move(request.patterns),
                           .metadata = {request.metadata.begin(), request.metadata.end()},
                           .computes_plans = request.computes_plans,
                           .presence = {}};
}

Command release(wire::ReleaseT& request) {
  domain::ReleasePartitions command{.group = std::move(request.group),
                                    .member_id = std::move(request.member_id),
                                    .incarnation = request.incarnation,
                                    .items = {},
                                    .presence = {}};
  command.items.reserve(request.items.size());
  for (const auto& item : request.items) {
    command.items.push_back({.topic = std::move(item->topic),
                             .partition = item->partition,
                             .fence = item->fence,
                             .commits = item->commits,
                             .offset = item->offset,
                             .metadata = std::move(item->metadata)});
  }
  return command;
}

Command configure(wire::ConfigureGroupT& request) {
  domain::ConfigureGroup command{.group = std::move(request.group)};
  if (!request.strategy.empty()) command.strategy = std::move(request.strategy);
  if (request.max_members >= 0) {
    command.max_members = static_cast<std::uint32_t>(request.max_members);
  }
  if (request.offset_retention_ms >= 0) {
    command.offset_retention_ms = static_cast<std::uint64_t>(request.offset_retention_ms);
  }
  return command;
}

Command delete_offsets(wire::DeleteOffsetsT& request) {
  domain::DeleteOffsets command{.group = std::move(request.group),
                                .topic = std::move(request.topic)};
  if (request.partition != -1) command.partition = request.partition;
  return command;
}

Command reset_offsets(wire::ResetOffsetsT& request) {
  domain::ResetOffsets command{.group = std::move(request.group),
                               .items = {},
                               .live = request.live,
                               .undoes = request.undoes};
  for (const auto& topic : request.topics) {
    for (const auto& one : topic->offsets) {
      command.items.push_back({.topic = topic->topic,
                               .partition = one->partition,
                               .offset = one->offset,
                               .metadata = std::move(one->metadata)});
    }
  }
  return command;
}

Command submit_plan(wire::SubmitPlanT& request) {
  domain::SubmitPlan command{.group = std::move(request.group),
                             .member_id = std::move(request.member_id),
                             .incarnation = request.incarnation,
                             .membership = request.membership,
                             .members = std::move(request.members),
                             .topics = {},
                             .presence = {}};
  command.topics.reserve(request.topics.size());
  for (const auto& topic : request.topics) {
    domain::PlannedOwners& planned = command.topics.emplace_back();
    planned.topic = std::move(topic->topic);
    planned.owners.reserve(topic->owners.size());
    for (const wire::PlannedOwner& owner : topic->owners) {
      planned.owners.push_back({.partition = owner.partition(), .member = owner.member()});
    }
  }
  return command;
}

bool is_operators(const Command& command) {
  if (const auto* commit = std::get_if<domain::CommitOffsets>(&command)) {
    return std::ranges::any_of(commit->items, [](const auto& item) { return item.fence == 0; });
  }
  return std::holds_alternative<domain::CreateTopic>(command) ||
         std::holds_alternative<domain::ExpandTopic>(command) ||
         std::holds_alternative<domain::DeleteTopic>(command) ||
         std::holds_alternative<domain::DeleteGroup>(command) ||
         std::holds_alternative<domain::RemoveMember>(command) ||
         std::holds_alternative<domain::ConfigureGroup>(command) ||
         std::holds_alternative<domain::FreezeGroup>(command) ||
         std::holds_alternative<domain::DrainMember>(command) ||
         std::holds_alternative<domain::PinPartition>(command) ||
         std::holds_alternative<domain::DeleteOffsets>(command) ||
         std::holds_alternative<domain::ResetOffsets>(command);
}

std::size_t offsets_in(const wire::Commit& request) {
  std::size_t count = request.items()->size();
  if (request.topics() == nullptr) return count;
  for (const wire::TopicOffsets* topic : *request.topics()) count += topic->offsets()->size();
  return count;
}

}  // namespace

domain::Command command_of(const wire::Commit& request) {
  domain::CommitOffsets command{.group = request.group()->str(), .items = {}};
  command.items.reserve(offsets_in(request));
  for (const wire::CommitItem* item : *request.items()) {
    domain::CommitItem& one = command.items.emplace_back();
    one.topic = item->topic()->string_view();
    one.partition = item->partition();
    one.offset = item->offset();
    one.fence = item->fence();
    if (item->metadata() != nullptr) one.metadata = item->metadata()->str();
    one.end = item->end();
    one.start = item->start();
    one.expected = item->expected();
  }
  if (request.topics() == nullptr) return command;
  for (const wire::TopicOffsets* topic : *request.topics()) {
    const std::string_view name = topic->topic()->string_view();
    for (const wire::PlainOffset* offset : *topic->offsets()) {
      domain::CommitItem& one = command.items.emplace_back();
      one.topic = name;
      one.partition = offset->partition();
      one.offset = offset->offset();
      one.fence = offset->fence();
      one.end = offset->end();
    }
  }
  return command;
}

std::optional<Command> command_of(wire::RequestBodyUnion& body, const Connection& connection) {
  switch (body.type) {
    case wire::RequestBody::CreateTopic:
      return domain::CreateTopic{.name = body.AsCreateTopic()->name,
                                 .partition_count = body.AsCreateTopic()->partitions};
    case wire::RequestBody::ExpandTopic:
      return domain::ExpandTopic{.name = body.AsExpandTopic()->name,
                                 .partition_count = body.AsExpandTopic()->partitions};
    case wire::RequestBody::DeleteTopic:
      return domain::DeleteTopic{.name = body.AsDeleteTopic()->name};
    case wire::RequestBody::Join:
      return join(*body.AsJoin(), connection);
    case wire::RequestBody::Leave:
      return domain::LeaveGroup{.group = body.AsLeave()->group,
                                .member_id = body.AsLeave()->member_id,
                                .incarnation = body.AsLeave()->incarnation,
                                .presence = {}};
    case wire::RequestBody::Release:
      return release(*body.AsRelease());
    case wire::RequestBody::DeleteGroup:
      return domain::DeleteGroup{.group = body.AsDeleteGroup()->group};
    case wire::RequestBody::RemoveMember:
      return domain::RemoveMember{.group = body.AsRemoveMember()->group,
                                  .member_id = body.AsRemoveMember()->member_id};
    case wire::RequestBody::ConfigureGroup:
      return configure(*body.AsConfigureGroup());
    case wire::RequestBody::FreezeGroup:
      return domain::FreezeGroup{.group = body.AsFreezeGroup()->group,
                                 .frozen = body.AsFreezeGroup()->frozen};
    case wire::RequestBody::DrainMember:
      return domain::DrainMember{.group = body.AsDrainMember()->group,
                                 .member_id = body.AsDrainMember()->member_id,
                                 .draining = body.AsDrainMember()->draining};
    case wire::RequestBody::PinPartition:
      return domain::PinPartition{.group = body.AsPinPartition()->group,
                                  .topic = body.AsPinPartition()->topic,
                                  .partition = body.AsPinPartition()->partition,
                                  .member_id = body.AsPinPartition()->member_id};
    case wire::RequestBody::DeleteOffsets:
      return delete_offsets(*body.AsDeleteOffsets());
    case wire::RequestBody::ResetOffsets:
      return reset_offsets(*body.AsResetOffsets());
    case wire::RequestBody::SubmitPlan:
      return submit_plan(*body.AsSubmitPlan());
    default:
      return std::nullopt;
  }
}

domain::Cause cause_of(const Command& command, const Connection& connection) {
  return {.kind = is_operators(command) ? domain::CauseKind::kOperator : domain::CauseKind::kClient,
          .who = connection.client_id,
          .from = connection.peer};
}

}  // namespace muster::coordinator
