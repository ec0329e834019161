#include "journal/salvage_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "journal/contents.h"
#include "journal/record.h"
#include "journal/snapshot_format.h"
#include "journal/tree_cursor.h"

namespace muster::journal {
namespace {

constexpr std::uint64_t kProgressPages = 4'096;
/// No event, and no chunk with its checksum, has more. What claims more is none.
constexpr std::uint64_t kMostValueBytes = kMaxSnapshotChunkBytes + kRecordChecksumBytes;
/// Runs overlap where a page holds a remainder of another one: so far back it is looked for.
constexpr int kOverlappingRuns = 64;

}  // namespace

std::expected<SalvageReader, Error> SalvageReader::open(const std::string& directory,
                                                        const Progress& progress) {
  auto file = PageFile::open_damaged(fmt::format("{}/{}", directory, kDataFile));
  if (!file) return std::unexpected(file.error());
  const auto pages = file->pages();
  if (!pages) return std::unexpected(pages.error());
  SalvageReader reader(std::move(*file));
  if (auto found = reader.find_header(*pages); !found) return std::unexpected(found.error());
  for (std::uint64_t page = lmdb::kMetaPages; page < *pages; ++page) {
    reader.index_page(page);
    if (progress && page % kProgressPages == 0) progress(page, *pages);
  }
  reader.sort_runs();
  if (!reader.ends_there_) reader.count_what_follows();
  return reader;
}

std::expected<void, Error> SalvageReader::find_header(std::uint64_t pages) {
  Slot newer = read_slot(0, pages);
  Slot older = read_slot(1, pages);
  if (older.transaction > newer.transaction) std::swap(newer, older);
  std::optional<Header> header = newer.header ? newer.header : older.header;
  if (!header) header = scan_for_header(pages);
  if (!header) {
    return std::unexpected(
        file_.corrupt("nothing in it says which journal it is, so that no record can be believed"));
  }
  header_ = *header;
  ends_there_ = newer.header && older.transaction + 1 == newer.transaction;
  const auto tells = [](const Slot& slot) { return slot.header && !slot.live.empty(); };
  if (tells(newer)) {
    certain_ = newer.header->last_sequence;
  } else if (tells(older)) {
    certain_ = older.header->last_sequence;
  }
  // What either calls live was committed, and is not overwritten before the next transaction.
  live_ = std::move(newer.live);
  if (live_.empty()) {
    live_ = std::move(older.live);
  } else if (!older.live.empty()) {
    for (std::size_t page = 0; page < live_.size(); ++page) {
      if (older.live[page]) live_[page] = true;
    }
  }
  return {};
}

SalvageReader::Slot SalvageReader::read_slot(std::uint64_t index, std::uint64_t pages) const {
  const auto meta = file_.meta(index);
  if (!meta) return {};
  Slot slot{.transaction = 0, .header = header_of(meta->meta), .live = {}};
  // A header has a checksum, a meta page has none.
  if (slot.header && slot.header->transaction % lmdb::kMetaPages == index) {
    slot.transaction = slot.header->transaction;
  } else {
    slot.header.reset();
    if (meta->sound) slot.transaction = meta->meta.transaction;
  }
  if (slot.transaction != 0) slot.live = live_pages(meta->meta, pages);
  return slot;
}

std::optional<Header> SalvageReader::header_of(const lmdb::Meta& meta) const {
  TreeCursor cursor(file_, meta.main);
  const auto found = cursor.seek(kHeaderKey);
  if (!found || !*found || cursor.key() != kHeaderKey) return std::nullopt;
  std::string bytes;
  if (!cursor.value(bytes)) return std::nullopt;
  const auto header = decode_header(bytes);
  return header ? std::optional(*header) : std::nullopt;
}

/// All but those in the lists of free pages; nothing when one of the lists can't be read.
std::vector<bool> SalvageReader::live_pages(const lmdb::Meta& meta, std::uint64_t pages) const {
  std::vector<bool> live(pages, true);
  std::uint64_t lists = 0;
  std::string bytes;
  TreeCursor cursor(file_, meta.free);
  auto more = cursor.seek({});
  for (; more && *more; more = cursor.next()) {
    if (++lists > meta.free.entries || !cursor.value(bytes)) return {};
    std::uint64_t count = 0;
    if (bytes.size() < sizeof(count)) return {};
    std::memcpy(&count, bytes.data(), sizeof(count));
    if (count >= bytes.size() / sizeof(count)) return {};
    for (std::uint64_t i = 1; i <= count; ++i) {
      std::uint64_t page = 0;
      std::memcpy(&page, bytes.data() + i * sizeof(page), sizeof(page));
      if (page < pages) live[page] = false;
    }
  }
  if (!more || lists != meta.free.entries) return {};
  for (std::uint64_t page = meta.last_page + 1; page < pages; ++page) live[page] = false;
  return live;
}

std::optional<Header> SalvageReader::scan_for_header(std::uint64_t pages) {
  std::optional<Header> newest;
  for (std::uint64_t page = lmdb::kMetaPages; page < pages; ++page) {
    if (!read_page(page)) continue;
    for (std::size_t offset = sizeof(lmdb::PageHeader); offset < page_.size(); offset += 2) {
      const auto entry = entry_at(offset);
      if (!entry || entry->key != kHeaderKey) continue;
      const auto header = decode_header(entry->inline_value);
      if (header && (!newest || header->transaction > newest->transaction)) newest = *header;
    }
  }
  return newest;
}

bool SalvageReader::read_page(std::uint64_t page) {
  page_.resize(file_.page_bytes());
  return file_.read_at(page * page_.size(), page_.data(), page_.size()).has_value();
}

std::optional<SalvageReader::Entry> SalvageReader::entry_at(std::size_t offset) const {
  lmdb::NodeHeader node{};
  if (offset + sizeof(node) > page_.size()) return std::nullopt;
  std::memcpy(&node, page_.data() + offset, sizeof(node));
  const bool known_key = node.key_bytes == kSequenceKeyBytes ||
                         node.key_bytes == kSnapshotKeyBytes || node.key_bytes == kHeaderKey.size();
  if (!known_key || (node.flags != 0 && node.flags != lmdb::kBigData)) return std::nullopt;
  Entry entry;
  entry.value_bytes = std::uint64_t{node.low} | std::uint64_t{node.high} << 16;
  const std::size_t start = offset + sizeof(node) + node.key_bytes;
  const bool elsewhere = node.flags == lmdb::kBigData;
  const std::uint64_t bytes_here = elsewhere ? sizeof(std::uint64_t) : entry.value_bytes;
  if (start + bytes_here > page_.size()) return std::nullopt;
  entry.key = std::string_view(page_).substr(offset + sizeof(node), node.key_bytes);
  if (elsewhere) {
    std::memcpy(&entry.overflow_page, page_.data() + start, sizeof(entry.overflow_page));
  } else {
    entry.inline_value = std::string_view(page_).substr(start, entry.value_bytes);
  }
  return entry;
}

std::optional<std::string_view> SalvageReader::value_of(const Entry& entry) {
  if (entry.overflow_page == 0) return entry.inline_value;
  const auto pages = file_.pages();
  if (!pages || entry.overflow_page >= *pages || entry.value_bytes > kMostValueBytes) {
    return std::nullopt;
  }
  const std::uint64_t start = entry.overflow_page * file_.page_bytes() + sizeof(lmdb::PageHeader);
  if (start + entry.value_bytes > *pages * file_.page_bytes()) return std::nullopt;
  value_.resize(entry.value_bytes);
  if (!file_.read_at(start, value_.data(), value_.size())) return std::nullopt;
  return value_;
}

std::optional<std::string_view> SalvageReader::record_of(const Entry& entry,
                                                         std::uint64_t sequence) {
  const auto value = value_of(entry);
  return value ? checked_bytes(header_.journal_id, sequence, *value) : std::nullopt;
}

std::optional<std::string_view> SalvageReader::chunk_of(const Entry& entry) {
  const auto key = snapshot_key_of(entry.key);
  if (!key) return std::nullopt;
  const auto value = value_of(entry);
  return value ? checked_chunk(header_.journal_id, *key, *value) : std::nullopt;
}

/// Its head and the places of its entries may be damaged: an entry is looked for everywhere.
void SalvageReader::index_page(std::uint64_t page) {
  if (!read_page(page)) return;
  const bool live = live_.empty() || live_[page];
  std::vector<std::uint64_t> found;
  for (std::size_t offset = sizeof(lmdb::PageHeader); offset < page_.size(); offset += 2) {
    const auto entry = entry_at(offset);
    if (!entry) continue;
    if (const auto sequence = sequence_of(entry->key)) {
      if (record_of(*entry, *sequence)) found.push_back(*sequence);
    } else if (const auto key = snapshot_key_of(entry->key); key && live && chunk_of(*entry)) {
      chunks_.try_emplace({key->sequence, key->chunk}, Place{.page = page, .offset = offset});
    }
  }
  std::ranges::sort(found);
  std::vector<Run>& runs = live ? runs_ : others_;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const bool goes_on = i > 0 && found[i] <= found[i - 1] + 1;
    if (!goes_on) runs.push_back({.first = found[i], .last = found[i], .page = page});
    runs.back().last = found[i];
  }
}

