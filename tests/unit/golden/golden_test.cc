// The format on disk stays what it is: journals that were written are read for ever, byte by byte.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <lmdb.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "codec/event.h"
#include "codec/snapshot.h"
#include "domain/fold.h"
#include "fixture.h"
#include "golden_events.h"
#include "journal/contents.h"
#include "journal/record.h"
#include "journal/snapshot_format.h"
#include "journal/store.h"
#include "tests/fakes/record_value.h"
#include "tests/unit/journal/scratch_directory.h"

namespace muster::golden {
namespace {

using journal::test::ScratchDirectory;

constexpr const char* kHeaderName = "header";

/// As the golden journal's header is. LMDB's first transaction writes it.
journal::Header golden_header() {
  return {.journal_id = {0x0f, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 0xff},
          .fence_base = 1ULL << 40,
          .boot = 7,
          .first_sequence = 1'000'000,
          .last_sequence = 1'000'000 + std::variant_size_v<domain::EventBody> - 1,
          .transaction = 1};
}

std::string name_of(const domain::Event& event) {
  return std::string(domain::event_name(event.body));
}

std::string record_value(std::uint64_t sequence, const std::string& bytes) {
  return fakes::record_value(golden_header().journal_id, sequence, bytes);
}

std::string key_text(std::uint64_t sequence) {
  const journal::SequenceKey key = journal::sequence_key(sequence);
  return {key.begin(), key.end()};
}

void put(MDB_txn* transaction, MDB_dbi tree, std::string key, std::string value) {
  MDB_val key_value{.mv_size = key.size(), .mv_data = key.data()};
  MDB_val value_value{.mv_size = value.size(), .mv_data = value.data()};
  REQUIRE(mdb_put(transaction, tree, &key_value, &value_value, 0) == MDB_SUCCESS);
}

/// The state that the golden journal's records would follow: two topics.
domain::State golden_state() {
  domain::State state;
  for (const char* name : {"orders", "refunds"}) {
    const domain::Event created{.time_ms = 1, .cause = {}, .body = domain::TopicCreated{name, 3}};
    REQUIRE(domain::fold(state, state.sequence + 1, created).has_value());
  }
  state.sequence = golden_header().first_sequence - 1;
  return state;
}

/// Names of the fixture → keys and values of the snapshot of that state, as they are today.
std::vector<std::pair<std::string, std::string>> snapshot_today() {
  const domain::State state = golden_state();
  std::string chunk;
  (void)codec::encode_snapshot(state, [&](std::string bytes) {
    REQUIRE(chunk.empty());
    chunk = std::move(bytes);
    return true;
  });
  const journal::Snapshot snapshot{.sequence = state.sequence,
                                   .chunks = 1,
                                   .bytes = chunk.size(),
                                   .digest = state.digest,
                                   .time_ms = 1'764'000'000'000};
  std::vector<std::pair<std::string, std::string>> entries;
  const auto add = [&](std::uint32_t number, const std::string& bytes, const std::string& name) {
    const journal::SnapshotKey key{.sequence = state.sequence, .chunk = number};
    const journal::SnapshotKeyBytes key_bytes = journal::snapshot_key(key);
    entries.emplace_back("key of " + name, std::string(key_bytes.begin(), key_bytes.end()));
    entries.emplace_back(name, journal::chunk_value(golden_header().journal_id, key, bytes));
  };
  add(0, chunk, "chunk");
  add(journal::kDescriptionChunk, journal::encode_description(snapshot), "description");
  return entries;
}

/// A journal of nothing but golden bytes.
void build_journal(const std::string& directory) {
  std::filesystem::create_directories(directory);
  const auto environment = journal::open_environment(
      directory + "/" + std::string(journal::kDataFile), MDB_NOSUBDIR | MDB_NOLOCK, 64 << 20);
  REQUIRE(environment.has_value());
  auto transaction = journal::begin(*environment, 0);
  REQUIRE(transaction.has_value());
  MDB_dbi main = 0;
  MDB_dbi records = 0;
  REQUIRE(mdb_dbi_open(transaction->get(), nullptr, 0, &main) == MDB_SUCCESS);
  put(transaction->get(), main, kHeaderName, Fixture("header.txt").bytes(kHeaderName));
  REQUIRE(mdb_dbi_open(transaction->get(), "records", MDB_CREATE, &records) == MDB_SUCCESS);
  const Fixture keys("keys.txt");
  const Fixture values("records.txt");
  for (const std::string& name : values.names()) {
    put(transaction->get(), records, keys.bytes(name), values.bytes(name));
  }
  MDB_dbi snapshots = 0;
  REQUIRE(mdb_dbi_open(transaction->get(), "snapshots", MDB_CREATE, &snapshots) == MDB_SUCCESS);
  const Fixture snapshot("snapshot.txt");
  for (const char* name : {"chunk", "description"}) {
    put(transaction->get(), snapshots, snapshot.bytes(std::string("key of ") + name),
        snapshot.bytes(name));
  }
  REQUIRE(journal::commit(std::move(*transaction)).has_value());
}

}  // namespace

TEST_CASE("the header's bytes are golden") {
  const Fixture fixture("header.txt");
  fixture.require_same(kHeaderName, journal::encode_header(golden_header()));
  CHECK(journal::decode_header(fixture.bytes(kHeaderName)) == golden_header());
}

TEST_CASE("the bytes of every event are golden") {
  const Fixture fixture("events.txt");
  const std::vector<domain::Event> events = golden_events();
  REQUIRE(events.size() == std::variant_size_v<domain::EventBody>);
  for (std::size_t i = 0; i < events.size(); ++i) {
    REQUIRE(events[i].body.index() == i);
    const std::string name = name_of(events[i]);
    fixture.require_same(name, codec::encode_event(events[i]));
    const auto read = codec::decode_event(fixture.bytes(name));
    REQUIRE(read.has_value());
    CHECK(*read == events[i]);
  }
}

TEST_CASE("the bytes of a commit without metadata are golden") {
  const Fixture fixture("plain_commit.txt");
  const domain::Event event{
      .time_ms = 1'700'000'000'123,
      .cause = {.kind = domain::CauseKind::kClient, .who = "billing", .from = "10.0.0.7:40000"},
      .body = domain::OffsetsCommitted{
          .group = "billing",
          .offsets = {{.at = {.topic = 11, .partition = 3}, .offset = 4'711, .fence = 1ULL << 40},
                      {.at = {.topic = 11, .partition = 0}, .offset = 0}}}};
  fixture.require_same("OffsetsCommitted", codec::encode_event(event));
  const auto read = codec::decode_event(fixture.bytes("OffsetsCommitted"));
  REQUIRE(read.has_value());
  CHECK(*read == event);
}

TEST_CASE("the bytes of a commit whose offsets share topic and token are golden") {
  const Fixture fixture("shared_token_commit.txt");
  domain::OffsetsCommitted commit{.group = "billing", .offsets = {}};
  for (const PartitionIndex partition : {0, 2, 5, 6}) {
    commit.offsets.push_back({.at = {.topic = 11, .partition = partition},
                              .offset = 4'711 + partition,
                              .fence = 1ULL << 40});
  }
  commit.offsets.push_back({.at = {.topic = 12, .partition = 1}, .offset = 7});
  for (const char* name : {"short partitions", "partitions"}) {
    const domain::Event event{
        .time_ms = 1'700'000'000'123,
        .cause = {.kind = domain::CauseKind::kClient, .who = "billing", .from = "10.0.0.7:40000"},
        .body = commit};
    fixture.require_same(name, codec::encode_event(event));
    const auto read = codec::decode_event(fixture.bytes(name));
    REQUIRE(read.has_value());
    CHECK(*read == event);
    commit.offsets.front().at.partition = 70'000;
  }
}

TEST_CASE("keys and values of records are golden") {
  const Fixture keys("keys.txt");
  const Fixture values("records.txt");
  const Fixture events("events.txt");
  std::uint64_t sequence = golden_header().first_sequence;
  for (const domain::Event& event : golden_events()) {
    const std::string name = name_of(event);
    keys.require_same(name, key_text(sequence));
    values.require_same(name, record_value(sequence, events.bytes(name)));
    ++sequence;
  }
}

TEST_CASE("keys and values of snapshots are golden, and give the state again") {
  const Fixture fixture("snapshot.txt");
  for (const auto& [name, bytes] : snapshot_today()) fixture.require_same(name, bytes);
  const ScratchDirectory scratch;
  build_journal(scratch.data());
  auto reader = journal::FileReader::open(scratch.data());
  REQUIRE(reader.has_value());
  const auto snapshots = reader->snapshots();
  REQUIRE(snapshots.has_value());
  REQUIRE(snapshots->size() == 1);
  codec::SnapshotDecoder decoder;
  const auto read = reader->read_snapshot(snapshots->front().sequence, [&](auto, auto bytes) {
    return decoder.take(bytes).has_value();
  });
  REQUIRE(read.has_value());
  const auto state = decoder.finish();
  REQUIRE(state.has_value());
  CHECK(state->digest == golden_state().digest);
}

TEST_CASE("a journal of golden bytes is read, and the daemon writes on") {
  const ScratchDirectory scratch;
  build_journal(scratch.data());
  const Fixture events("events.txt");
  const std::vector<std::string> names = events.names();
  const auto read_all = [&](journal::FileReader& reader) {
    std::size_t count = 0;
    const auto read = reader.read(golden_header().first_sequence, UINT64_MAX,
                                  [&](std::uint64_t, std::string_view bytes) {
                                    if (count < names.size()) {
                                      CHECK(bytes == events.bytes(names[count]));
                                    }
                                    ++count;
                                    return true;
                                  });
    REQUIRE_MESSAGE(read.has_value(), read.error().message);
    return count;
  };
  {
    auto reader = journal::FileReader::open(scratch.data());
    REQUIRE(reader.has_value());
    CHECK(reader->header() == golden_header());
    CHECK(reader->check_structure().has_value());
    CHECK(read_all(*reader) == names.size());
  }
  auto store = journal::Store::open(scratch.data(), {.map_bytes = 64 << 20,
                                                     .room = {.reserve_bytes = 1 << 16,
                                                              .full_below_bytes = 1 << 17,
                                                              .clear_above_bytes = 1 << 18}});
  REQUIRE_MESSAGE(store.has_value(), store.error().message);
  CHECK(store->header().boot == golden_header().boot + 1);
  CHECK(store->append(golden_header().last_sequence + 1, {"one more"}).has_value());
  auto reader = store->reader();
  REQUIRE(reader.has_value());
  CHECK(read_all(*reader) == names.size() + 1);
}

}  // namespace muster::golden
