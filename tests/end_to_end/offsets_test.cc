// Offsets by the real `muster`: compare-and-set, deletion, retention, restore, export and import.
#include <doctest/doctest.h>

#include <fstream>

#include "end_to_end/command_line.h"
#include "end_to_end/daemon.h"
#include "end_to_end/deadline.h"
#include "end_to_end/member.h"
#include "end_to_end/temporary_directory.h"

namespace muster::e2e {
namespace {

using Json = nlohmann::json;

/// Topic "orders" with 4 partitions; group "group" has 100, 101 and 102 committed of 0 to 2.
struct OffsetsSetting {
  Daemon daemon{{"--gathering-window-ms", "0"}};
  WireClient client{daemon.address()};

  OffsetsSetting() {
    create_topic(client, "orders", 4);
    for (int i = 0; i < 3; ++i) {
      run({"offset", "commit", "group", "orders/" + std::to_string(i), std::to_string(100 + i),
           "--metadata", "note, \"" + std::to_string(i) + "\""});
    }
  }

  Json run(const std::vector<std::string>& arguments) const {
    return muster_json(daemon, arguments);
  }
  CommandResult attempt(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"--server", daemon.address()});
    return muster(arguments);
  }
  Json offset(int partition) const {
    return run({"offset", "fetch", "group", "orders/" + std::to_string(partition)}).at("offset");
  }
};

TEST_CASE(
    "offset commit --expect: compare and set, backwards too, and a refusal that says what is") {
  OffsetsSetting setting;
  CHECK(setting.run({"offset", "commit", "group", "orders/0", "40", "--expect", "100"})
            .at("outcome") == "applied");
  CHECK(setting.offset(0) == 40);
  const CommandResult refused =
      setting.attempt({"offset", "commit", "group", "orders/0", "50", "--expect", "100"});
  CHECK(refused.status == 1);
  CHECK(refused.err.contains("OFFSET_CONFLICT"));
  CHECK(refused.err.contains("offset 40 is committed"));
  CHECK(
      setting.attempt({"offset", "commit", "group", "orders/3", "5", "--expect", "none"}).status ==
      0);
  CHECK(setting.attempt({"offset", "commit", "group", "orders/3", "5", "--expect", "x"}).status ==
        2);
}

TEST_CASE("offset delete and restore: what was forgotten comes back from the journal") {
  OffsetsSetting setting;
  const Json deleted = setting.run({"offset", "delete", "group", "orders/1"});
  CHECK(deleted.at("deleted") == 1);
  CHECK(setting.offset(1).is_null());
  const std::string sequence = std::to_string(deleted.at("sequence").get<std::uint64_t>());

  const CommandResult text = setting.attempt({"offset", "restore", "group"});
  CHECK(text.out.contains("OffsetsDeleted"));
  CHECK(text.out.contains("orders/1 at 101"));
  const Json listed = setting.run({"offset", "restore", "group"});
  REQUIRE(listed.at("events").size() == 1);
  CHECK(listed.at("events").at(0).at("sequence") == deleted.at("sequence"));

  const Json restored = setting.run({"offset", "restore", "group", "--at", sequence});
  REQUIRE(restored.at("changes").size() == 1);
  CHECK(restored.at("changes").at(0).at("before").is_null());
  CHECK(restored.at("changes").at(0).at("after") == 101);
  CHECK(setting.run({"offset", "fetch", "group", "orders/1"}).at("metadata") == "note, \"1\"");
  CHECK(setting.run({"offset", "restore", "group", "--at", sequence}).at("changes").empty());

  const Json all = setting.run({"offset", "delete", "group", "orders"});
  CHECK(all.at("deleted") == 3);
  CHECK(setting.run({"offset", "delete", "group", "orders"}).at("sequence").is_null());
}

TEST_CASE("offset restore says what is wrong with a sequence") {
  OffsetsSetting setting;
  const CommandResult other = setting.attempt({"offset", "restore", "group", "--at", "2"});
  CHECK(other.status == 1);
  CHECK(other.err.contains("keeps no former offsets"));
  const CommandResult none = setting.attempt({"offset", "restore", "group", "--at", "4711"});
  CHECK(none.err.contains("Event 4711 is none of group 'group'"));
  const Json deleted = setting.run({"offset", "delete", "group", "orders/1"});
  setting.run({"topic", "delete", "orders"});
  const CommandResult gone =
      setting.attempt({"offset", "restore", "group", "--at",
                       std::to_string(deleted.at("sequence").get<std::uint64_t>())});
  CHECK(gone.err.contains("was deleted since"));
}

