// One flipped byte: found if it means something, harmless if it doesn't.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>

#include "journal/file_descriptor.h"
#include "journals.h"
#include "live_bytes.h"
#include "scratch_directory.h"
#include "tests/sanitized.h"

namespace muster::journal::test {
namespace {

namespace fs = std::filesystem;

/// Branch pages, overflow pages, free pages, and lists of them; alone in a directory, as a backup.
class Flipped {
 public:
  Flipped() {
    {
      Store store = open_store(scratch_.data());
      append_events(store, kRecords, 7);
    }
    fs::create_directories(directory());
    fs::copy_file(scratch_.data_file(), directory() + "/data.mdb");
    file_ = FileDescriptor(::open((directory() + "/data.mdb").c_str(), O_WRONLY | O_CLOEXEC));
    std::ifstream stream(scratch_.data_file(), std::ios::binary);
    bytes_.assign(std::istreambuf_iterator<char>(stream), {});
    uses_ = uses_of_bytes(bytes_);
  }

  const std::vector<ByteUse>& uses() const { return uses_; }

  std::vector<std::size_t> offsets(const std::function<bool(ByteUse)>& wanted) const {
    std::vector<std::size_t> found;
    for (std::size_t offset = 0; offset < uses_.size(); ++offset) {
      if (wanted(uses_[offset])) found.push_back(offset);
    }
    return found;
  }

  /// Whether verification finds the byte at `offset` changed to another value.
  bool found(std::size_t offset, std::mt19937& random) {
    const auto other = static_cast<char>(bytes_[offset] ^ (1 + random() % 255));
    write(offset, other);
    const bool found = !is_sound();
    write(offset, bytes_[offset]);
    return found;
  }

 private:
  static constexpr std::uint64_t kRecords = 1'000;

  std::string directory() const { return scratch_.path() / "copy"; }

  void write(std::size_t offset, char byte) const {
    REQUIRE(::pwrite(file_.number(), &byte, 1, static_cast<off_t>(offset)) == 1);
  }

  /// As `journal verify` looks, below the events. What it finds sound is what was written.
  bool is_sound() const {
    auto reader = FileReader::open(directory());
    if (!reader || !reader->check_structure()) return false;
    std::uint64_t count = 0;
    bool same = true;
    const auto read = reader->read(1, UINT64_MAX, [&](auto sequence, auto bytes) {
      same = same && sequence == ++count && bytes == event_bytes(sequence);
      return same;
    });
    if (!read) return false;
    REQUIRE(same);
    REQUIRE(count == kRecords);
    return true;
  }

  ScratchDirectory scratch_;
  FileDescriptor file_;
  std::string bytes_;
  std::vector<ByteUse> uses_;
};

constexpr int kHarmless = kSanitized ? 200 : 1'000;

}  // namespace

TEST_CASE("a thousand of a thousand flipped bytes that mean something are found") {
  Flipped journal;
  std::mt19937 random(1);
  const auto live = journal.offsets(is_live);
  for (int i = 0; i < 1'000; ++i) {
    const std::size_t offset = live[random() % live.size()];
    CAPTURE(offset);
    CAPTURE(static_cast<int>(journal.uses()[offset]));
    CHECK(journal.found(offset, random));
  }
}

TEST_CASE("of every use of a byte, each of a hundred flips is found") {
  Flipped journal;
  std::mt19937 random(2);
  for (const ByteUse use : {ByteUse::kMeta, ByteUse::kPage, ByteUse::kLink, ByteUse::kKey,
                            ByteUse::kHeader, ByteUse::kRecord, ByteUse::kFreeList}) {
    CAPTURE(static_cast<int>(use));
    const auto offsets = journal.offsets([use](ByteUse one) { return one == use; });
    REQUIRE_FALSE(offsets.empty());
    for (int i = 0; i < 100; ++i) {
      const std::size_t offset = offsets[random() % offsets.size()];
      CAPTURE(offset);
      CHECK(journal.found(offset, random));
    }
  }
}

TEST_CASE("a flipped byte of slack or of a free page harms nothing") {
  Flipped journal;
  std::mt19937 random(3);
  const auto slack = journal.offsets([](ByteUse use) { return use == ByteUse::kSlack; });
  // Free pages count.
  REQUIRE(slack.size() > 4'096);
  for (int i = 0; i < kHarmless; ++i) {
    const std::size_t offset = slack[random() % slack.size()];
    CAPTURE(offset);
    CHECK_FALSE(journal.found(offset, random));
  }
  // Found or not: what is read is what was written, which found() requires.
  const auto looked = journal.offsets([](ByteUse use) { return use == ByteUse::kLooked; });
  for (int i = 0; i < kHarmless; ++i) journal.found(looked[random() % looked.size()], random);
}

}  // namespace muster::journal::test
