#include "traces.h"

#include <algorithm>
#include <map>
#include <optional>
#include <sstream>
#include <utility>

namespace muster::soak {
namespace {

using Nanoseconds = std::int64_t;

/// A client's word that its process may work on `place` under `token`: at one moment between these.
struct AtWork {
  std::string place;
  std::uint64_t token = 0;
  Nanoseconds from = 0;
  Nanoseconds until = 0;
  std::size_t process = 0;
};

/// The client has told its process, at the latest then.
struct Told {
  std::string place;
  std::uint64_t token = 0;
  Nanoseconds by = 0;
  std::size_t process = 0;
};

struct Seen {
  std::vector<AtWork> at_work;
  std::vector<Told> assigned;
  std::vector<Told> lost;
};

Seen read(const std::vector<Trace>& traces) {
  Seen seen;
  for (std::size_t process = 0; process < traces.size(); ++process) {
    for (const std::string& line : traces[process].lines) {
      std::istringstream words(line);
      std::string what;
      Told told{.process = process};
      if (!(words >> what >> told.place >> told.token >> told.by)) continue;
      if (what == "assigned") seen.assigned.push_back(told);
      if (what == "lost") seen.lost.push_back(told);
      if (Nanoseconds until = 0; what == "works" && words >> until) {
        seen.at_work.push_back({told.place, told.token, told.by, until, process});
      }
    }
  }
  return seen;
}

/// The highest token that anybody knew of a partition, by when.
class Newest {
 public:
  explicit Newest(const Seen& seen) {
    for (const Told& told : seen.assigned) all_[told.place].push_back({told.by, told.token});
    for (const AtWork& work : seen.at_work) all_[work.place].push_back({work.until, work.token});
    for (auto& [place, known] : all_) {
      std::ranges::sort(known);
      std::uint64_t highest = 0;
      for (auto& [by, token] : known) token = highest = std::max(highest, token);
    }
  }

  /// 0: none.
  std::uint64_t before(const std::string& place, Nanoseconds moment) const {
    const auto& known = all_.at(place);
    const auto next = std::ranges::lower_bound(known, std::pair{moment, std::uint64_t{0}});
    return next == known.begin() ? 0 : std::prev(next)->second;
  }

 private:
  std::map<std::string, std::vector<std::pair<Nanoseconds, std::uint64_t>>> all_;
};

std::string token_of(const std::string& place, std::uint64_t token) {
  return place + " under token " + std::to_string(token);
}

}  // namespace

std::vector<std::string> contradictions(const std::vector<Trace>& traces) {
  std::vector<std::string> found;
  const auto name = [&](std::size_t process) {
    return traces[process].member_id + " (process " + std::to_string(process) + ")";
  };
  const Seen seen = read(traces);

  const Newest newest(seen);
  for (const AtWork& work : seen.at_work) {
    if (const std::uint64_t later = newest.before(work.place, work.from); later > work.token) {
      found.push_back("single-owner: " + name(work.process) + " works on " +
                      token_of(work.place, work.token) + " at " + std::to_string(work.from) +
                      " ns, after " + std::to_string(later) + " was assigned");
    }
  }

  std::map<std::pair<std::string, std::uint64_t>, std::size_t> whose;
  std::map<std::pair<std::size_t, std::string>, std::uint64_t> last;
  for (const Told& told : seen.assigned) {
    const auto [owner, is_new] = whose.try_emplace({told.place, told.token}, told.process);
    if (!is_new && owner->second != told.process) {
      found.push_back("single-owner: " + name(owner->second) + " and " + name(told.process) +
                      " were both assigned " + token_of(told.place, told.token));
    }
    std::uint64_t& former = last[{told.process, told.place}];
    if (told.token <= former) {
      found.push_back("fence-rises: " + name(told.process) + " was assigned " +
                      token_of(told.place, told.token) + " after " + std::to_string(former));
    }
    former = told.token;
  }
  for (const AtWork& work : seen.at_work) {
    const auto [owner, is_new] = whose.try_emplace({work.place, work.token}, work.process);
    if (!is_new && owner->second != work.process) {
      found.push_back("single-owner: " + name(work.process) + " works on " +
                      token_of(work.place, work.token) + ", which is " + name(owner->second) +
                      "'s");
    }
  }

  std::map<std::tuple<std::size_t, std::string, std::uint64_t>, Nanoseconds> lost;
  for (const Told& told : seen.lost) lost[{told.process, told.place, told.token}] = told.by;
  for (const AtWork& work : seen.at_work) {
    const auto ended = lost.find({work.process, work.place, work.token});
    if (ended != lost.end() && ended->second < work.from) {
      found.push_back("ended-stays-ended: " + name(work.process) + " works on " +
                      token_of(work.place, work.token) + ", which it was told is lost");
    }
  }
  return found;
}

std::vector<std::string> not_granted(const std::vector<Trace>& traces,
                                     const e2e::OwnershipHistory& history, const std::string& group,
                                     std::uint64_t first_sequence) {
  const Seen seen = read(traces);
  std::set<std::tuple<std::string, std::string, std::uint64_t>> told;
  for (const Told& one : seen.assigned) {
    told.emplace(traces[one.process].member_id, one.place, one.token);
  }
  for (const AtWork& one : seen.at_work) {
    told.emplace(traces[one.process].member_id, one.place, one.token);
  }
  std::vector<std::string> found;
  for (const auto& [member, place, token] : told) {
    const int partition = std::stoi(place.substr(place.rfind('/') + 1));
    const std::optional<std::string> owner = history.granted(group, partition, token);
    if (owner ? *owner == member : token < first_sequence) continue;
    found.push_back(member + " has " + token_of(place, token) +
                    (owner ? ", which the journal has granted to " + *owner
                           : ", and the journal has no such grant"));
  }
  return found;
}

std::set<Commit> acknowledged_commits(const std::vector<Trace>& traces) {
  std::set<Commit> commits;
  for (const Trace& trace : traces) {
    for (const std::string& line : trace.lines) {
      std::istringstream words(line);
      std::string what;
      std::string place;
      std::int64_t offset = 0;
      std::uint64_t token = 0;
      if (words >> what >> place >> offset >> token && what == "committed") {
        commits.emplace(place, offset, token);
      }
    }
  }
  return commits;
}

std::set<Commit> journaled_commits(const std::vector<nlohmann::json>& log,
                                   const std::string& topic) {
  std::set<Commit> commits;
  for (const nlohmann::json& event : log) {
    if (event.at("type") != "OffsetsCommitted") continue;
    for (const nlohmann::json& offset : event.at("offsets")) {
      commits.emplace(topic + "/" + offset.at("partition").dump(), offset.at("offset"),
                      offset.at("fence"));
    }
  }
  return commits;
}

std::size_t times_at_work(const std::vector<Trace>& traces) { return read(traces).at_work.size(); }

}  // namespace muster::soak
