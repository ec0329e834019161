#include "tools/statistics.h"

#include <doctest/doctest.h>

#include "tools/bars.h"
#include "tools/progress.h"
#include "tools/statistics_view.h"

using namespace muster;
using namespace muster::tools;
using namespace muster::domain;

namespace {

constexpr std::int64_t kBegin_ms = 1'795'356'000'000;

/// A history whose events are told one after the other.
class History {
 public:
  History& at(std::int64_t time_ms) {
    time_ms_ = kBegin_ms + time_ms;
    return *this;
  }
  History& add(EventBody body) {
    statistics_.take(++sequence_, {.time_ms = time_ms_, .cause = {}, .body = std::move(body)}, 100);
    return *this;
  }
  /// A member that comes, and the plan that follows.
  History& join_and_plan(const std::string& group, const std::string& member_id) {
    add(MemberJoined{.group = group, .member_id = member_id});
    return add(PlanMade{.group = group});
  }
  const Statistics& statistics() const { return statistics_; }

 private:
  Statistics statistics_;
  Sequence sequence_ = 0;
  std::int64_t time_ms_ = kBegin_ms;
};

}  // namespace

TEST_CASE("events are counted by type, group and hour") {
  History history;
  history.add(TopicCreated{.name = "outbox"})
      .at(1'000)
      .add(OffsetsCommitted{.group = "a"})
      .at(kHour_ms)
      .add(OffsetsCommitted{.group = "b"})
      .add(MemberExpired{.group = "b"});
  const Statistics& statistics = history.statistics();
  CHECK(statistics.all().events == 4);
  CHECK(statistics.all().bytes == 400);
  CHECK(statistics.by_group().at("a").commits == 1);
  CHECK(statistics.by_group().at("b").events == 2);
  CHECK(statistics.by_group().at("b").expired == 1);
  CHECK(statistics.by_hour().size() == 2);
  CHECK(statistics.by_hour().begin()->second.events == 2);
  const Json json = statistics_json(
      statistics, {.file_bytes = 1 << 20, .allocated_bytes = 1 << 21, .record_bytes = 4'096});
  CHECK(json["types"]["OffsetsCommitted"]["events"] == 2);
  CHECK(json["hours"][0]["hour"] == "2026-11-22T14:00Z");
  CHECK(json["hours"][1]["commits"] == 1);
  CHECK(json["file_bytes_per_event"] == 1'024);
  CHECK(json["per_hour"]["events"] == 4);
  CHECK(json["last_24_hours"]["bytes"] == 4'096);
}

TEST_CASE("many plans of one group within a minute are a storm, with their causes") {
  History history;
  for (int i = 0; i < 12; ++i) {
    history.at(1'000 * i).join_and_plan("calm-" + std::to_string(i), "x");
    history.join_and_plan("billing", "pod-3");
  }
  history.at(120'000).join_and_plan("billing", "pod-4");
  const auto& storms = history.statistics().storms();
  REQUIRE(storms.size() == 1);
  CHECK(storms[0].group == "billing");
  CHECK(storms[0].plans == 12);
  CHECK(storms[0].began_ms == kBegin_ms);
  CHECK(storms[0].ended_ms == kBegin_ms + 11'000);
  CHECK(storms[0].causes.at({"MemberJoined", "pod-3"}) == 12);
  CHECK(statistics_text(history.statistics(), {}).find("12 x MemberJoined of pod-3") !=
        std::string::npos);
}

TEST_CASE("as many plans over a longer time are none, and a clock set back makes none") {
  History history;
  for (int i = 0; i < 30; ++i) history.at(7'000 * i).join_and_plan("billing", "pod-3");
  CHECK(history.statistics().storms().empty());
  History back;
  for (int i = 0; i < 30; ++i) back.at(-70'000 * i).join_and_plan("billing", "pod-3");
  CHECK(back.statistics().storms().empty());
  CHECK(back.statistics().steps_back() == 29);
}

TEST_CASE("a storm that goes on is one, and one that comes again is another") {
  History history;
  for (int i = 0; i < 100; ++i) history.at(3'000 * i).join_and_plan("billing", "pod-3");
  for (int i = 0; i < 10; ++i) history.at(900'000 + i).join_and_plan("billing", "pod-4");
  const auto& storms = history.statistics().storms();
  REQUIRE(storms.size() == 2);
  CHECK(storms[0].plans == 100);
  CHECK(storms[1].plans == 10);
}

TEST_CASE("what an event takes on the disk is told of the events alone, not of free pages") {
  History history;
  history.add(TopicCreated{.name = "outbox"});
  const DiskUse disk{.file_bytes = 1 << 20, .allocated_bytes = 1 << 21, .record_bytes = 4'096};
  const std::string text = statistics_text(history.statistics(), disk);
  CHECK(text.starts_with("1 event, sequences 1 to 1, "));
  CHECK(text.find("Size: 1.0 MiB (2.0 MiB with the reserve), 4.0 KiB of it events: 4.0 KiB each, "
                  "100 B of that its own.") != std::string::npos);
}

TEST_CASE("a journal without events has statistics") {
  CHECK(statistics_text(Statistics(), {}) == "The journal holds no events.\n");
  const Json json = statistics_json(Statistics(8), {});
  CHECK(json["events"] == 0);
  CHECK(json["first_sequence"] == 8);
  CHECK(json["last_sequence"] == 7);
  CHECK(json["first_time"].is_null());
}

TEST_CASE("bars are as long, and lines as high, as their numbers") {
  CHECK(bar(8, 8, 2) == "██");
  CHECK(bar(1, 1'000, 2) == "▏");
  CHECK(bar(0, 1'000, 2).empty());
  CHECK(bar(3, 4, 2) == "█▌");
  CHECK(sparkline(std::vector<std::uint64_t>{0, 1, 4, 8}) == " ▁▄█");
  CHECK(condensed(std::vector<std::uint64_t>{1, 2, 3, 4, 5}, 2) ==
        std::vector<std::uint64_t>{6, 9});
  CHECK(condensed(std::vector<std::uint64_t>{1, 2}, 72) == std::vector<std::uint64_t>{1, 2});
}

TEST_CASE("numbers are readable") {
  CHECK(grouped_digits(0) == "0");
  CHECK(grouped_digits(999) == "999");
  CHECK(grouped_digits(1'234'567) == "1,234,567");
  CHECK(bytes_text(207) == "207 B");
  CHECK(bytes_text(1'536) == "1.5 KiB");
  CHECK(bytes_text(200.0 * 1'024 * 1'024) == "200 MiB");
  CHECK(progress_bar(1, 2) == "[############............]");
  CHECK(progress_bar(2, 2) == "[########################]");
}
