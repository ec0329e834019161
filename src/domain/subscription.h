// What a member subscribes to: topics by name, and patterns that the coordinator evaluates.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace muster::domain {

/// Immutable, and shared by all members that subscribe to the same: ten thousand members of a
/// thousand topics keep one list, not ten million names. Copies are cheap.
class Subscription {
 public:
  /// To nothing.
  Subscription();
  /// Sorts both and takes out doubles.
  explicit Subscription(std::vector<std::string> topics, std::vector<std::string> patterns = {});

  const std::vector<std::string>& topics() const { return content_->topics; }
  const std::vector<std::string>& patterns() const { return content_->patterns; }
  /// Of the content, equal on every machine (digest.h).
  std::uint64_t hash() const { return content_->hash; }
  bool empty() const { return topics().empty() && patterns().empty(); }
  /// Equal for all members of a group that subscribe to the same (the fold sees to it).
  const void* identity() const { return content_.get(); }

  bool operator==(const Subscription& other) const;
  /// Some total order of the contents, the same on every machine.
  bool operator<(const Subscription& other) const;

 private:
  struct Content {
    std::vector<std::string> topics;
    std::vector<std::string> patterns;
    std::uint64_t hash = 0;
  };
  std::shared_ptr<const Content> content_;
};

}  // namespace muster::domain
