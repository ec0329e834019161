// A damaged journal whose records are intact: all of them are found, wherever the damage is.
#include <fstream>
#include <sstream>

#include "journal/salvage_reader.h"
#include "tests/unit/journal/journals.h"
#include "tests/unit/journal/scratch_directory.h"
#include "tests/unit/journal/snapshots.h"

namespace muster::journal::test {
namespace {

constexpr std::uint64_t kEvents = 1'500;
constexpr std::uint64_t kSalvagedPageBytes = 4'096;

/// A journal of some depth, with records that are larger than a page, a snapshot, and free pages.
class Salvaged {
 public:
  Salvaged() {
    Store store = open_store(directory_.data());
    append_events(store, kEvents - 500);
    put_snapshot(store, 1'000);
    append_events(store, 500, 7);
    header_ = store.header();
    good_ = text();
  }

  const std::string& good() const { return good_; }
  const Header& header() const { return header_; }

  /// All that can be read of such a file.
  ReadBack read(const std::string& bytes) {
    std::ofstream(directory_.data_file(), std::ios::binary) << bytes;
    auto reader = SalvageReader::open(directory_.data());
    if (!reader) return {.records = {}, .outcome = std::unexpected(reader.error())};
    snapshots = *reader->snapshots();
    return read_back(*reader);
  }
  std::vector<Snapshot> snapshots;

 private:
  std::string text() const {
    std::ostringstream bytes;
    bytes << std::ifstream(directory_.data_file(), std::ios::binary).rdbuf();
    return bytes.str();
  }

  ScratchDirectory directory_;
  Header header_;
  std::string good_;
};

void check_all(const ReadBack& found, std::uint64_t events = kEvents) {
  CHECK_MESSAGE(found.outcome.has_value(), found.outcome.error().message);
  REQUIRE(found.records.size() == events);
  for (const auto& [sequence, bytes] : found.records) REQUIRE(bytes == event_bytes(sequence));
}

void spoil_page(std::string& bytes, std::uint64_t page) {
  std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(page * kSalvagedPageBytes),
              kSalvagedPageBytes, 'x');
}

/// The pages with these flags.
std::vector<std::uint64_t> pages_with(const std::string& bytes, char flags) {
  std::vector<std::uint64_t> pages;
  for (std::uint64_t page = 2; page < bytes.size() / kSalvagedPageBytes; ++page) {
    if (bytes[page * kSalvagedPageBytes + 10] == flags) pages.push_back(page);
  }
  return pages;
}

TEST_CASE("all of a sound journal is found by a scan, its snapshots too") {
  Salvaged journal;
  check_all(journal.read(journal.good()));
  REQUIRE(journal.snapshots.size() == 1);
  CHECK(journal.snapshots[0] == description(1'000, 3));
}

TEST_CASE("no branch page is needed") {
  Salvaged journal;
  std::string bytes = journal.good();
  const auto branches = pages_with(bytes, lmdb::kBranch);
  REQUIRE(branches.size() > 1);
  for (const std::uint64_t page : branches) spoil_page(bytes, page);
  check_all(journal.read(bytes));
}

TEST_CASE("either meta page may be damaged, wherever a byte of it is flipped, or be gone") {
  Salvaged journal;
  for (const std::uint64_t page : {0, 1}) {
    for (std::size_t at = 0; at < 16 + sizeof(lmdb::Meta); at += 5) {
      CAPTURE(page);
      CAPTURE(at);
      std::string bytes = journal.good();
      bytes[page * kSalvagedPageBytes + at] =
          static_cast<char>(bytes[page * kSalvagedPageBytes + at] ^ 0x10);
      check_all(journal.read(bytes));
    }
    std::string bytes = journal.good();
    spoil_page(bytes, page);
    check_all(journal.read(bytes));
  }
}

TEST_CASE("the page with the header may be gone: the one before it says which journal it is") {
  Salvaged journal;
  std::string bytes = journal.good();
  const std::size_t at = bytes.find(encode_header(journal.header()));
  REQUIRE(at != std::string::npos);
  spoil_page(bytes, at / kSalvagedPageBytes);
  check_all(journal.read(bytes));
}

TEST_CASE("the head of a leaf may be damaged: the records in it are found") {
  Salvaged journal;
  std::string bytes = journal.good();
  for (const std::uint64_t page : pages_with(bytes, lmdb::kLeaf)) {
    bytes[page * kSalvagedPageBytes + 12] =
        static_cast<char>(bytes[page * kSalvagedPageBytes + 12] ^ 0x20);
  }
  const ReadBack found = journal.read(bytes);
  REQUIRE(found.records.size() == kEvents);
}

TEST_CASE("a damaged record is not handed out, and those around it are") {
  Salvaged journal;
  std::string bytes = journal.good();
  const std::string value = event_bytes(1'134);
  for (std::size_t at = bytes.find(value); at != std::string::npos;
       at = bytes.find(value, at + 1)) {
    bytes[at] = '!';
  }
  const ReadBack found = journal.read(bytes);
  REQUIRE_FALSE(found.outcome.has_value());
  const std::uint64_t bad = found.outcome.error().first_bad_sequence;
  CHECK(bad <= 1'134);
  CHECK(found.records.size() == bad - 1);
}

TEST_CASE("a file of anything is no journal, and a journal without any page is none either") {
  Salvaged journal;
  CHECK_FALSE(journal.read(std::string(20'000, 'x')).outcome.has_value());
  CHECK_FALSE(journal.read({}).outcome.has_value());
  CHECK_FALSE(journal.read(journal.good().substr(0, 2 * kSalvagedPageBytes)).outcome.has_value());
}

}  // namespace
}  // namespace muster::journal::test
