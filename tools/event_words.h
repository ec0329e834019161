// Parts of what is said of an event: lists, cut where they get long.
#pragma once

#include <string>
#include <vector>

#include "tools/event_view.h"

namespace muster::tools {

/// "outbox/0, outbox/3 and 28 more".
class PartitionWords {
 public:
  explicit PartitionWords(const TopicNames& names) : names_(names) {}

  void add(TopicId topic, PartitionIndex partition, const std::string& suffix = {});
  void add(const std::vector<domain::PartitionList>& lists);
  std::string text() const;

 private:
  const TopicNames& names_;
  std::string text_;
  std::size_t count_ = 0;
};

/// "pod-0: outbox/0, outbox/3; pod-1: outbox/1".
std::string by_member(const std::vector<domain::MemberPartitions>& members,
                      const TopicNames& names);

/// "orders, outbox and 28 more".
std::string topic_list(const std::vector<std::string>& words);

/// "outbox, orders, pattern out.*".
std::string subscription_text(const domain::Subscription& subscription);

/// "outbox/0 (token 6), outbox/3 (token 9)".
std::string tokens_text(const std::vector<domain::TokenRef>& tokens, const TopicNames& names);

/// "outbox/0 from 41 to 7"; "nothing" where nothing is committed. `former`: as `offsets`, or empty.
std::string changes_text(const std::vector<domain::OffsetValue>& offsets,
                         const std::vector<domain::OffsetValue>& former, const TopicNames& names);

/// "outbox/0 at 41, outbox/3 at 7".
std::string event_offsets_text(const std::vector<domain::OffsetValue>& offsets,
                               const TopicNames& names);

std::size_t partition_count(const std::vector<domain::PartitionList>& lists);
std::size_t partition_count(const std::vector<domain::MemberPartitions>& members);

}  // namespace muster::tools
