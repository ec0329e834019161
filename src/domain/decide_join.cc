// Join, fresh or resumed (§4 rules 1 and 2). What it leads to:
//
//   nobody has the seat        fresh: MemberJoined          resume: UNKNOWN_MEMBER
//   this incarnation has it    no event (or MemberSubscribed when the topics differ; none: it
//                              stands by)
//   another incarnation has it fresh: MemberReplaced, if the old one can't be working any more or
//                              the operator says so, else MEMBER_ID_IN_USE; resume: FENCED
//   this incarnation ended     FENCED or MEMBER_REMOVED, for good
//
// The plan is not made here: joins gather (MakePlan).

#include <algorithm>

#include "domain/decide.h"
#include "domain/grants.h"
#include "domain/group_size.h"
#include "domain/names.h"
#include "domain/patterns.h"
#include "domain/refuse.h"

namespace muster::domain {
namespace {

MemberSettings settings_of(const JoinGroup& command, const Limits& limits) {
  MemberSettings settings{.client_id = command.client_id,
                          .host = command.host,
                          .subscription = Subscription(command.topics, command.patterns),
                          .metadata = command.metadata,
                          .computes_plans = command.computes_plans};
  const auto or_default = [](std::uint32_t asked, std::uint32_t otherwise) {
    return asked != 0 ? asked : otherwise;
  };
  settings.session_timeout_ms =
      or_default(command.session_timeout_ms, limits.session_timeout_ms_default);
  settings.disconnect_grace_ms = or_default(
      command.disconnect_grace_ms,
      command.named ? settings.session_timeout_ms
                    : std::min(limits.disconnect_grace_ms_default, settings.session_timeout_ms));
  settings.rebalance_timeout_ms =
      or_default(command.rebalance_timeout_ms,
                 std::max(limits.rebalance_timeout_ms_default, lease_ms(settings)));
  return settings;
}

std::optional<Rejection> refuse_names(const JoinGroup& command, const Limits& limits) {
  if (auto refused = refuse_name("group", command.group, limits)) return refused;
  if (auto refused = refuse_name("member", command.member_id, limits)) return refused;
  for (const std::string& topic : command.topics) {
    if (auto refused = refuse_name("topic", topic, limits)) return refused;
  }
  for (const std::string& pattern : command.patterns) {
    if (auto refused = refuse_pattern(pattern, limits)) return refused;
  }
  return std::nullopt;
}

std::optional<Rejection> refuse_timeout(const char* which, std::uint32_t asked, std::uint32_t least,
                                        std::uint32_t most) {
  if (asked >= least && asked <= most) return std::nullopt;
  return Rejection{.code = ErrorCode::kInvalidTimeout,
                   .message = sentence("A ", which, " of ", asked, " ms is outside ", least, " to ",
                                       most, " ms: choose one within.")};
}

std::optional<Rejection> refuse_timeouts(const MemberSettings& settings, const Limits& limits) {
  if (auto refused = refuse_timeout("session timeout", settings.session_timeout_ms,
                                    limits.session_timeout_ms_min, limits.session_timeout_ms_max)) {
    return refused;
  }
  if (auto refused =
          refuse_timeout("disconnect grace", settings.disconnect_grace_ms,
                         limits.disconnect_grace_ms_min, limits.session_timeout_ms_max)) {
    return refused;
  }
  // Less than the lease, and a member that was only cut off would be fenced while it waits.
  return refuse_timeout("rebalance timeout", settings.rebalance_timeout_ms, lease_ms(settings),
                        limits.rebalance_timeout_ms_max);
}

std::optional<Rejection> refuse_malformed(const JoinGroup& command, const Limits& limits) {
  if (command.incarnation == 0) {
    return Rejection{
        .code = ErrorCode::kMalformedRequest,
        .message = "The join has incarnation 0: draw a random number for the process."};
  }
  if (command.patterns.size() > limits.patterns_per_member_max) {
    return Rejection{
        .code = ErrorCode::kLimitReached,
        .message = sentence("The join has ", command.patterns.size(), " patterns: use at most ",
                            limits.patterns_per_member_max, ".")};
  }
  if (command.metadata.size() > limits.member_metadata_bytes_max) {
    return Rejection{.code = ErrorCode::kMetadataTooLarge,
                     .message = sentence("The join has ", command.metadata.size(),
                                         " bytes of metadata: use at most ",
                                         limits.member_metadata_bytes_max, ".")};
  }
  if (command.topics.size() > limits.topics_per_member_max) {
    return Rejection{
        .code = ErrorCode::kLimitReached,
        .message = sentence("The join names ", command.topics.size(), " topics: use at most ",
                            limits.topics_per_member_max, ".")};
  }
  return std::nullopt;
}

/// A list names topics that exist; one that the seat subscribes to already and that was deleted
/// later does not keep a member from coming back (docs/decisions/joins-name-existing-topics.md).
/// `member` may be null: nobody has the seat.
std::optional<Rejection> refuse_unknown_topics(const State& state, const Member* member,
                                               const MemberSettings& settings) {
  for (const std::string& name : settings.subscription.topics()) {
    if (state.topic(name) != nullptr) continue;
    const bool known_before =
        member != nullptr &&
        std::ranges::binary_search(member->settings.subscription.topics(), name);
    if (!known_before) return refuse_unknown_topic(name).error();
  }
  return std::nullopt;
}

Decided same_incarnation(const State& state, const Group& group, const Member& member,
                         const MemberSettings& settings) {
  if (auto refused = refuse_unknown_topics(state, &member, settings)) {
    return std::unexpected(*refused);
  }
  Decision decision;
  const MemberSettings& former = member.settings;
  const bool unchanged = former.subscription == settings.subscription &&
                         former.metadata == settings.metadata &&
                         former.computes_plans == settings.computes_plans;
  if (unchanged) return decision;
  decision.events.emplace_back(MemberSubscribed{.group = group.name,
                                                .seat = member.seat,
                                                .member_id = member.member_id,
                                                .subscription = settings.subscription,
                                                .metadata = settings.metadata,
                                                .computes_plans = settings.computes_plans});
  append_matches(state, &group, group.name, settings.subscription, decision.events);
  return decision;
}

/// Who has a seat may subscribe to nothing and stand by; who wants one has forgotten its topics.
std::optional<Rejection> refuse_no_topics(const MemberSettings& settings) {
  const Subscription& subscription = settings.subscription;
  if (!subscription.topics().empty() || !subscription.patterns().empty()) return std::nullopt;
  return Rejection{.code = ErrorCode::kMalformedRequest,
                   .message = "The join names no topic and no pattern: name at least one."};
}

Decided new_member(const State& state, const Group* group, const JoinGroup& command,
                   MemberSettings settings, const Limits& limits) {
  if (auto refused = refuse_no_topics(settings)) return std::unexpected(*refused);
  if (auto refused = refuse_unknown_topics(state, nullptr, settings)) {
    return std::unexpected(*refused);
  }
  if (group == nullptr && state.groups.size() >= limits.groups_max) {
    return refuse(ErrorCode::kLimitReached, "Group '", command.group,
                  "' would be one more than the ", limits.groups_max,
                  " groups allowed: delete one, or raise max-groups.");
  }
  if (group != nullptr && group->members.size() >= limits.members_per_group_max) {
    return refuse(ErrorCode::kLimitReached, "Group '", command.group, "' has ",
                  group->members.size(),
                  " members, the most allowed: stop one, or raise "
                  "max-members-per-group.");
  }
  if (group != nullptr && group->max_members != 0 && group->members.size() >= group->max_members) {
    return refuse(ErrorCode::kGroupFull, "Group '", command.group, "' is configured to at most ",
                  group->max_members,
                  " members and has them: stop one, or raise it with muster group configure "
                  "--max-members.");
  }

  Decision decision;
  const Subscription subscription = settings.subscription;
  decision.events.emplace_back(MemberJoined{.group = command.group,
                                            .member_id = command.member_id,
                                            .incarnation = command.incarnation,
                                            .settings = std::move(settings)});
  append_matches(state, group, command.group, subscription, decision.events);
  return decision;
}

Decided replace(const State& state, const Group& group, const Member& member,
                const JoinGroup& command, MemberSettings settings) {
  if (auto refused = refuse_no_topics(settings)) return std::unexpected(*refused);
  const Presence& presence = command.presence;
  if (!command.takeover && !presence.connection_ended && presence.lease_remaining_ms > 0) {
    return std::unexpected(Rejection{
        .code = ErrorCode::kMemberIdInUse,
        .message = sentence("Member '", command.member_id, "' of group '", command.group,
                            "' is another process, at ", member.settings.host,
                            ", that may still be working: stop it, try again in ",
                            presence.lease_remaining_ms, " ms, or take over now with takeover."),
        .retry_after_ms = presence.lease_remaining_ms});
  }
  if (auto refused = refuse_unknown_topics(state, &member, settings)) {
    return std::unexpected(*refused);
  }

  Decision decision;
  const Subscription subscription = settings.subscription;
  decision.events.emplace_back(MemberReplaced{.group = group.name,
                                              .seat = member.seat,
                                              .member_id = member.member_id,
                                              .former_incarnation = member.incarnation,
                                              .incarnation = command.incarnation,
                                              .settings = std::move(settings)});
  // What the seat owned comes back to it under new tokens; what was being revoked goes on. Next to
  // the event that freed it: so the fold knows what the grant is for.
  Grants grants(group);
  grants.seat_now(member.seat, command.incarnation);
  for (const TopicPartition& at : member.held) grants.freed(at);
  grants.append_to(decision.events, state.fence_base);
  append_matches(state, &group, group.name, subscription, decision.events);
  return decision;
}

Decided admitted(const State& state, const Group* group, const Member* member,
                 const JoinGroup& command, MemberSettings settings, const Limits& limits) {
  if (member != nullptr && member->incarnation == command.incarnation) {
    return same_incarnation(state, *group, *member, settings);
  }
  if (command.resume && member != nullptr) {
    return refuse_ended(TokenEnd::kReplaced, command.group, command.member_id);
  }
  if (command.resume) return refuse_unknown_member(command.group, command.member_id);
  if (member != nullptr) return replace(state, *group, *member, command, std::move(settings));
  return new_member(state, group, command, std::move(settings), limits);
}

}  // namespace

Decided decide(const State& state, const JoinGroup& command, Now now) {
  if (auto refused = refuse_names(command, now.limits)) return std::unexpected(*refused);
  if (auto refused = refuse_malformed(command, now.limits)) return std::unexpected(*refused);
  MemberSettings settings = settings_of(command, now.limits);
  if (auto refused = refuse_timeouts(settings, now.limits)) return std::unexpected(*refused);

  const Group* group = state.group(command.group);
  const Member* member = group == nullptr ? nullptr : group->member(command.member_id);
  const TokenEnd ended = group == nullptr
                             ? TokenEnd::kNone
                             : group->ended_incarnation(command.member_id, command.incarnation);
  if (ended != TokenEnd::kNone) return refuse_ended(ended, command.group, command.member_id);
  const Subscription subscription = settings.subscription;
  Decided decided = admitted(state, group, member, command, std::move(settings), now.limits);
  if (!decided || decided->events.empty()) return decided;
  if (auto refused = refuse_group_size(state, group, command.group, subscription, decided->events,
                                       now.limits)) {
    return std::unexpected(*refused);
  }
  return decided;
}

}  // namespace muster::domain
