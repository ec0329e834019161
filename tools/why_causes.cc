#include "tools/why_causes.h"

#include <fmt/format.h>

#include <algorithm>

#include "tools/output.h"
#include "tools/why_words.h"

namespace muster::tools {
namespace {

/// What happened while the plan was being made is no cause of it.
bool came_later(Sequence sequence, const domain::PlanMade& plan) {
  return plan.membership != 0 && sequence > plan.membership;
}

}  // namespace

PlanCauses::Change& PlanCauses::add(const domain::Event& event, std::string subject,
                                    std::string predicate) {
  Change& change = changes_.emplace_back();
  change.sequence = sequence_;
  change.subject = std::move(subject);
  change.predicate = std::move(predicate);
  change.time_ms = event.time_ms;
  return change;
}

PlanCauses::Change& PlanCauses::add_urgent(Sequence sequence, const domain::Event& event,
                                           const char* kind, std::string subject,
                                           std::string predicate, std::string line_predicate) {
  urgent_ = true;
  const std::string& said = line_predicate.empty() ? predicate : line_predicate;
  Line line{
      .sequence = sequence, .time_ms = event.time_ms, .kind = kind, .what = subject + " " + said};
  Change& change = add(event, std::move(subject), std::move(predicate));
  change.line = std::move(line);
  return change;
}

void PlanCauses::add_topic(const domain::Event& event, TopicId topic, const std::string& name,
                           std::string predicate) {
  add(event, "topic " + name, std::move(predicate)).topic = topic;
}

void PlanCauses::mark(const domain::Event& event, std::string until_then) {
  marks_.push_back({.until_then = std::move(until_then), .time_ms = event.time_ms});
}

std::string PlanCauses::spent_on(bool urgent) const {
  if (!leader_.empty()) return fmt::format("waiting for the plan of leader {}", leader_);
  return urgent ? "planning" : "gathering changes";
}

void PlanCauses::take_member(Sequence sequence, const domain::Event& event,
                             const GroupFacts& facts) {
  const auto before = [&](SeatId seat) {
    const GroupFacts::Member* member = facts.member(seat);
    return member != nullptr && member->known ? std::vector{member->subscription}
                                              : std::vector<domain::Subscription>();
  };
  const auto resubscribed = [&](SeatId seat, const std::string& member_id,
                                const domain::Subscription& after, const char* predicate) {
    auto subscriptions = before(seat);
    if (!subscriptions.empty()) subscriptions.push_back(after);
    add(event, member_id, predicate).subscriptions = std::move(subscriptions);
  };
  if (const auto* joined = std::get_if<domain::MemberJoined>(&event.body)) {
    add(event, joined->member_id, "joined").subscriptions = {joined->settings.subscription};
  } else if (const auto* subscribed = std::get_if<domain::MemberSubscribed>(&event.body)) {
    resubscribed(subscribed->seat, subscribed->member_id, subscribed->subscription,
                 "changed subscription");
  } else if (const auto* replaced = std::get_if<domain::MemberReplaced>(&event.body)) {
    const auto former = before(replaced->seat);
    const domain::Subscription& after = replaced->settings.subscription;
    if (former.empty() || former.front() != after) {
      resubscribed(replaced->seat, replaced->member_id, after,
                   "came back with another subscription");
    }
  } else if (const auto* left = std::get_if<domain::MemberLeft>(&event.body)) {
    const std::string how = left->removed ? "was removed by " + who_text(event.cause) : "left";
    add_urgent(sequence, event, left->removed ? "removed" : "left", left->member_id, how)
        .subscriptions = before(left->seat);
  } else if (const auto* expired = std::get_if<domain::MemberExpired>(&event.body)) {
    const auto* member = facts.member(expired->seat);
    if (member == nullptr) return;
    add_urgent(
        sequence, event, "expired", expired->member_id, "expired",
        expiry_text(expired->reason, member->session_timeout_ms, member->disconnect_grace_ms))
        .subscriptions = before(expired->seat);
  }
}

/// A topic that is created in the same unit; what a new pattern matches is told with its member.
void PlanCauses::take_match(const domain::Event& event, const TopicNames& names) {
  const auto* matched = std::get_if<domain::TopicsMatched>(&event.body);
  if (matched == nullptr || created_.id == 0 || event.time_ms != created_.time_ms) return;
  const bool counted = std::ranges::any_of(
      changes_, [&](const Change& change) { return change.topic == created_.id; });
  const bool matches = std::ranges::any_of(matched->matches, [&](const auto& one) {
    return std::ranges::binary_search(one.topics, created_.id);
  });
  if (matches && !counted) add_topic(event, created_.id, names.of(created_.id), "was created");
}

void PlanCauses::take_setting(Sequence sequence, const domain::Event& event,
                              const GroupFacts& facts, const TopicNames& names) {
  const std::string by = "by " + who_text(event.cause);
  if (const auto* configured = std::get_if<domain::GroupConfigured>(&event.body)) {
    if (configured->strategy == facts.strategy() || facts.empty()) return;
    const std::string from = facts.strategy().empty() ? "" : "from " + facts.strategy() + " ";
    add_urgent(sequence, event, "strategy", "the strategy",
               fmt::format("was {} {}to {} {}", from.empty() ? "set" : "switched", from,
                           configured->strategy, by));
  } else if (const auto* drained = std::get_if<domain::MemberDrained>(&event.body)) {
    if (facts.member(drained->member_id) == nullptr) return;
    const char* what = drained->draining ? "was told to drain " : "was told to drain no longer ";
    add_urgent(sequence, event, "drained", drained->member_id, what + by);
  } else if (const auto* pinned = std::get_if<domain::PartitionPinned>(&event.body)) {
    if (facts.empty()) return;
    const std::string at = fmt::format("{}/{}", names.of(pinned->at.topic), pinned->at.partition);
    add_urgent(sequence, event, "pinned", at,
               pinned->member_id.empty()
                   ? "was unpinned " + by
                   : fmt::format("was pinned to {} {}", pinned->member_id, by))
        .pinned = pinned->at;
  } else if (const auto* frozen = std::get_if<domain::GroupFrozen>(&event.body)) {
    mark(event, frozen->frozen ? spent_on(urgent_) : "while the group was frozen");
    if (frozen->frozen) leader_.clear();  // what it was asked for is void
    if (!frozen->frozen && any()) urgent_ = true;
  } else if (const auto* asked = std::get_if<domain::PlanRequested>(&event.body)) {
    mark(event, spent_on(urgent_));
    leader_ = asked->member_id;
    asked_ = {.sequence = sequence,
              .time_ms = event.time_ms,
              .kind = "leader_asked",
              .what = fmt::format("leader {} was asked for the plan", leader_)};
  }
}

void PlanCauses::take_topic(Sequence sequence, const domain::Event& event, const GroupFacts& facts,
                            const TopicNames& names) {
  if (facts.empty()) return;
  if (const auto* created = std::get_if<domain::TopicCreated>(&event.body)) {
    created_ = {.id = sequence, .time_ms = event.time_ms};
    if (facts.anyone_names(created->name)) add_topic(event, sequence, created->name, "was created");
  } else if (const auto* expanded = std::get_if<domain::TopicExpanded>(&event.body)) {
    add_topic(
        event, expanded->topic, names.of(expanded->topic),
        fmt::format("was expanded to {}",
                    counted(static_cast<std::uint64_t>(expanded->partition_count), "partition")));
  } else if (const auto* deleted = std::get_if<domain::TopicDeleted>(&event.body)) {
    add_topic(event, deleted->topic, deleted->name, "was deleted");
  }
}

void PlanCauses::take(Sequence sequence, const domain::Event& event, const GroupFacts& facts,
                      const TopicNames& names) {
  sequence_ = sequence;
  if (domain::event_group(event.body).empty()) return take_topic(sequence, event, facts, names);
  take_member(sequence, event, facts);
  take_match(event, names);
  take_setting(sequence, event, facts, names);
}

bool PlanCauses::planned_before(TopicId topic) const {
  return std::ranges::binary_search(planned_, topic);
}

bool PlanCauses::counts(const Change& change, const domain::PlanMade& plan) const {
  if (came_later(change.sequence, plan)) return false;
  return change.topic == 0 || planned_before(change.topic) ||
         std::ranges::binary_search(plan.planned, change.topic, {}, &domain::PlannedTopic::topic);
}

bool PlanCauses::any() const {
  return std::ranges::any_of(changes_, [this](const Change& change) {
    return change.topic == 0 || planned_before(change.topic);
  });
}

bool PlanCauses::concerns(const Change& change, const Concern& concern) {
  if (change.topic != 0) return change.topic == concern.at.topic;
  if (change.pinned) return *change.pinned == concern.at;
  return change.subscriptions.empty() ||
         std::ranges::any_of(change.subscriptions, [&](const domain::Subscription& subscription) {
           return concern.facts.subscribes(subscription, concern.topic_name);
         });
}

/// Members share several topics, so that a change of another topic may move this one's partitions,
/// and so may the pin of another partition.
PlanCauses::Chosen PlanCauses::chosen(const domain::PlanMade& plan, const Concern& concern) const {
  Chosen direct;
  Chosen other{.changes = {}, .concern = false};
  for (const Change& change : changes_) {
    if (!counts(change, plan)) continue;
    (concerns(change, concern) ? direct : other).changes.push_back(&change);
  }
  return direct.changes.empty() ? other : direct;
}

std::optional<std::int64_t> PlanCauses::first_ms(const domain::PlanMade& plan,
                                                 const Concern& concern) const {
  const Chosen told = chosen(plan, concern);
  return told.changes.empty() ? std::nullopt : std::optional(told.changes.front()->time_ms);
}

std::vector<PlanCauses::Line> PlanCauses::lines(const domain::PlanMade& plan,
                                                const Concern& concern) const {
  std::vector<Line> lines;
  for (const Change* change : chosen(plan, concern).changes) {
    if (change->line) lines.push_back(*change->line);
  }
  if (asked_) lines.push_back(*asked_);
  return lines;
}

bool PlanCauses::name(const std::string& at) const {
  return std::ranges::find(changes_, at, &Change::subject) != changes_.end();
}

std::string PlanCauses::text(const domain::PlanMade& plan, const Concern& concern) const {
  const Chosen told = chosen(plan, concern);
  if (told.changes.empty()) return {};
  std::vector<std::string> clauses;
  std::vector<std::string> subjects;  // of the clause that is being gathered
  std::string predicate;
  const auto close = [&] {
    if (!subjects.empty()) clauses.push_back(listed(subjects) + " " + predicate);
    subjects.clear();
  };
  for (const Change* change : told.changes) {
    if (change->predicate != predicate) close();
    predicate = change->predicate;
    if (std::ranges::find(subjects, change->subject) == subjects.end()) {
      subjects.push_back(change->subject);
    }
  }
  close();
  constexpr std::size_t kShownClauses = 5;
  const std::size_t hidden = clauses.size() - std::min(clauses.size(), kShownClauses);
  clauses.resize(clauses.size() - hidden);
  const bool pins = std::ranges::any_of(
      told.changes, [](const Change* change) { return change->pinned.has_value(); });
  std::string text = told.concern ? ""
                                  : fmt::format("for the balance with the group's other {}: ",
                                                pins ? "partitions" : "topics");
  text += fmt::format("{}", fmt::join(clauses, "; "));
  if (hidden > 0) text += fmt::format("; and {}", counted(hidden, "further change"));
  return text;
}

std::vector<PlanCauses::Mark> PlanCauses::marks(std::int64_t plan_ms) const {
  std::vector<Mark> all = marks_;
  all.push_back({.until_then = spent_on(urgent_), .time_ms = plan_ms});
  return all;
}

void PlanCauses::clear(const domain::PlanMade& plan) {
  planned_.clear();
  for (const domain::PlannedTopic& topic : plan.planned) planned_.push_back(topic.topic);
  std::erase_if(changes_, [&](const Change& change) { return !came_later(change.sequence, plan); });
  asked_.reset();
  marks_.clear();
  leader_.clear();
  urgent_ = urgent_ && plan.outdated;
}

}  // namespace muster::tools
