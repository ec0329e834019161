// Reads a damaged journal without the pages that lead to its records. Every record and every chunk
// of a snapshot carries a checksum over the journal's id and its own key, so that it can be found
// and believed wherever it lies: the whole file is looked through once, and what is found is
// indexed by page. For `muster journal repair`, of a journal that nobody writes to.
//
// A page that is free may hold a record of a transaction that never was committed, under a sequence
// that was given to another event since. So where a list of the free pages can be read, records are
// taken from the other pages only; from any page those behind the transaction of that list.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "journal/page_file.h"
#include "journal/reader.h"

namespace muster::journal {

class SalvageReader final : public Reader {
 public:
  /// May be empty.
  using Progress = std::function<void(std::uint64_t pages, std::uint64_t of_pages)>;

  /// Looks through the whole file; of its size one half percent is held in memory. kMissing,
  /// kSystem; kCorrupt when nothing says which journal it is.
  static std::expected<SalvageReader, Error> open(const std::string& directory,
                                                  const Progress& progress = {});

  /// Of the newest transaction that can be read. The last sequence may be a later one, when records
  /// follow that it does not count.
  std::expected<Header, Error> header() override { return header_; }
  std::expected<void, Error> read(std::uint64_t from, std::uint64_t to, const Sink& sink) override;
  std::expected<std::vector<Snapshot>, Error> snapshots() override;
  std::expected<void, Error> read_snapshot(std::uint64_t sequence, const Sink& sink) override;

 private:
  /// Records that follow one another, all in one page.
  struct Run {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    std::uint64_t page = 0;
  };
  /// Where an entry begins.
  struct Place {
    std::uint64_t page = 0;
    std::size_t offset = 0;
  };
  /// One transaction's end, as a meta page leads to it.
  struct Slot {
    std::uint64_t transaction = 0;  // 0: not known
    std::optional<Header> header;
    std::vector<bool> live;  // by page; empty: not known
  };
  struct Entry {
    std::string_view key;
    std::string_view inline_value;
    std::uint64_t overflow_page = 0;
    std::uint64_t value_bytes = 0;
  };

  explicit SalvageReader(PageFile file) : file_(std::move(file)) {}

  std::expected<void, Error> find_header(std::uint64_t pages);
  Slot read_slot(std::uint64_t index, std::uint64_t pages) const;
  std::optional<Header> header_of(const lmdb::Meta& meta) const;
  std::vector<bool> live_pages(const lmdb::Meta& meta, std::uint64_t pages) const;
  std::optional<Header> scan_for_header(std::uint64_t pages);

  void index_page(std::uint64_t page);
  void sort_runs();
  void count_what_follows();

  /// What may be an entry of a leaf at this offset of the page that was read last.
  std::optional<Entry> entry_at(std::size_t offset) const;
  bool read_page(std::uint64_t page);
  /// The value, without its checksum, if that matches; it lasts until the next is read.
  std::optional<std::string_view> record_of(const Entry& entry, std::uint64_t sequence);
  std::optional<std::string_view> chunk_of(const Entry& entry);
  std::optional<std::string_view> value_of(const Entry& entry);

  const Run* find(std::uint64_t sequence) const;
  std::optional<std::string_view> find_record(std::uint64_t sequence);

  PageFile file_;
  Header header_;
  std::uint64_t certain_ = 0;  // up to this sequence live_ tells which pages hold a record
  bool ends_there_ = false;    // no later transaction was committed
  std::vector<bool> live_;     // by page; empty: not known
  std::vector<Run> runs_;      // ascending; in live pages, if these are known
  std::vector<Run> others_;    // in the other pages
  std::map<std::pair<std::uint64_t, std::uint32_t>, Place> chunks_;

  std::string page_;                              // that was read last
  std::map<std::uint64_t, std::size_t> offsets_;  // of its records
  std::string value_;
};

}  // namespace muster::journal