/// The page that an append wrote last is written again and again, a little longer each time: of
/// what begins alike the longest is kept.
void SalvageReader::sort_runs() {
  for (std::vector<Run>* runs : {&runs_, &others_}) {
    std::ranges::sort(*runs, [](const Run& a, const Run& b) {
      return a.first != b.first ? a.first < b.first : a.last > b.last;
    });
    const auto again = std::ranges::unique(*runs, {}, &Run::first);
    runs->erase(again.begin(), again.end());
  }
}

/// A later transaction may have been committed whose header can't be found.
void SalvageReader::count_what_follows() {
  while (const Run* run = find(header_.last_sequence + 1)) header_.last_sequence = run->last;
}

const SalvageReader::Run* SalvageReader::find(std::uint64_t sequence) const {
  const auto in = [sequence](const std::vector<Run>& runs) -> const Run* {
    auto after = std::ranges::upper_bound(runs, sequence, {}, &Run::first);
    for (int i = 0; i < kOverlappingRuns && after != runs.begin(); ++i) {
      --after;
      if (after->last >= sequence) return &*after;
    }
    return nullptr;
  };
  const Run* run = in(runs_);
  if (run == nullptr && sequence > certain_) run = in(others_);
  return run;
}

std::optional<std::string_view> SalvageReader::find_record(std::uint64_t sequence) {
  auto offset = offsets_.find(sequence);
  if (offset == offsets_.end()) {
    const Run* run = find(sequence);
    if (run == nullptr || !read_page(run->page)) return std::nullopt;
    offsets_.clear();
    for (std::size_t at = sizeof(lmdb::PageHeader); at < page_.size(); at += 2) {
      const auto entry = entry_at(at);
      const auto found = entry ? sequence_of(entry->key) : std::nullopt;
      if (found && *found >= run->first && *found <= run->last && record_of(*entry, *found)) {
        offsets_.insert_or_assign(*found, at);
      }
    }
    offset = offsets_.find(sequence);
    if (offset == offsets_.end()) return std::nullopt;
  }
  return record_of(*entry_at(offset->second), sequence);
}

