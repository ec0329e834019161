// Grants, revocations and releases.
#include <algorithm>
#include <utility>

#include "client/src/session.h"
#include "client/src/session_request.h"
#include "client/src/wire_error.h"
#include "domain/assert.h"

namespace muster {
namespace {

// Releases are split well below any server's frame limit.
// Less than any server's limits may be: 1,000 items and frames of 64 KiB.
constexpr std::size_t kReleaseBytesPerRequest = 32 * 1024;
constexpr std::size_t kReleaseItemsPerRequest = 1'000;

}  // namespace

// ---- what the coordinator says is held --------------------------------------------------------

bool Session::list(std::uint64_t now_ms, const wire::JoinReplyT& page) {
  if (!listing_) return true;  // of a listing that was given up
  for (const auto& topic : page.held) listing_->add(*topic, lease_);
  if (!page.more) {
    complete_listing(now_ms);
    return true;
  }
  if (page.held.empty() || page.held.back()->partitions.empty()) return false;
  auto rest = speaking_as_member<wire::HoldingsT>();
  rest.after_topic = page.held.back()->topic;
  rest.after_partition = page.held.back()->partitions.back().partition();
  request(now_ms, RequestKind::kHoldings, std::move(rest));
  return true;
}

/// Tokens that the reply still lists are worked on; the others are lost.
void Session::complete_listing(std::uint64_t now_ms) {
  if (lease_.lapsed(now_ms)) {  // a reply that took longer than the lease grants nothing
    lapse();
    return;
  }
  const Listing listing = std::move(*listing_);
  listing_.reset();
  std::vector<std::pair<PartitionKey, FencingToken>> gone;
  for (const auto& [key, held] : holdings_.all()) {
    const auto listed = listing.partitions().find(key);
    if (listed == listing.partitions().end() || listed->second.fence != held.fence) {
      gone.emplace_back(key, held.fence);
    }
  }
  for (const auto& [key, fence] : gone) lose(key, fence);
  if (std::exchange(paused_, false) && stall_ == Stall::kNone) {
    for (const auto& [key, held] : holdings_.all()) notify(NoticeKind::kResumed, key, held);
  }
  for (const auto& [key, listed] : listing.partitions()) {
    offer(key, listed.fence, listed.committed);
    const Held* held = holdings_.held(key);
    if (listed.release_by_ms && held != nullptr && held->fence == listed.fence) {
      ask_back(key, *listed.release_by_ms);
    }
  }
}

void Session::offer(const PartitionKey& key, FencingToken fence, std::int64_t committed) {
  if (holdings_.has_ended(key, fence)) {
    // Never held again. Whoever lists it has not heard of its end.
    if (holdings_.ended(key)->fence == fence) to_release_.push_back(key);
    return;
  }
  if (const Held* held = holdings_.held(key)) {
    if (held->fence >= fence) return;
    lose(key, held->fence);
  }
  holdings_.adopt(key, fence, committed);
  notify(NoticeKind::kAssigned, key, *holdings_.held(key));
  if (stall_ != Stall::kNone) notify(NoticeKind::kPaused, key, *holdings_.held(key));
}

void Session::ask_back(const PartitionKey& key, std::uint64_t release_by_ms) {
  const bool told = holdings_.held(key)->revoking;
  holdings_.revoke(key, release_by_ms);
  if (stall_ == Stall::kGivingUp) return give_back(key);
  if (!told) notify(NoticeKind::kRevoked, key, *holdings_.held(key));
}

void Session::lose(const PartitionKey& key, FencingToken fence) {
  const Held* held = holdings_.held(key);
  if (held != nullptr && held->fence == fence) notify(NoticeKind::kLost, key, *held);
  holdings_.lose(key, fence);
}

// ---- pushes -----------------------------------------------------------------------------------

void Session::assigned(const wire::AssignedT& push) {
  generation_ = push.generation;
  leader_ = push.leader;
  gathering_ = false;
  pending_ = push.pending;
  if (listing_) {
    for (const auto& topic : push.granted) listing_->add(*topic, lease_);
    return;
  }
  if (paused_) return;  // the resume's reply says what is granted
  for (const auto& topic : push.granted) {
    for (const wire::GrantedPartition& each : topic->partitions) {
      offer({topic->topic, each.partition()}, each.fence(), each.committed());
    }
  }
}

void Session::revoked(const wire::RevokeT& push) {
  generation_ = push.generation;
  const std::uint64_t release_by_ms = lease_.end_of_ms(push.deadline_ms);
  for (const auto& topic : push.partitions) {
    for (const wire::FencedPartition& each : topic->partitions) {
      const PartitionKey key{topic->topic, each.partition()};
      if (listing_) listing_->revoke(key, each.fence(), release_by_ms);
      const Held* held = holdings_.held(key);
      const bool current = held != nullptr && held->fence == each.fence();
      if (current && !paused_) ask_back(key, release_by_ms);
    }
  }
}

void Session::lost(std::uint64_t now_ms, const wire::LostT& push) {
  for (const auto& topic : push.partitions) {
    for (const wire::FencedPartition& each : topic->partitions) {
      const PartitionKey key{topic->topic, each.partition()};
      if (listing_) listing_->lose(key, each.fence());
      lose(key, each.fence());
    }
  }
  if (!push.seat_ended) return;
  switch (push.reason) {
    case wire::TokenEnd::removed:
      end(make_error(ErrorCode::kMemberRemoved, "An operator removed \"" + options_.member_id +
                                                    "\" from the group \"" + options_.group +
                                                    "\". Start it again when it may come back."));
      break;
    case wire::TokenEnd::replaced:
      end(make_error(ErrorCode::kFenced, "Another process took the name \"" + options_.member_id +
                                             "\" in the group \"" + options_.group +
                                             "\" over. Give each process a name of its own."));
      break;
    default:
      expired(now_ms);
  }
}

// ---- releases ---------------------------------------------------------------------------------

void Session::release(std::uint64_t now_ms, const PartitionKey& key, FencingToken fence,
                      std::optional<LastCommit> last) {
  observe(now_ms);
  const Held* held = holdings_.held(key);
  if (held == nullptr || held->fence != fence) return;
  if (!last) last = last_commit(key, fence);
  holdings_.release(key, std::move(last));
  if (bound_) to_release_.push_back(key);  // otherwise the resume's listing asks for it
  advance(now_ms);
}

void Session::send_releases(std::uint64_t now_ms) {
  auto next = to_release_.begin();
  while (next != to_release_.end()) {
    auto release = speaking_as_member<wire::ReleaseT>();
    InFlight details;
    for (std::size_t bytes = 0; next != to_release_.end() && bytes < kReleaseBytesPerRequest &&
                                release.items.size() < kReleaseItemsPerRequest;
         ++next) {
      const Ended* ended = holdings_.ended(*next);
      MUSTER_ASSERT(ended != nullptr);
      auto item = std::make_unique<wire::ReleaseItemT>();
      item->topic = next->topic;
      item->partition = next->index;
      item->fence = ended->fence;
      item->commits = ended->uncertain.has_value();
      if (ended->uncertain) {
        item->offset = ended->uncertain->offset;
        item->metadata = ended->uncertain->metadata;
      }
      bytes += item->topic.size() + item->metadata.size() + sizeof(wire::ReleaseItemT);
      details.tokens.emplace_back(*next, ended->fence);
      release.items.push_back(std::move(item));
    }
    request(now_ms, RequestKind::kRelease, std::move(release), std::move(details));
  }
  to_release_.clear();
}

/// A refused commit does not block the release: the application has to hear of it.
void Session::releases_answered(const InFlight& sent, const wire::ReleaseReplyT& reply) {
  for (const auto& [key, fence] : sent.tokens) holdings_.release_answered(key, fence);
  for (const auto& result : reply.results) {
    if (!result->released || result->commit_error == nullptr) continue;
    notices_.push_back(
        {.kind = NoticeKind::kCommitFailed, .why = from_wire(*result->commit_error)});
  }
}

}  // namespace muster
