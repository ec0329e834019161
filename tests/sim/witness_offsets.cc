// Offsets that are rewound, reset, deleted and expired, as the coordinator says and does it.

#include <algorithm>

#include "tests/sim/witness.h"

namespace muster::sim {

/// Neither a start nor a jump of the wall clock is a reason to forget: the coordinator has seen the
/// group empty for the retention itself. Which one that is may not be durable yet; the shortest is
/// a second.
void Witness::check_retention(const domain::OffsetsExpired& event) {
  constexpr std::uint64_t kShortest_ms = 1'000;
  const auto left = left_ms_.find(event.group);
  const std::uint64_t since_ms = std::max(started_ms_, left == left_ms_.end() ? 0 : left->second);
  const std::uint64_t seen_ms = awake_ms() - since_ms;
  verdict_.require(seen_ms + 1 >= kShortest_ms, "patient-coordinator", "Offsets of group ",
                   event.group, " expire ", seen_ms, " ms after a start or a member.");
}

void Witness::note_asked_back(const std::string& name,
                              const std::vector<domain::MemberPartitions>& revoking) {
  const GroupFacts* group = model_.group_now(name);
  if (group == nullptr) return;
  for (const domain::MemberPartitions& member : revoking) {
    for (const domain::PartitionList& list : member.topics) {
      for (const PartitionIndex index : list.partitions) {
        const TopicPartition at{list.topic, index};
        const FencingToken token = group->partition(at).ownership.now().token;
        asked_back_ms_[{token, at}] = awake_ms();
      }
    }
  }
}

void Witness::note_offsets(const domain::EventBody& body) {
  if (const auto* begun = std::get_if<domain::OffsetsResetBegun>(&body)) {
    return note_asked_back(begun->group, begun->revoking);
  }
  if (const auto* reset = std::get_if<domain::OffsetsReset>(&body)) {
    const bool owners = !reset->offsets.empty() && reset->offsets.front().fence != 0;
    if (owners) coverage_.fault(Fault::kOwnerRewinds);
    return;
  }
  const GroupFacts* group = model_.group_now(std::string(domain::event_group(body)));
  if (group == nullptr || group->reset.now().begun == 0) return;
  if (std::holds_alternative<domain::PartitionsFenced>(body)) {
    coverage_.fault(Fault::kResetFenced);
  } else if (std::holds_alternative<domain::MemberLeft>(body) ||
             std::holds_alternative<domain::MemberExpired>(body)) {
    coverage_.fault(Fault::kResetOwnerGone);
  }
}

/// What was asked for is so at that sequence, or (a live reset) is on its way.
void Witness::check(const wire::OffsetsChangedReply& reply, const wire::Request& request,
                    Sequence at) {
  verdict_.require(reply.sequence() <= at && (reply.changed() == 0) == (reply.sequence() == 0),
                   "durable-before-visible", "A change of offsets by event ", reply.sequence(),
                   " is told at ", at, ".");
  if (const wire::DeleteOffsets* erase = request.body_as_DeleteOffsets()) {
    const GroupFacts* group = model_.group_at(erase->group()->str(), at);
    const TopicFacts* topic = model_.topic_at(erase->topic()->str(), at);
    bool gone = group != nullptr && topic != nullptr;
    for (PartitionIndex index = 0; gone && index < topic->partitions.at(at); ++index) {
      if (erase->partition() != -1 && erase->partition() != index) continue;
      gone = group->partition({topic->id, index}).commits.at(at).offset < 0;
    }
    return verdict_.require(gone, "no-loss", "Offsets of ", erase->topic()->str(), " in group ",
                            erase->group()->str(), " are said to be deleted at ", at, ".");
  }
  const wire::ResetOffsets* reset = request.body_as_ResetOffsets();
  const GroupFacts* group = model_.group_at(reset->group()->str(), at);
  bool done = group != nullptr || reply.changed() == 0;
  if (group != nullptr && reply.pending()) done = group->reset.at(at).begun == reply.sequence();
  for (const wire::ResetTopic* topic : *reset->topics()) {
    if (group == nullptr) break;
    const TopicFacts* facts = model_.topic_at(topic->topic()->str(), at);
    for (const wire::ResetOffset* wanted : *topic->offsets()) {
      const TopicPartition where{facts == nullptr ? 0 : facts->id, wanted->partition()};
      const std::string metadata = wanted->metadata() == nullptr ? "" : wanted->metadata()->str();
      const Resetting& pending = group->reset.at(at);
      const auto waiting = pending.wanted.find(where);
      const Committed now = !reply.pending() ? group->partition(where).commits.at(at)
                            : waiting == pending.wanted.end() ? Committed{.offset = -2}
                                                              : waiting->second;
      done &= facts != nullptr && now.offset == wanted->offset() && now.metadata == metadata;
    }
  }
  verdict_.require(done, "no-loss", "Offsets of group ", reset->group()->str(),
                   " are said to be reset at ", at, ", which they are not.");
}

/// Whether a compare-and-set of it compares with what is not committed.
bool Witness::conflicts(const wire::Commit& commit, Sequence at) const {
  const GroupFacts* group = model_.group_at(commit.group()->str(), at);
  return std::ranges::any_of(*commit.items(), [&](const wire::CommitItem* item) {
    if (!item->expected()) return false;
    const PartitionFacts* facts =
        group == nullptr ? nullptr
                         : partition_at(*group, item->topic()->str(), item->partition(), at);
    const std::int64_t committed = facts == nullptr ? -1 : facts->commits.at(at).offset;
    return committed != *item->expected();
  });
}

}  // namespace muster::sim