TEST_CASE("offset delete is refused while a member subscribes to the topic") {
  OffsetsSetting setting;
  Member a(setting.daemon.address(), {.member_id = "a", .topics = {"orders"}});
  a.join();
  const CommandResult refused = setting.attempt({"offset", "delete", "group", "orders"});
  CHECK(refused.status == 1);
  CHECK(refused.err.contains("GROUP_SUBSCRIBED"));
  CHECK(refused.err.contains("reset-offsets --live"));
}

TEST_CASE("offset export and import: both formats come back as they were") {
  OffsetsSetting setting;
  TemporaryDirectory directory;
  for (const std::string format : {"csv", "json"}) {
    CAPTURE(format);
    const CommandResult exported =
        setting.attempt({"offset", "export", "group", "--format", format});
    REQUIRE(exported.status == 0);
    const std::string path = directory / ("offsets." + format);
    std::ofstream(path) << exported.out;
    setting.run({"offset", "delete", "group", "orders"});
    const Json imported = setting.run({"offset", "import", "group", path});
    CHECK(imported.at("offsets") == 3);
    CHECK(imported.at("changes").size() == 3);
    CHECK(setting.attempt({"offset", "export", "group", "--format", format}).out.size() ==
          exported.out.size());
    CHECK(setting.run({"offset", "fetch", "group", "orders/2"}).at("metadata") == "note, \"2\"");
    CHECK(setting.run({"offset", "import", "group", path}).at("changes").empty());  // so already
    const std::string copy = "copy-" + format;
    setting.run({"offset", "import", copy, path});  // creates the group
    CHECK(setting.run({"offset", "fetch", copy}).at("offsets").size() == 3);
  }
}

TEST_CASE("offset import changes nothing when a line is wrong, and names it") {
  OffsetsSetting setting;
  TemporaryDirectory directory;
  const std::string path = directory / "offsets.csv";
  const auto refused = [&](const std::string& text) {
    std::ofstream(path, std::ios::trunc) << text;
    const CommandResult result = setting.attempt({"offset", "import", "group", path});
    CHECK(result.status == 1);
    return result.err;
  };
  CHECK(refused("topic,partition,offset\norders,0,7\norders,1,seven\n").contains("Line 3"));
  CHECK(refused("orders,0,7\n").contains("topic,partition,offset,metadata"));
  CHECK(refused("topic,partition,offset\norders,0,7\norders,0,8\n").contains("twice"));
  CHECK(refused("topic,partition,offset\norders,9,7\n").contains("has no partition 9"));
  CHECK(refused("{\"offsets\":[{\"topic\":\"orders\"}]}").contains("Entry 1"));
  CHECK(setting.offset(0) == 100);
  CHECK(setting.attempt({"offset", "import", "group", directory / "none"})
            .err.contains("can't be read"));
}

TEST_CASE("Retention: an empty group's offsets expire by an event, and come back by restore") {
  OffsetsSetting setting;
  Member a(setting.daemon.address(), {.member_id = "a", .topics = {"orders"}});
  a.join();
  const Json configured = setting.run({"group", "configure", "group", "--offset-retention", "1s"});
  CHECK(configured.at("offset_retention_ms") == 1'000);
  REQUIRE(pump_until({&a}, [&] { return a.held().size() == 4; }));
  a.leave();
  std::uint64_t expired = 0;
  REQUIRE(wait_until([&] {
    const Json undoable = setting.run({"offset", "restore", "group"});
    if (undoable.at("events").empty()) return false;
    CHECK(undoable.at("events").at(0).at("type") == "OffsetsExpired");
    expired = undoable.at("events").at(0).at("sequence");
    return true;
  }));
  CHECK(setting.offset(0).is_null());
  setting.run({"group", "configure", "group", "--offset-retention", "off"});
  setting.run({"offset", "restore", "group", "--at", std::to_string(expired)});
  CHECK(setting.offset(0) == 100);
  require_digest_equals_replay(setting.daemon);
}

}  // namespace
}  // namespace muster::e2e
