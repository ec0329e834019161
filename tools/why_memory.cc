// How a story begins whose first events were trimmed.
#include "tools/why_memory.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include "tools/output.h"
#include "tools/why.h"
#include "tools/why_words.h"

namespace muster::tools {
namespace {

bool matches(const std::string& pattern, const std::string& topic) {
  RE2::Options quiet;
  quiet.set_log_errors(false);
  const RE2 expression(pattern, quiet);
  return expression.ok() && RE2::FullMatch(topic, expression);
}

std::string ended_text(wire::TokenEnd how) {
  switch (how) {
    case wire::TokenEnd::released:
      return "its owner has released it since";
    case wire::TokenEnd::left:
      return "its owner has left since";
    case wire::TokenEnd::removed:
      return "its owner was removed since";
    case wire::TokenEnd::expired:
      return "its owner has expired since";
    case wire::TokenEnd::fenced:
      return "its owner did not release it in time, and was fenced since";
    case wire::TokenEnd::replaced:
      return "its owner was replaced by a new process since";
    default:
      return "the token has ended since";
  }
}

std::string because_text(const wire::GrantInfoT& grant) {
  if (grant.because.empty()) return {};
  std::string text = ", because " + grant.because;
  if (grant.because_sequence != 0) text += fmt::format(" (#{})", grant.because_sequence);
  if (grant.other_changes > 0) {
    text += fmt::format(" and {}", counted(grant.other_changes, "more change"));
  }
  return text;
}

}  // namespace

void Story::recall_members(const Memory& memory) {
  for (const auto& member : memory.members) {
    for (const std::string& pattern : member->patterns) {
      if (matches(pattern, topic_name_)) facts_.recall_match(pattern);
    }
    if (member->seat >= first_sequence_) continue;  // its own event tells it
    facts_.recall(member->seat,
                  {.member_id = member->member_id,
                   .subscription = domain::Subscription(member->topics, member->patterns),
                   .session_timeout_ms = member->session_timeout_ms,
                   .disconnect_grace_ms = member->disconnect_grace_ms,
                   .rebalance_timeout_ms = member->rebalance_timeout_ms});
  }
  for (const std::string& member_id : memory.group->draining) facts_.recall_draining(member_id);
}

void Story::recall(const Memory& memory) {
  first_sequence_ = memory.first_sequence;
  facts_.forget_strategy();
  const bool same_topic = memory.topic != nullptr && memory.topic->id < first_sequence_;
  if (same_topic) {
    topic_ = memory.topic->id;
    topic_ever_ = true;
    partition_count_ = most_partitions_ = memory.topic->partitions;
    born_ = false;
    topic_names_.know(topic_, topic_name_);
  }
  if (!memory.group) return;
  group_exists_ = group_ever_ = true;
  recall_members(memory);
  if (!same_topic || memory.partition == nullptr) return;
  const wire::PartitionInfoT& now = *memory.partition;
  present_ = {.frozen = memory.group->group->frozen,
              .revoking = now.revoking,
              .fence = now.fence,
              .committed = now.committed < 0 ? std::nullopt : std::optional(now.committed),
              .pinned_to = now.pinned_to};
  if (now.last_grant != nullptr && now.last_grant->sequence < first_sequence_) {
    recall_grant(now, *now.last_grant);
  }
}

void Story::recall_grant(const wire::PartitionInfoT& now, const wire::GrantInfoT& grant) {
  const bool current = grant.fence == now.fence;
  StoryEntry& entry = entries_.emplace_back();
  entry.sequence = grant.sequence;
  entry.time_ms = grant.time_ms;
  entry.kind = "granted";
  entry.trimmed = true;
  entry.fence = grant.fence;
  entry.what =
      fmt::format("granted {}under token {} (generation {}){}; the event was trimmed since",
                  current ? fmt::format("to {} ", now.owner) : "", grant.fence, grant.generation,
                  because_text(grant));
  if (!current) {
    entry.what += ", and " + ended_text(grant.ended);
    return;
  }
  entry.member_id = last_owner_ = now.owner;
  owner_ = facts_.seat_of(now.owner);
  target_ = facts_.seat_of(now.target);
  fence_ = grant.fence;
  since_sequence_ = grant.sequence;
  since_ms_ = grant.time_ms;
}

/// Seats that only trimmed events gave are named by those that are left.
void Story::introduce(const domain::EventBody& body) {
  const auto one = [this](SeatId seat, const std::string& member_id) {
    if (seat < first_sequence_) facts_.introduce(seat, member_id);
  };
  const auto all = [&](const std::vector<domain::MemberPartitions>& members) {
    for (const auto& member : members) one(member.seat, member.member_id);
  };
  std::visit(
      [&]<typename Body>(const Body& event) {
        if constexpr (std::is_same_v<Body, domain::PlanMade>) {
          all(event.targets);
          all(event.revoking);
        } else if constexpr (std::is_same_v<Body, domain::OffsetsResetBegun>) {
          all(event.revoking);
        } else if constexpr (std::is_same_v<Body, domain::PartitionsGranted>) {
          all(event.grants);
        } else if constexpr (requires { one(event.seat, event.member_id); }) {
          one(event.seat, event.member_id);
        }
      },
      body);
}

}  // namespace muster::tools
