// What is still known of a partition whose first events were trimmed: how it is now, and for what
// it was last granted. The server answers that, or the folded journal.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "codec/wire.h"
#include "domain/ids.h"
#include "muster/error.hpp"
#include "tools/arguments.h"
#include "tools/group_questions.h"

namespace muster::tools {

struct Memory {
  Sequence first_sequence = 1;              // of the oldest event left
  std::unique_ptr<wire::TopicInfoT> topic;  // null: there is none of that name
  std::optional<wire::GroupReplyT> group;   // nothing: there is none of that name
  std::vector<std::unique_ptr<wire::MemberInfoT>> members;
  std::unique_ptr<wire::PartitionInfoT> partition;  // null: the group knows nothing of it
};

/// What `source` answers; a group or topic that is unknown to it is no error.
template <typename Source>
class Recollection {
 public:
  Recollection(Source& source, std::string group, PartitionArgument at)
      : source_(source), group_(std::move(group)), at_(std::move(at)) {}

  std::expected<Memory, Error> gather(Sequence first_sequence) {
    memory_.first_sequence = first_sequence;
    auto wrong = recall_topic();
    if (!wrong) wrong = recall_group();
    if (!wrong && memory_.group) wrong = recall_members();
    if (!wrong && memory_.group) wrong = recall_partition();
    if (wrong) return std::unexpected(std::move(*wrong));
    return std::move(memory_);
  }

 private:
  using Wrong = std::optional<Error>;

  static Wrong unless_unknown(Error error) {
    if (error.code == ErrorCode::kUnknownResource) return std::nullopt;
    return error;
  }
  Wrong recall_topic() {
    wire::DescribeTopicT request;
    request.name = at_.topic;
    auto reply = source_.template ask<wire::TopicReplyT>(std::move(request));
    if (!reply) return unless_unknown(std::move(reply.error()));
    memory_.topic = std::move(reply->topic);
    return std::nullopt;
  }
  Wrong recall_group() {
    auto reply = ask_group(source_, group_);
    if (!reply) return unless_unknown(std::move(reply.error()));
    memory_.group.emplace(std::move(*reply));
    return std::nullopt;
  }
  Wrong recall_members() {
    wire::ListMembersT request;
    request.group = group_;
    for (bool more = true; more;) {
      auto page = source_.template ask<wire::MembersReplyT>(request);
      if (!page) return unless_unknown(std::move(page.error()));
      for (auto& member : page->members) memory_.members.push_back(std::move(member));
      more = page->more && !page->members.empty();
      if (more) request.after = memory_.members.back()->member_id;
    }
    return std::nullopt;
  }
  Wrong recall_partition() {
    auto reply = ask_partition(source_, group_, at_);
    if (!reply) return unless_unknown(std::move(reply.error()));
    memory_.partition = std::move(*reply);
    return std::nullopt;
  }

  Source& source_;
  std::string group_;
  PartitionArgument at_;
  Memory memory_;
};

}  // namespace muster::tools
