#include "domain/subscription.h"

#include <algorithm>
#include <tuple>

#include "domain/digest.h"

namespace muster::domain {
namespace {

void sort_without_doubles(std::vector<std::string>& names) {
  std::ranges::sort(names);
  const auto doubles = std::ranges::unique(names);
  names.erase(doubles.begin(), doubles.end());
}

std::uint64_t hash_of_content(const std::vector<std::string>& topics,
                              const std::vector<std::string>& patterns) {
  EntityHash hash;
  hash.add(topics.size());
  for (const std::string& topic : topics) hash.add(topic);
  hash.add(patterns.size());
  for (const std::string& pattern : patterns) hash.add(pattern);
  return hash.value();
}

}  // namespace

Subscription::Subscription() {
  static const auto nothing = std::make_shared<const Content>(
      Content{.topics = {}, .patterns = {}, .hash = hash_of_content({}, {})});
  content_ = nothing;
}

Subscription::Subscription(std::vector<std::string> topics, std::vector<std::string> patterns) {
  sort_without_doubles(topics);
  sort_without_doubles(patterns);
  const std::uint64_t hash = hash_of_content(topics, patterns);
  content_ = std::make_shared<const Content>(
      Content{.topics = std::move(topics), .patterns = std::move(patterns), .hash = hash});
}

bool Subscription::operator==(const Subscription& other) const {
  if (content_ == other.content_) return true;
  return hash() == other.hash() && topics() == other.topics() && patterns() == other.patterns();
}

bool Subscription::operator<(const Subscription& other) const {
  if (content_ == other.content_) return false;
  // By hash first: lists of a thousand names seldom have to be compared.
  if (hash() != other.hash()) return hash() < other.hash();
  return std::tie(topics(), patterns()) < std::tie(other.topics(), other.patterns());
}

}  // namespace muster::domain