std::expected<void, Error> SalvageReader::read(std::uint64_t from, std::uint64_t to,
                                               const Sink& sink) {
  offsets_.clear();
  for (std::uint64_t sequence = from; sequence <= std::min(to, header_.last_sequence); ++sequence) {
    const auto bytes = find_record(sequence);
    if (!bytes) {
      Error error = file_.corrupt(fmt::format("record {} is missing or damaged", sequence));
      error.first_bad_sequence = sequence;
      return std::unexpected(std::move(error));
    }
    if (!sink(sequence, *bytes)) break;
  }
  return {};
}

std::expected<std::vector<Snapshot>, Error> SalvageReader::snapshots() {
  std::vector<Snapshot> whole;
  for (const auto& [key, place] : chunks_) {
    const auto [sequence, chunk] = key;
    if (chunk != kDescriptionChunk || sequence > header_.last_sequence) continue;
    if (!read_page(place.page)) continue;
    const auto entry = entry_at(place.offset);
    const auto bytes = entry ? chunk_of(*entry) : std::nullopt;
    const auto snapshot = bytes ? decode_description(sequence, *bytes) : std::nullopt;
    if (snapshot) whole.push_back(*snapshot);
  }
  return whole;
}

std::expected<void, Error> SalvageReader::read_snapshot(std::uint64_t sequence, const Sink& sink) {
  offsets_.clear();
  for (std::uint32_t chunk = 0;; ++chunk) {
    const auto place = chunks_.find({sequence, chunk});
    if (place == chunks_.end()) return {};  // whether that was all is for whoever decodes it to say
    const auto entry =
        read_page(place->second.page) ? entry_at(place->second.offset) : std::nullopt;
    const auto bytes = entry ? chunk_of(*entry) : std::nullopt;
    if (!bytes) {
      Error error =
          file_.corrupt(fmt::format("chunk {} of the snapshot at sequence {}", chunk, sequence));
      error.first_bad_sequence = sequence;
      return std::unexpected(std::move(error));
    }
    if (!sink(chunk, *bytes)) return {};
  }
}

}  // namespace muster::journal
