// What ListEvents tells of the journal: what was asked for, a page at a time, and nothing that is
// not durable.
#include <limits>

#include "codec/event.h"
#include "coordinator/queries.h"
#include "tests/unit/coordinator/wire_client.h"

namespace muster::coordinator {
namespace {

wire::ListEventsT listing(std::string group = {}, std::string topic = {},
                          PartitionIndex partition = -1) {
  wire::ListEventsT query;
  query.group = std::move(group);
  query.topic = std::move(topic);
  query.partition = partition;
  return query;
}

domain::Event event_of(const wire::JournalEventT& listed) {
  const auto event = codec::decode_event(std::string(listed.event.begin(), listed.event.end()));
  REQUIRE(event.has_value());
  return *event;
}

/// Everything, page by page, as an asker reads it.
std::vector<domain::Event> all_events(WireClient& client, wire::ListEventsT query) {
  std::vector<domain::Event> events;
  for (bool more = true; more;) {
    const auto page = client.ask<wire::EventsReplyT>(query);
    for (const auto& listed : page.events) events.push_back(event_of(*listed));
    REQUIRE((!page.more || page.reached > query.after_sequence));
    query.after_sequence = page.reached;
    more = page.more;
  }
  return events;
}

std::vector<std::string> names_of(const std::vector<domain::Event>& events) {
  std::vector<std::string> names;
  for (const domain::Event& event : events) names.emplace_back(domain::event_name(event.body));
  return names;
}

template <typename Body>
Body only(const std::vector<domain::Event>& events) {
  std::vector<Body> found;
  for (const domain::Event& event : events) {
    if (const auto* body = std::get_if<Body>(&event.body)) found.push_back(*body);
  }
  REQUIRE(found.size() == 1);
  return found.front();
}

/// Topic t with 2 partitions and u with 1, member a in group g with all of them, a commit each.
struct Past : World {
  explicit Past(const Settings& with = without_gathering()) : World(with) {
    client.ask<wire::TopicReplyT>(create_topic(2));
    client.ask<wire::TopicReplyT>(create_topic(1, "u"));
    client.send(joining("a", 1, {"t", "u"}));
    turn();
    client.ask<wire::CommitReplyT>(committing(0, 10, token(0)));
    client.ask<wire::CommitReplyT>(committing(1, 20, token(1)));
    client.ask<wire::CommitReplyT>(committing(0, 30, token(0, "u"), "u"));
  }
  WireClient client{*this};
};

/// History is trimmed between an asker's look at where it begins and the reading.
class TrimmedMeanwhile : public fakes::RecordsReader {
 public:
  TrimmedMeanwhile(const std::vector<std::string>& records, Sequence first)
      : RecordsReader(records), first_(first) {}

  std::expected<journal::Header, journal::Error> header() override {
    auto before = RecordsReader::header();
    trim_before(first_);
    return before;
  }

