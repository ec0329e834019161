// Starting from a snapshot and the rest, or from the oldest place that there is.
#include "coordinator/recover.h"

#include <doctest/doctest.h>

#include "codec/event.h"
#include "codec/snapshot.h"
#include "domain/fold.h"
#include "tests/fakes/records_reader.h"

namespace muster::coordinator {
namespace {

/// Twenty topics, one an event, and snapshots where a test wants them.
class Recorded {
 public:
  Recorded() {
    reader.set_fence_base(1'000);
    for (int i = 1; i <= 20; ++i) {
      const domain::TopicCreated created{.name = "t" + std::to_string(i), .partition_count = i};
      records_.push_back(codec::encode_event({.time_ms = i, .cause = {}, .body = created}));
    }
  }

  domain::State at(Sequence sequence) const {
    domain::State state;
    state.fence_base = 1'000;
    while (state.sequence < sequence) {
      const auto event = codec::decode_event(records_[state.sequence]);
      REQUIRE(domain::fold(state, state.sequence + 1, *event).has_value());
    }
    return state;
  }
  void keep_snapshot(Sequence sequence) { keep_snapshot(at(sequence), at(sequence).digest); }
  void keep_snapshot(const domain::State& state, std::uint64_t digest) {
    std::vector<std::string> chunks;
    const auto sink = [&](std::string chunk) {
      chunks.push_back(std::move(chunk));
      return true;
    };
    REQUIRE(codec::encode_snapshot(state, sink));
    reader.add_snapshot(state.sequence, digest, std::move(chunks));
  }
  void spoil_record(Sequence sequence) { records_[sequence - 1] = "spoilt"; }
  /// The record is the one before it once more, which no state can have.
  void repeat_record(Sequence sequence) { records_[sequence - 1] = records_[sequence - 2]; }

  /// And how many events were folded for it.
  std::expected<domain::State, RecoveryError> recovered(RecoveryOptions options = {}) {
    folded = 0;
    options.folded = [this](const domain::State&, const domain::Event&) { ++folded; };
    return recover(reader, *reader.header(), options);
  }

 private:
  std::vector<std::string> records_;

 public:
  fakes::RecordsReader reader{records_};
  std::size_t folded = 0;
};

TEST_CASE("Without snapshots the whole journal is folded") {
  Recorded journal;
  const auto state = journal.recovered();
  REQUIRE(state.has_value());
  CHECK(state->sequence == 20);
  CHECK(state->fence_base == 1'000);
  CHECK(state->digest == journal.at(20).digest);
  CHECK(journal.folded == 20);
}

TEST_CASE("A start takes the newest snapshot and folds the rest") {
  Recorded journal;
  journal.keep_snapshot(5);
  journal.keep_snapshot(12);
  const auto state = journal.recovered();
  REQUIRE(state.has_value());
  CHECK(state->sequence == 20);
  CHECK(state->fence_base == 1'000);  // the header's, not the snapshot's
  CHECK(state->digest == journal.at(20).digest);
  CHECK(journal.folded == 8);
}

TEST_CASE("The state as it was then begins with the newest snapshot before") {
  Recorded journal;
  journal.keep_snapshot(5);
  journal.keep_snapshot(12);
  for (Sequence up_to = 0; up_to <= 20; ++up_to) {
    CAPTURE(up_to);
    const auto state = journal.recovered({.up_to = up_to});
    REQUIRE(state.has_value());
    CHECK(state->sequence == up_to);
    CHECK(state->digest == journal.at(up_to).digest);
    CHECK(journal.folded == (up_to >= 12 ? up_to - 12 : up_to >= 5 ? up_to - 5 : up_to));
  }
}

TEST_CASE("A trimmed journal begins with its oldest snapshot") {
  Recorded journal;
  journal.keep_snapshot(8);
  journal.keep_snapshot(12);
  journal.reader.trim_before(6);  // trimming goes a little at a time: not yet up to the snapshot
  const auto oldest = journal.recovered({.from = RecoverFrom::kOldest});
  REQUIRE(oldest.has_value());
  CHECK(oldest->digest == journal.at(20).digest);
  CHECK(journal.folded == 12);

  const auto then = journal.recovered({.up_to = 10});
  REQUIRE(then.has_value());
  CHECK(then->digest == journal.at(10).digest);
  CHECK(journal.folded == 2);
}

TEST_CASE("A state before the oldest snapshot of a trimmed journal is said to be gone") {
  Recorded journal;
  journal.keep_snapshot(8);
  journal.reader.trim_before(9);
  const auto gone = journal.recovered({.up_to = 7});
  REQUIRE_FALSE(gone.has_value());
  CHECK(gone.error().oldest_sequence == 8);
  CHECK(gone.error().first_bad_sequence == 0);
  CHECK(
      gone.error().message ==
      "The state at sequence 7 can't be had: the history up to it has been trimmed. The oldest is "
      "that at sequence 8.");
}

TEST_CASE("A trimmed journal without a snapshot to begin with is corrupt") {
  Recorded journal;
  journal.keep_snapshot(5);
  journal.reader.trim_before(9);  // 6, 7 and 8 are missing
  const auto wrong = journal.recovered();
  REQUIRE_FALSE(wrong.has_value());
  CHECK(wrong.error().first_bad_sequence == 9);
  CHECK(wrong.error().oldest_sequence == 0);
  CHECK(wrong.error().message.find("has no snapshot of the state before") != std::string::npos);
}

TEST_CASE("A snapshot whose digest is another than recorded is corrupt") {
  Recorded journal;
  journal.keep_snapshot(journal.at(12), journal.at(12).digest + 1);
  const auto wrong = journal.recovered();
  REQUIRE_FALSE(wrong.has_value());
  CHECK(wrong.error().first_bad_sequence == 12);
  CHECK(wrong.error().message.find("should have digest") != std::string::npos);
}

TEST_CASE("A snapshot that can't be decoded is corrupt") {
  Recorded journal;
  journal.keep_snapshot(12);
  journal.reader.chunks_at(12).front().resize(10);
  const auto wrong = journal.recovered();
  REQUIRE_FALSE(wrong.has_value());
  CHECK(wrong.error().first_bad_sequence == 12);
  journal.reader.chunks_at(12).clear();
  CHECK_FALSE(journal.recovered().has_value());
}

TEST_CASE("From the oldest place on, every snapshot is held against the events before it") {
  Recorded journal;
  journal.keep_snapshot(5);
  domain::State other = journal.at(11);  // sound, and not what the events fold to
  other.sequence = 12;
  journal.keep_snapshot(other, other.digest);
  journal.keep_snapshot(16);
  CHECK(journal.recovered().has_value());  // the newest one is right
  const auto wrong = journal.recovered({.from = RecoverFrom::kOldest});
  REQUIRE_FALSE(wrong.has_value());
  CHECK(wrong.error().first_bad_sequence == 12);
  CHECK(wrong.error().message.find("is not what the events fold to") != std::string::npos);
  CHECK(journal.folded == 12);
}

TEST_CASE("An event that does not fold is corruption, and nothing is skipped (total-fold)") {
  Recorded journal;
  journal.repeat_record(15);
  const auto wrong = journal.recovered();
  REQUIRE_FALSE(wrong.has_value());
  CHECK(wrong.error().first_bad_sequence == 15);
  CHECK(wrong.error().message.find("its TopicCreated does not fold") != std::string::npos);
  CHECK(journal.folded == 14);
}

TEST_CASE("A bad record behind a snapshot is found from the oldest place, and named") {
  Recorded journal;
  journal.keep_snapshot(5);
  journal.keep_snapshot(12);
  journal.spoil_record(9);
  CHECK(journal.recovered().has_value());
  const auto wrong = journal.recovered({.from = RecoverFrom::kOldest});
  REQUIRE_FALSE(wrong.has_value());
  CHECK(wrong.error().first_bad_sequence == 9);
}

TEST_CASE("What a trimming that stopped halfway leaves before the snapshot is read too") {
  Recorded journal;
  journal.keep_snapshot(8);
  journal.keep_snapshot(12);
  journal.reader.trim_before(6);
  std::vector<Sequence> read;
  const RecoveryOptions all{.from = RecoverFrom::kOldest,
                            .checked = [&](Sequence sequence) { read.push_back(sequence); }};
  REQUIRE(journal.recovered(all).has_value());
  REQUIRE(read.size() == 15);
  CHECK(read.front() == 6);
  CHECK(read.back() == 20);

  journal.spoil_record(7);
  const auto wrong = journal.recovered(all);
  REQUIRE_FALSE(wrong.has_value());
  CHECK(wrong.error().first_bad_sequence == 7);
  CHECK(journal.recovered().has_value());  // the state is what it was
}

TEST_CASE("A snapshot that history has left behind is read until it is dropped") {
  Recorded journal;
  journal.keep_snapshot(3);
  journal.keep_snapshot(8);
  journal.reader.trim_before(9);
  REQUIRE(journal.recovered({.from = RecoverFrom::kOldest}).has_value());
  journal.reader.fail_snapshot(3, journal::Fault::kCorrupt);
  CHECK_FALSE(journal.recovered({.from = RecoverFrom::kOldest}).has_value());
  CHECK(journal.recovered().has_value());
  journal.reader.fail_snapshot(3, journal::Fault::kMissing);  // dropped since it was listed
  CHECK(journal.recovered({.from = RecoverFrom::kOldest}).has_value());
}

TEST_CASE("A reader whose history is trimmed meanwhile begins again") {
  Recorded journal;
  journal.keep_snapshot(5);
  journal.keep_snapshot(12);
  const journal::Header before = *journal.reader.header();
  journal.reader.forget_snapshot(5);
  journal.reader.trim_before(13);
  const auto state = recover(journal.reader, before, {.from = RecoverFrom::kOldest});
  REQUIRE(state.has_value());
  CHECK(state->digest == journal.at(20).digest);
}

}  // namespace
}  // namespace muster::coordinator
