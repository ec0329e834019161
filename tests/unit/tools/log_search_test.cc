#include "tools/log_search.h"

#include <doctest/doctest.h>

#include "codec/event.h"
#include "codec/snapshot.h"
#include "domain/fold.h"
#include "tests/fakes/records_reader.h"

using namespace muster;
using namespace muster::tools;
using namespace muster::domain;

namespace {

/// Topic 1, then commits of group-0, group-1, group-0 …: event N is of group N % 2.
std::vector<std::string> alternating(Sequence events) {
  std::vector<std::string> records;
  const auto add = [&records](EventBody body) {
    records.push_back(codec::encode_event({.time_ms = static_cast<std::int64_t>(records.size()) + 1,
                                           .cause = {},
                                           .body = std::move(body)}));
  };
  add(TopicCreated{.name = "outbox", .partition_count = 4});
  for (Sequence sequence = 2; sequence <= events; ++sequence) {
    add(OffsetsCommitted{.group = "group-" + std::to_string(sequence % 2),
                         .offsets = {{.at = {.topic = 1, .partition = 0}, .offset = 5}}});
  }
  return records;
}

std::vector<Sequence> sequences(const std::vector<FoundEvent>& events) {
  std::vector<Sequence> all;
  for (const FoundEvent& one : events) all.push_back(one.sequence);
  return all;
}

/// Its history up to 99 was trimmed: what is left of it is a snapshot.
class TrimmedReader final : public journal::Reader {
 public:
  explicit TrimmedReader(const State& state) {
    codec::encode_snapshot(state, [this](std::string chunk) {
      chunks_.push_back(std::move(chunk));
      return true;
    });
  }
  std::expected<journal::Header, journal::Error> header() override {
    return journal::Header{.first_sequence = 100, .last_sequence = 99};
  }
  std::expected<void, journal::Error> read(std::uint64_t, std::uint64_t, const Sink&) override {
    return std::unexpected(journal::Error{.fault = journal::Fault::kMissing, .message = "trimmed"});
  }
  std::expected<std::vector<journal::Snapshot>, journal::Error> snapshots() override {
    return std::vector<journal::Snapshot>{{.sequence = 99}};
  }
  std::expected<void, journal::Error> read_snapshot(std::uint64_t, const Sink& sink) override {
    ++snapshots_read;
    for (std::size_t i = 0; i < chunks_.size() && sink(i, chunks_[i]); ++i) {
    }
    return {};
  }
  int snapshots_read = 0;

 private:
  std::vector<std::string> chunks_;
};

}  // namespace

TEST_CASE("a topic that was created before the history begins has its name from the snapshot") {
  State state;
  const Event created{
      .time_ms = 1, .cause = {}, .body = TopicCreated{.name = "outbox", .partition_count = 4}};
  REQUIRE(fold(state, 1, created).has_value());
  TrimmedReader reader(state);
  TopicLookUp look_up(reader);
  CHECK(look_up.name_of(1) == "outbox");
  CHECK_FALSE(look_up.name_of(2).has_value());
  CHECK(reader.snapshots_read == 1);
}

TEST_CASE("pages find every wanted event once, in order") {
  const auto records = alternating(20'000);
  fakes::RecordsReader reader(records);
  const LogFilter filter{.group = "group-0"};
  LogSearch search(reader, filter);
  Sequence next = 1;
  std::vector<Sequence> all;
  while (next <= records.size()) {
    const auto page = search.next(next, records.size());
    REQUIRE(page.has_value());
    REQUIRE(page->reached >= next);
    for (const Sequence one : sequences(page->events)) all.push_back(one);
    next = page->reached + 1;
  }
  REQUIRE(all.size() == 10'000);
  for (std::size_t i = 0; i < all.size(); ++i) REQUIRE(all[i] == 2 * (i + 1));
}

TEST_CASE("the last few are found from the end, however far back they are") {
  auto records = alternating(30'000);
  fakes::RecordsReader reader(records);
  const LogFilter odd{.group = "group-1"};
  LogSearch search(reader, odd);
  CHECK(*search.start_of_last(1, 30'000, 3) == 29'995);
  CHECK(*search.start_of_last(1, 100, 2) == 97);
  CHECK(*search.start_of_last(1, 30'000, 10'000) == 10'001);
  CHECK(*search.start_of_last(1, 30'000, 99'999) == 3);
  CHECK_FALSE(search.start_of_last(1, 30'000, 0)->has_value());

  const LogFilter first{.types = {"TopicCreated"}};
  CHECK(*LogSearch(reader, first).start_of_last(1, 30'000, 5) == 1);
  const LogFilter early{.until_ms = 17};
  CHECK(*LogSearch(reader, early).start_of_last(1, 30'000, 1) == 17);
  const LogFilter never{.until_ms = 0};
  CHECK_FALSE(LogSearch(reader, never).start_of_last(1, 30'000, 1)->has_value());
}

TEST_CASE("a topic has its name though its creation is not among what is read") {
  const auto records = alternating(10);
  fakes::RecordsReader reader(records);
  const LogFilter filter{.topic = "outbox"};
  LogSearch search(reader, filter);
  CHECK(search.next(5, 10)->events.size() == 6);
  CHECK(search.names().of(1) == "outbox");
}

TEST_CASE("what stands before a damaged record is found, then the damage is told") {
  auto records = alternating(10);
  records[6] = "no event";
  fakes::RecordsReader reader(records);
  const LogFilter filter;
  LogSearch search(reader, filter);
  const auto before = search.next(1, 10);
  REQUIRE(before.has_value());
  CHECK(before->reached == 6);
  const auto damaged = search.next(7, 10);
  REQUIRE_FALSE(damaged.has_value());
  CHECK(damaged.error().message.find("sequence 7") != std::string::npos);
}