 private:
  Sequence first_;
};

}  // namespace

TEST_CASE("Events that are trimmed while they are asked for are left out, and that is no error") {
  Past past;
  TrimmedMeanwhile reader(past.journal.records(), 3);
  const Sessions sessions;
  const EndOffsets ends;
  const Limits limits;
  const View view{.state = past.state(),
                  .sessions = sessions,
                  .ends = ends,
                  .limits = limits,
                  .max_frame_bytes = std::size_t{1} << 20,
                  .now_ms = 0};
  const Sequence last = past.journal.records().size();
  auto answered = answer(view, {.reader = reader, .durable_sequence = last}, listing());
  REQUIRE(answered.has_value());
  const auto* reply = answered->AsEventsReply();
  CHECK(reply->first_sequence == 3);
  CHECK(reply->events.front()->sequence == 3);
  CHECK(reply->reached == last);
}

TEST_CASE("with nothing asked in particular every record is listed as it stands in the journal") {
  Past history;
  const auto page = history.client.ask<wire::EventsReplyT>(listing());
  REQUIRE(page.events.size() == history.journal.records().size());
  for (std::size_t i = 0; i < page.events.size(); ++i) {
    CHECK(page.events[i]->sequence == i + 1);
    const std::string bytes(page.events[i]->event.begin(), page.events[i]->event.end());
    CHECK(bytes == history.journal.records()[i]);
  }
  CHECK(page.reached == history.journal.records().size());
  CHECK(page.first_sequence == 1);
  CHECK_FALSE(page.more);
}

TEST_CASE("a group's events come with those of topics, and without those of other groups") {
  Past history;
  wire::JoinT other = joining("z", 9);
  other.group = "other";
  history.client.send(other);
  history.turn();
  const auto names = names_of(all_events(history.client, listing("other")));
  CHECK(names == std::vector<std::string>{"TopicCreated", "TopicCreated", "MemberJoined",
                                          "PlanMade", "PartitionsGranted"});
  CHECK(names_of(all_events(history.client, listing("nobody"))) ==
        std::vector<std::string>{"TopicCreated", "TopicCreated"});
}

TEST_CASE("events are cut down to the partition that is asked for") {
  Past history;
  const auto events = all_events(history.client, listing("g", "t", 1));
  const TopicId t = history.state().topic("t")->id;
  const std::vector<domain::PartitionList> wanted{{.topic = t, .partitions = {1}}};
  CHECK(only<domain::PlanMade>(events).targets.front().topics == wanted);
  CHECK(only<domain::PlanMade>(events).planned.size() == 2);
  CHECK(only<domain::PartitionsGranted>(events).grants.front().topics == wanted);
  const auto commit = only<domain::OffsetsCommitted>(events);
  REQUIRE(commit.offsets.size() == 1);
  CHECK(commit.offsets.front().offset == 20);
}

TEST_CASE("events are cut down to the topic that is asked for") {
  Past history;
  const auto events = all_events(history.client, listing("g", "u"));
  CHECK(only<domain::OffsetsCommitted>(events).offsets.front().offset == 30);
  const auto granted = only<domain::PartitionsGranted>(events);
  REQUIRE(granted.grants.front().topics.size() == 1);
  CHECK(granted.grants.front().topics.front().topic == history.state().topic("u")->id);
}

TEST_CASE("what a deleted topic of the name saw is listed with what the present one sees") {
  Past history;
  wire::DeleteTopicT erase;
  erase.name = "t";
  history.client.ask<wire::DoneT>(erase);
  history.client.ask<wire::TopicReplyT>(create_topic(3));
  history.turn();
  const auto events = all_events(history.client, listing("g", "t", 0));
  std::vector<std::int64_t> offsets;
  for (const domain::Event& event : events) {
    const auto* commit = std::get_if<domain::OffsetsCommitted>(&event.body);
    if (commit != nullptr) offsets.push_back(commit->offsets.front().offset);
  }
  CHECK(offsets == std::vector<std::int64_t>{10});
  CHECK(only<domain::GroupTopicDropped>(events).former.size() == 1);
}

TEST_CASE("only durable events are listed") {
  Past history;
  const std::uint64_t before = history.journal.durable_sequence();
  history.client.send(committing(0, 11, history.token(0)));
  history.end_turn();  // on its way to the disk
  const std::uint64_t id = history.client.send(listing());
  history.sync();
  const auto reply = history.client.reply_to(id);
  REQUIRE(reply.has_value());
  CHECK(reply->body.AsEventsReply()->reached == before);
  CHECK(reply->body.AsEventsReply()->events.back()->sequence == before);
}

TEST_CASE("one request looks at no more than 2,000 records, also when none is asked for") {
  Past history;
  for (std::int64_t i = 0; i < 2'500; ++i) {
    history.client.send(committing(0, 100 + i, history.token(0)));
    if (i % 100 == 0) history.turn();
  }
  history.turn();
  const auto page = history.client.ask<wire::EventsReplyT>(listing("g", "t", 1));
  CHECK(page.reached == 2'000);
  CHECK(page.more);
  CHECK(page.events.size() < 20);
  auto rest = listing("g", "t", 1);
  rest.after_sequence = page.reached;
  const auto end = history.client.ask<wire::EventsReplyT>(rest);
  CHECK(end.events.empty());
  CHECK(end.reached == history.journal.durable_sequence());
  CHECK_FALSE(end.more);
}

TEST_CASE("pages keep within the frame and the limit, and lose nothing between them") {
  Settings settings = without_gathering();
  settings.max_frame_bytes = 4'096;
  Past history(settings);
  for (std::int64_t i = 0; i < 100; ++i) {
    history.client.ask<wire::CommitReplyT>(committing(0, 100 + i, history.token(0)));
  }
  CHECK(all_events(history.client, listing()).size() == history.journal.records().size());
  CHECK(history.client.largest_frame() <= 4'096 + codec::kFrameHeaderBytes);
  auto few = listing();
  few.limit = 3;
  CHECK(history.client.ask<wire::EventsReplyT>(few).events.size() == 3);
  CHECK(all_events(history.client, few).size() == history.journal.records().size());
}

TEST_CASE("an event larger than a frame is refused, and its part that is asked for is not") {
  Settings settings = without_gathering();
  settings.max_frame_bytes = 4'096;
  World world(settings);
  WireClient client(world);
  client.ask<wire::TopicReplyT>(create_topic(2'000));
  client.send(joining("a", 1));
  world.settle();
  auto query = listing("g");
  query.after_sequence = 2;  // the plan
  CHECK(client.refused(query).code == ErrorCode::kLimitReached);
  const auto events = all_events(client, listing("g", "t", 7));
  CHECK(only<domain::PlanMade>(events).targets.front().topics.front().partitions ==
        std::vector<PartitionIndex>{7});
}

TEST_CASE("beyond the end of the journal there is nothing") {
  Past history;
  auto query = listing();
  query.after_sequence = std::numeric_limits<Sequence>::max();
  const auto page = history.client.ask<wire::EventsReplyT>(query);
  CHECK(page.events.empty());
  CHECK_FALSE(page.more);
}

TEST_CASE("a journal that can't be read is said to be so") {
  Past history;
  history.history.fail("the checksum of record 3 does not match");
  const Rejection refused = history.client.refused(listing());
  CHECK(refused.code == ErrorCode::kInternalError);
  CHECK(refused.message.find("record 3") != std::string::npos);
}

}  // namespace muster::coordinator
