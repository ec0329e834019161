#include "coordinator/plan_wanted.h"

#include <absl/container/flat_hash_map.h>

#include <utility>

#include "domain/plan_input.h"

namespace muster::coordinator {
namespace {

constexpr std::size_t kEntryFixedBytes = 64;  // tables, offsets and padding around a name

/// Cuts the push into pages as it grows.
class Pages {
 public:
  Pages(wire::PlanWantedT head, std::size_t bytes_a_page)
      : head_(std::move(head)), page_(head_), bytes_a_page_(bytes_a_page) {}

  /// Makes sure that so many bytes more fit the page that is returned.
  wire::PlanWantedT& page(std::size_t bytes) {
    if (bytes_ != 0 && bytes_ + bytes > bytes_a_page_) {
      page_.more = true;
      done_.push_back(std::exchange(page_, wire::PlanWantedT(head_)));
      bytes_ = 0;
    }
    bytes_ += bytes;
    return page_;
  }

  std::vector<wire::PlanWantedT> take() {
    done_.push_back(std::move(page_));
    return std::move(done_);
  }

 private:
  wire::PlanWantedT head_;
  wire::PlanWantedT page_;
  std::vector<wire::PlanWantedT> done_;
  std::size_t bytes_a_page_;
  std::size_t bytes_ = 0;
};

/// Numbers of the members that may be given something; -1 for those that drain.
std::vector<std::int32_t> number_members(const domain::Group& group,
                                         const domain::PlanInput& plan) {
  std::vector<std::int32_t> numbers;
  std::int32_t next = 0;
  for (const SeatId seat : plan.seats) {
    const bool drains = group.draining.contains(group.member(seat)->member_id);
    numbers.push_back(drains ? -1 : next++);
  }
  return numbers;
}

void add_topics(Pages& pages, const domain::State& state, const domain::AssignmentInput& input,
                const std::vector<std::int32_t>& numbers) {
  for (const domain::AssignmentInput::Topic& topic : input.topics) {
    auto entry = std::make_unique<wire::PlanTopicT>();
    entry->topic = state.topic(topic.id)->name;
    entry->partitions = topic.partition_count;
    entry->current.assign(static_cast<std::size_t>(topic.partition_count), -1);
    for (std::size_t i = 0; i < topic.current.size(); ++i) {
      const domain::MemberIndex member = topic.current[i];
      if (member != domain::kUnassigned) entry->current[i] = numbers[member];
    }
    const std::size_t bytes =
        entry->topic.size() + sizeof(std::int32_t) * entry->current.size() + kEntryFixedBytes;
    pages.page(bytes).topics.push_back(std::move(entry));
  }
}

using SubscriptionNumbers = absl::flat_hash_map<const void*, std::uint32_t>;

SubscriptionNumbers add_subscriptions(Pages& pages, const domain::State& state,
                                      const domain::Group& group,
                                      const domain::AssignmentInput& input) {
  absl::flat_hash_map<TopicId, std::uint32_t> topics;  // looked up, never iterated
  for (const auto& topic : input.topics) {
    topics[topic.id] = static_cast<std::uint32_t>(topics.size());
  }
  SubscriptionNumbers numbers;
  for (const auto& [subscription, members] : group.subscribers) {
    numbers[subscription.identity()] = static_cast<std::uint32_t>(numbers.size());
    auto entry = std::make_unique<wire::PlanSubscriptionT>();
    for (const TopicId topic : domain::topics_of(state, group, subscription)) {
      entry->topics.push_back(topics.at(topic));
    }
    const std::size_t bytes = sizeof(std::uint32_t) * entry->topics.size() + kEntryFixedBytes;
    pages.page(bytes).subscriptions.push_back(std::move(entry));
  }
  return numbers;
}

}  // namespace

std::vector<wire::PlanWantedT> plan_wanted(const domain::State& state, const domain::Group& group,
                                           std::uint32_t timeout_ms, std::size_t max_frame_bytes) {
  const domain::PlanInput plan = domain::plan_input(state, group);
  const domain::Member& leader = *group.member(group.request->leader);
  wire::PlanWantedT head;
  head.group = group.name;
  head.member_id = leader.member_id;
  head.incarnation = leader.incarnation;
  head.membership = group.request->sequence;
  head.timeout_ms = timeout_ms;

  Pages pages(std::move(head), max_frame_bytes / 2);
  const std::vector<std::int32_t> numbers = number_members(group, plan);
  add_topics(pages, state, plan.input, numbers);
  const SubscriptionNumbers subscriptions = add_subscriptions(pages, state, group, plan.input);
  for (std::size_t i = 0; i < plan.seats.size(); ++i) {
    if (numbers[i] < 0) continue;
    const domain::Member& member = *group.member(plan.seats[i]);
    auto entry = std::make_unique<wire::PlanMemberT>();
    entry->member_id = member.member_id;
    entry->subscription = subscriptions.at(member.settings.subscription.identity());
    entry->metadata = {member.settings.metadata.begin(), member.settings.metadata.end()};
    const std::size_t bytes = entry->member_id.size() + entry->metadata.size() + kEntryFixedBytes;
    pages.page(bytes).members.push_back(std::move(entry));
  }
  return pages.take();
}

}  // namespace muster::coordinator
