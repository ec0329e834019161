#include "coordinator/plan_wanted.h"

#include <absl/container/flat_hash_map.h>

#include <algorithm>
#include <span>
#include <utility>

#include "domain/assert.h"
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

  /// How many elements of this size an entry may have besides its name.
  std::size_t elements_an_entry(std::size_t name_bytes, std::size_t element_bytes) const {
    const std::size_t fixed = name_bytes + kEntryFixedBytes;
    return fixed < bytes_a_page_ ? std::max<std::size_t>((bytes_a_page_ - fixed) / element_bytes, 1)
                                 : 1;
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

/// Calls `use` with the numbers, so many at a time; once if there are none.
template <typename Number, typename Use>
void in_pieces(const std::vector<Number>& numbers, std::size_t most, Use use) {
  std::span<const Number> rest(numbers);
  do {
    const auto piece = rest.first(std::min(rest.size(), most));
    use(piece);
    rest = rest.subspan(piece.size());
  } while (!rest.empty());
}

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
    std::vector<std::int32_t> current(static_cast<std::size_t>(topic.partition_count), -1);
    for (std::size_t i = 0; i < topic.current.size(); ++i) {
      const domain::MemberIndex member = topic.current[i];
      if (member != domain::kUnassigned) current[i] = numbers[member];
    }
    const std::string& name = state.topic(topic.id)->name;
    in_pieces(current, pages.elements_an_entry(name.size(), sizeof(current[0])), [&](auto piece) {
      auto entry = std::make_unique<wire::PlanTopicT>();
      entry->topic = name;
      entry->partitions = topic.partition_count;
      entry->current.assign(piece.begin(), piece.end());
      entry->continued = piece.data() != current.data();
      pages.page(name.size() + piece.size_bytes() + kEntryFixedBytes)
          .topics.push_back(std::move(entry));
    });
  }
}

void add_pins(Pages& pages, const domain::AssignmentInput& input,
              const std::vector<std::int32_t>& numbers) {
  for (std::size_t i = 0; i < input.topics.size(); ++i) {
    for (const domain::AssignmentInput::Pin& pin : input.topics[i].pins) {
      auto entry = std::make_unique<wire::PlanPinT>();
      entry->topic = static_cast<std::uint32_t>(i);
      entry->partition = pin.partition;
      entry->member = pin.member == domain::kUnassigned ? -1 : numbers[pin.member];
      pages.page(kEntryFixedBytes).pins.push_back(std::move(entry));
    }
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
    std::vector<std::uint32_t> listed;
    for (const TopicId topic : domain::topics_of(state, group, subscription)) {
      listed.push_back(topics.at(topic));
    }
    in_pieces(listed, pages.elements_an_entry(0, sizeof(listed[0])), [&](auto piece) {
      auto entry = std::make_unique<wire::PlanSubscriptionT>();
      entry->topics.assign(piece.begin(), piece.end());
      entry->continued = piece.data() != listed.data();
      pages.page(piece.size_bytes() + kEntryFixedBytes).subscriptions.push_back(std::move(entry));
    });
  }
  return numbers;
}

}  // namespace

std::vector<wire::PlanWantedT> plan_wanted(const domain::State& state, const domain::Group& group,
                                           std::uint32_t timeout_ms, std::size_t bytes_a_page) {
  MUSTER_ASSERT(group.request.has_value());
  const domain::PlanInput plan = domain::plan_input(state, group);
  const domain::Member& leader = *group.member(group.request->leader);
  wire::PlanWantedT head;
  head.group = group.name;
  head.member_id = leader.member_id;
  head.incarnation = leader.incarnation;
  head.membership = group.request->sequence;
  head.timeout_ms = timeout_ms;

  Pages pages(std::move(head), bytes_a_page);
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
  add_pins(pages, plan.input, numbers);
  return pages.take();
}

}  // namespace muster::coordinator
