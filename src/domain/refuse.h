// The refusals that several decisions share, one a cause.
#pragma once

#include <expected>
#include <string_view>

#include "domain/errors.h"
#include "domain/message.h"
#include "domain/names.h"
#include "domain/state.h"

namespace muster::domain {

/// refuse(ErrorCode::kTopicExists, "Topic '", name, "' exists …")
template <typename... Pieces>
std::unexpected<Rejection> refuse(ErrorCode code, const Pieces&... pieces) {
  return std::unexpected(Rejection{.code = code, .message = sentence(pieces...)});
}

inline std::unexpected<Rejection> refuse_unknown_group(std::string_view group) {
  return refuse(ErrorCode::kUnknownResource, "There is no group '", quotable(group),
                "': it is created by its first join, or by an administrator's first commit or "
                "muster group configure.");
}

inline std::unexpected<Rejection> refuse_unknown_topic(std::string_view topic) {
  return refuse(ErrorCode::kUnknownResource, "There is no topic '", quotable(topic),
                "': create it with muster topic create.");
}

inline std::unexpected<Rejection> refuse_unknown_partition(const Topic& topic,
                                                           PartitionIndex partition) {
  return refuse(ErrorCode::kUnknownResource, "Topic '", topic.name, "' has no partition ",
                partition, ": its partitions are 0 to ", topic.partition_count - 1, ".");
}

inline std::unexpected<Rejection> refuse_unknown_member(std::string_view group,
                                                        std::string_view member_id) {
  return refuse(ErrorCode::kUnknownMember, "Group '", quotable(group), "' has no member '",
                quotable(member_id),
                "': it left or its session ended. Join again; what it held is lost.");
}

inline std::unexpected<Rejection> refuse_not_bound(std::string_view group,
                                                   std::string_view member_id) {
  return refuse(ErrorCode::kNotBound, "Member '", quotable(member_id), "' of group '",
                quotable(group), "' is not bound to this connection: resume it here first.");
}

/// For an incarnation whose end was final.
inline std::unexpected<Rejection> refuse_ended(TokenEnd how, std::string_view group,
                                               std::string_view member_id) {
  if (how == TokenEnd::kRemoved) {
    return refuse(ErrorCode::kMemberRemoved, "Member '", quotable(member_id), "' of group '",
                  quotable(group),
                  "' was removed by an operator: this process must not join again; a new one may.");
  }
  return refuse(ErrorCode::kFenced, "Member '", quotable(member_id), "' of group '",
                quotable(group),
                "' was replaced by a newer process of the same name: stop this one.");
}

}  // namespace muster::domain
