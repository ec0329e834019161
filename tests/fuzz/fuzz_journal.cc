// A journal's file of which bytes were replaced, or events by others with a checksum that is right:
// whoever reads it (the start of a daemon, `muster journal verify` and `repair`) gets what can be
// read, or a refusal. Every way to the state leads to the same one.

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "codec/event.h"
#include "codec/snapshot.h"
#include "coordinator/recover.h"
#include "domain/assert.h"
#include "domain/fold.h"
#include "journal/builder.h"
#include "journal/file_reader.h"
#include "journal/record.h"
#include "journal/salvage_reader.h"
#include "journal/writer_lock.h"
#include "tests/fakes/record_value.h"
#include "tests/fuzz/life.h"
#include "tests/fuzz/pieces.h"

namespace muster::fuzz {
namespace {

/// After this event of the journal there is a snapshot.
constexpr Sequence kSnapshotAfter = 5;

/// A sound journal, always the same, whose file is changed and mended again.
class File {
 public:
  File() {
    std::string name = (std::filesystem::temp_directory_path() / "muster-fuzz-XXXXXX").string();
    MUSTER_ASSERT(::mkdtemp(name.data()) != nullptr);
    directory_ = name;
    build();
    const std::string path = directory_ + "/data.mdb";
    std::ifstream stream(path, std::ios::binary);
    sound_.assign(std::istreambuf_iterator<char>(stream), {});
    file_ = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    MUSTER_ASSERT(file_ >= 0);
    for (const std::string& value : values_) MUSTER_ASSERT(sound_.contains(value));
  }
  ~File() {
    ::close(file_);
    std::filesystem::remove_all(directory_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  const std::string& directory() const { return directory_; }

  void mend() {
    for (const auto& [at, bytes] : changed_) write(at, std::string_view(sound_).substr(at, bytes));
    changed_.clear();
  }

  void change(std::string_view piece) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(piece[i]); };
    if (piece.size() > 4 && byte(0) % 2 == kBytesPiece) {
      const std::size_t place = byte(1) | std::size_t{byte(2)} << 8 | std::size_t{byte(3)} << 16;
      replace(place % sound_.size(), piece.substr(4));
    } else if (piece.size() > 2 && byte(0) % 2 == kEventPiece) {
      replace_event(byte(1) % values_.size(), piece.substr(2));
    }
  }

 private:
  void build() {
    const auto lock = journal::WriterLock::take(directory_);
    MUSTER_ASSERT(lock.has_value());
    journal::Header header;
    header.journal_id.fill(7);
    id_ = header.journal_id;
    auto builder = journal::Builder::begin(directory_, header, std::uint64_t{1} << 24);
    MUSTER_ASSERT(builder.has_value());
    put_snapshot(*builder);
    for (const domain::EventBody& body : events()) {
      const std::string bytes = codec::encode_event(event_of(body));
      MUSTER_ASSERT(builder->append(bytes).has_value());
      values_.push_back(fakes::record_value(id_, values_.size() + 1, bytes));
    }
    MUSTER_ASSERT(builder->finish().has_value());
  }

  /// One that does not fit into a page, too.
  static std::vector<domain::EventBody> events() {
    std::vector<domain::EventBody> all = life();
    all.emplace_back(domain::TopicCreated{.name = std::string(6'000, 'n'), .partition_count = 1});
    return all;
  }

  static void put_snapshot(journal::Builder& builder) {
    domain::State state;
    for (const domain::EventBody& body : events()) {
      if (state.sequence == kSnapshotAfter) break;
      MUSTER_ASSERT(domain::fold(state, state.sequence + 1, event_of(body)).has_value());
    }
    journal::Snapshot snapshot{.sequence = state.sequence, .digest = state.digest, .time_ms = 1};
    const bool whole = codec::encode_snapshot(state, [&](const std::string& chunk) {
      snapshot.bytes += chunk.size();
      return builder.put_snapshot_chunk(snapshot.sequence, snapshot.chunks++, chunk).has_value();
    });
    MUSTER_ASSERT(whole && builder.put_snapshot(snapshot).has_value());
  }

  /// In the room of the one that was there: cut, or filled up with zeros.
  void replace_event(std::size_t record, std::string_view event) {
    std::string bytes(event);
    bytes.resize(values_[record].size() - journal::kRecordChecksumBytes, '\0');
    replace(sound_.find(values_[record]), fakes::record_value(id_, record + 1, bytes));
  }

  void replace(std::size_t at, std::string_view bytes) {
    bytes = bytes.substr(0, sound_.size() - at);
    changed_.emplace_back(at, bytes.size());
    write(at, bytes);
  }
  void write(std::size_t at, std::string_view bytes) const {
    const ssize_t written = ::pwrite(file_, bytes.data(), bytes.size(), static_cast<off_t>(at));
    MUSTER_ASSERT(written == static_cast<ssize_t>(bytes.size()));
  }

  std::string directory_;
  journal::JournalId id_{};
  std::vector<std::string> values_;  // of the records
  std::string sound_;
  int file_ = -1;
  std::vector<std::pair<std::size_t, std::size_t>> changed_;
};

/// Ascending and without a gap; what can be read of an event is written and read again without a
/// difference.
void read_records(journal::Reader& reader, std::uint64_t from) {
  std::uint64_t next = from;
  const auto sink = [&](std::uint64_t sequence, std::string_view bytes) {
    MUSTER_ASSERT(sequence == next++);
    if (const auto event = codec::decode_event(bytes)) {
      const auto again = codec::decode_event(codec::encode_event(*event));
      MUSTER_ASSERT(again && *again == *event);
    }
    return true;
  };
  static_cast<void>(reader.read(from, UINT64_MAX, sink));
}

void recover(journal::Reader& reader, const journal::Header& header) {
  using coordinator::RecoverFrom;
  const auto whole = coordinator::recover(reader, header, {.from = RecoverFrom::kOldest});
  const auto quick = coordinator::recover(reader, header, {.from = RecoverFrom::kNewestSnapshot});
  if (!whole) return;
  MUSTER_ASSERT(quick.has_value() && quick->digest == whole->digest &&
                quick->sequence == whole->sequence);
}

void read(const std::string& directory) {
  if (auto reader = journal::FileReader::open(directory)) {
    static_cast<void>(reader->check_structure());
    static_cast<void>(reader->inventory());
    if (const auto header = reader->header()) {
      read_records(*reader, header->first_sequence);
      recover(*reader, *header);
    }
  }
  if (auto salvaged = journal::SalvageReader::open(directory)) {
    const auto header = salvaged->header();
    MUSTER_ASSERT(header.has_value());
    read_records(*salvaged, header->first_sequence);
    recover(*salvaged, *header);
  }
}

}  // namespace
}  // namespace muster::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static muster::fuzz::File file;
  file.mend();
  muster::fuzz::Pieces pieces(data, size);
  while (const auto piece = pieces.next()) file.change(*piece);
  muster::fuzz::read(file.directory());
  return 0;
}
