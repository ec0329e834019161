// What a load needs at the server and takes away again: one topic, and groups that share it. Their
// names are new each time, so that nobody else's are touched.
#pragma once

#include <cstdint>
#include <expected>
#include <string>

#include "muster/error.hpp"
#include "tools/bench/streams.h"
#include "tools/server_link.h"

namespace muster::tools {

struct ScenePlan {
  std::size_t groups = 1;
  std::int32_t partitions = 1;  // of the topic
  std::string strategy;
};

class Scene {
 public:
  /// Makes topic and groups. What was made before a failure is removed again.
  static std::expected<Scene, Error> make(const std::string& server, ScenePlan plan,
                                          const GoesOn& goes_on);

  const ScenePlan& plan() const { return plan_; }
  const std::string& topic() const { return name_; }
  std::string group(std::size_t number) const { return name_ + "-" + std::to_string(number); }

  /// True once a group is stable, with this many members, and every partition is owned.
  std::expected<bool, Error> is_stable(std::size_t group, std::size_t members);
  /// After the server was started anew.
  std::expected<void, Error> reconnect();

  /// What the members hold is gone with it, so that they can leave one by one without new plans.
  std::expected<void, Error> remove_topic();
  /// Members that are still there are removed, too.
  std::expected<void, Error> remove_groups(const GoesOn& goes_on);

 private:
  Scene(std::string server, ScenePlan plan, ServerLink link);
  std::expected<void, Error> build(const GoesOn& goes_on);
  std::expected<void, Error> remove_group(const std::string& name);
  std::expected<void, Error> remove_members(const std::string& name);

  std::string server_;
  ScenePlan plan_;
  std::string name_;
  std::size_t groups_made_ = 0;
  ServerLink link_;
};

}  // namespace muster::tools
