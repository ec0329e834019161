// Who owned what when, told from the journal's log alone.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "end_to_end/member.h"

namespace muster::e2e {

/// Follows the log of a journal and requires at each step that a partition is granted only while
/// nobody owns it (single-owner), that its tokens rise (fence-rises), and that a commit presents
/// the current one, or none while nobody owns it (fenced-commit). A log that does not begin with
/// sequence 1 says nothing of who owned a partition before it is first named.
class OwnershipHistory {
 public:
  explicit OwnershipHistory(const std::vector<nlohmann::json>& log);

  /// How many partitions each member owned, after each event that changed it; without repeats.
  /// Members without any are left out: {{"a", 6}}, then {{"a", 3}, {"b", 3}}.
  std::vector<std::map<std::string, int>> counts_of(const std::string& group) const;

  /// To which member a partition with this number was granted under this token, in a group of one
  /// topic; nobody when there was no such grant.
  std::optional<std::string> granted(const std::string& group, int partition,
                                     std::uint64_t fence) const;

  std::size_t grants() const { return granted_.size(); }

 private:
  struct Owner {
    std::string member_id;
    std::uint64_t fence = 0;
  };
  using Place = std::pair<std::string, Partition>;  // group, partition

  void take_in(const nlohmann::json& event);
  void grant(const nlohmann::json& event);
  void give_up(const nlohmann::json& event);
  void commit(const nlohmann::json& event) const;
  void depart(const std::string& group, const std::string& member_id);
  void note(const std::string& group);

  bool is_whole_;
  std::map<Place, Owner> owners_;
  std::map<Place, std::uint64_t> newest_fence_;
  std::map<std::string, std::vector<std::map<std::string, int>>> counts_;
  std::map<std::pair<Place, std::uint64_t>, std::string> granted_;  // to whom under which token
};

}  // namespace muster::e2e
