#include "tools/event_words.h"

#include <fmt/format.h>

namespace muster::tools {
namespace {

constexpr std::size_t kShownWords = 12;

}  // namespace

void PartitionWords::add(TopicId topic, PartitionIndex partition, const std::string& suffix) {
  if (++count_ > kShownWords) return;
  if (!text_.empty()) text_ += ", ";
  text_ += fmt::format("{}/{}{}", names_.of(topic), partition, suffix);
}

void PartitionWords::add(const std::vector<domain::PartitionList>& lists) {
  for (const domain::PartitionList& list : lists) {
    for (const PartitionIndex partition : list.partitions) add(list.topic, partition);
  }
}

std::string PartitionWords::text() const {
  if (count_ <= kShownWords) return text_.empty() ? "nothing" : text_;
  return fmt::format("{} and {} more", text_, count_ - kShownWords);
}

std::string by_member(const std::vector<domain::MemberPartitions>& members,
                      const TopicNames& names) {
  std::vector<std::string> each;
  for (const domain::MemberPartitions& member : members) {
    if (each.size() == kShownWords) break;
    PartitionWords words(names);
    words.add(member.topics);
    each.push_back(fmt::format("{}: {}", member.member_id, words.text()));
  }
  std::string text = fmt::format("{}", fmt::join(each, "; "));
  if (members.size() > each.size()) {
    text += fmt::format("; and {} more", counted(members.size() - each.size(), "member"));
  }
  return text;
}

std::string topic_list(const std::vector<std::string>& words) {
  if (words.size() <= kShownWords) return fmt::format("{}", fmt::join(words, ", "));
  const auto shown = words.begin() + kShownWords;
  return fmt::format("{} and {} more", fmt::join(words.begin(), shown, ", "),
                     words.size() - kShownWords);
}

std::string subscription_text(const domain::Subscription& subscription) {
  std::string text = topic_list(subscription.topics());
  for (const std::string& pattern : subscription.patterns()) {
    text += fmt::format("{}pattern {}", text.empty() ? "" : ", ", pattern);
  }
  return text.empty() ? "nothing" : text;
}

std::string tokens_text(const std::vector<domain::TokenRef>& tokens, const TopicNames& names) {
  PartitionWords words(names);
  for (const domain::TokenRef& token : tokens) {
    words.add(token.at.topic, token.at.partition, fmt::format(" (token {})", token.fence));
  }
  return words.text();
}

std::string event_offsets_text(const std::vector<domain::OffsetValue>& offsets,
                               const TopicNames& names) {
  PartitionWords words(names);
  for (const domain::OffsetValue& value : offsets) {
    words.add(value.at.topic, value.at.partition, fmt::format(" at {}", value.offset));
  }
  return words.text();
}

std::string changes_text(const std::vector<domain::OffsetValue>& offsets,
                         const std::vector<domain::OffsetValue>& former, const TopicNames& names) {
  const auto text = [](std::int64_t offset) {
    return offset < 0 ? std::string("nothing") : std::to_string(offset);
  };
  PartitionWords words(names);
  for (std::size_t i = 0; i < offsets.size(); ++i) {
    const std::string from =
        i < former.size() ? fmt::format(" from {}", text(former[i].offset)) : std::string();
    words.add(offsets[i].at.topic, offsets[i].at.partition,
              fmt::format("{} to {}", from, text(offsets[i].offset)));
  }
  return words.text();
}

std::size_t partition_count(const std::vector<domain::PartitionList>& lists) {
  std::size_t count = 0;
  for (const domain::PartitionList& list : lists) count += list.partitions.size();
  return count;
}

std::size_t partition_count(const std::vector<domain::MemberPartitions>& members) {
  std::size_t count = 0;
  for (const domain::MemberPartitions& member : members) count += partition_count(member.topics);
  return count;
}

}  // namespace muster::tools
