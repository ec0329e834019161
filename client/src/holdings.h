// What a member holds, and the tokens that it must never hold again.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "domain/ids.h"

namespace muster {

struct PartitionKey {
  std::string topic;
  PartitionIndex index = 0;
  auto operator<=>(const PartitionKey&) const = default;
};

/// "orders/3"
std::string text_of(const PartitionKey& key);

struct LastCommit {
  std::int64_t offset = 0;
  std::string metadata;
  std::optional<std::int64_t> end = std::nullopt;  // the partition's, if it is to be reported
};

struct Held {
  FencingToken fence = 0;
  std::int64_t committed = -1;
  bool revoking = false;
  std::uint64_t release_by_ms = 0;                  // while revoking
  std::optional<LastCommit> uncertain;              // sent or tried, and its answer never came
  std::optional<LastCommit> stored = std::nullopt;  // to be committed by and by
  bool stored_refused = false;                      // for good, and the application was told
  bool held_back = false;                           // by the application: no new work on it

  /// Whether what is stored is still to be committed.
  bool owes_commit() const { return stored && stored->offset > committed; }
};

/// How the last token of a partition ended for this member.
struct Ended {
  FencingToken fence = 0;
  bool lost = false;                    // otherwise released
  std::optional<LastCommit> uncertain;  // goes with the release
};

/// Tokens of a partition only rise (fence-rises), so one number a partition is enough to remember
/// all that ended.
class Holdings {
 public:
  const Held* held(const PartitionKey& key) const;
  const Ended* ended(const PartitionKey& key) const;
  const std::map<PartitionKey, Held>& all() const { return held_; }

  /// Whether this token ended here: released or lost.
  bool has_ended(const PartitionKey& key, FencingToken fence) const;

  /// Takes a grant. The partition must not be held, nor the token have ended.
  void adopt(const PartitionKey& key, FencingToken fence, std::int64_t committed);
  /// Marks a held partition as asked back. Says again only when.
  void revoke(const PartitionKey& key, std::uint64_t release_by_ms);
  /// The partition must be held.
  void release(const PartitionKey& key, std::optional<LastCommit> last);
  /// Ends the token, whether it is held or was never acted on.
  void lose(const PartitionKey& key, FencingToken fence);

  /// A commit under this token was acknowledged, or its answer never came. Without effect when
  /// the token is not held any more.
  void committed(const PartitionKey& key, FencingToken fence, std::int64_t offset);
  void uncertain(const PartitionKey& key, FencingToken fence, LastCommit last);
  /// The partition must be held. Of several the highest counts.
  void store(const PartitionKey& key, LastCommit offset);
  /// A commit of what was stored was refused, and would be again. Without effect when the token is
  /// not held any more, or something further was stored meanwhile.
  void stored_refused(const PartitionKey& key, FencingToken fence, std::int64_t offset);
  /// The partition must be held.
  void hold_back(const PartitionKey& key, bool held_back);
  /// The release with its last commit was answered.
  void release_answered(const PartitionKey& key, FencingToken fence);

  /// Revoked partitions whose time is over.
  std::vector<PartitionKey> overdue(std::uint64_t now_ms) const;
  /// When the next one's is; UINT64_MAX when nothing is being revoked.
  std::uint64_t next_release_by_ms() const;

  /// Tokens of another journal say nothing about this one's.
  void forget_ended() { ended_.clear(); }

 private:
  void remove(const PartitionKey& key);

  std::map<PartitionKey, Held> held_;
  std::map<PartitionKey, Ended> ended_;
  std::set<std::pair<std::uint64_t, PartitionKey>> revoking_;  // by release_by_ms
};

}  // namespace muster
