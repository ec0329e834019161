// Writes a whole new journal into a directory, or nothing: it grows under another name and gets its
// own when all of it is durable. Copies, restores and imports are made with it, and the empty
// journal that a daemon begins with.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "journal/environment.h"
#include "journal/error.h"
#include "journal/header.h"
#include "journal/reader.h"

namespace muster::journal {

/// Room for a journal in the address space; costs nothing until it is used.
inline constexpr std::uint64_t kDefaultMapBytes = std::uint64_t{1} << 40;

/// kExists when there is a journal in the directory, kCorrupt when something in it shows that there
/// was one. It need not exist.
std::expected<void, Error> refuse_occupied(const std::string& directory);

/// In this order: snapshots, ascending, each its chunks and then its description; records; finish.
/// After an error it is of no further use. What was not finished is removed with it.
class Builder {
 public:
  /// `header` says who the new journal is and with which sequence it begins; its last sequence is
  /// counted here. The directory exists, and the caller holds the writer's lock on it. Errors also
  /// as refuse_occupied.
  static std::expected<Builder, Error> begin(const std::string& directory, const Header& header,
                                             std::uint64_t map_bytes = kDefaultMapBytes);
  Builder(Builder&&) noexcept = default;
  Builder& operator=(Builder&&) = delete;
  ~Builder();

  std::expected<void, Error> put_snapshot_chunk(std::uint64_t sequence, std::uint32_t number,
                                                std::string_view bytes);
  /// Its chunks were put.
  std::expected<void, Error> put_snapshot(const Snapshot& snapshot);

  /// One more record, with the next sequence.
  std::expected<void, Error> append(std::string_view bytes);

  /// All of it is durable and in its place on return.
  std::expected<void, Error> finish();

  /// Its last sequence is that of the last record so far.
  const Header& header() const { return header_; }

 private:
  Builder(std::string directory, const Header& header, Environment environment)
      : directory_(std::move(directory)), header_(header), environment_(std::move(environment)) {}

  std::expected<void, Error> open_trees();
  std::expected<void, Error> open_cursors();
  /// Commits when the transaction is large enough.
  std::expected<void, Error> put(int code, std::size_t bytes);
  std::expected<void, Error> commit_some();
  std::string draft() const;
  Error failed(int code) const;

  std::string directory_;
  Header header_;
  Environment environment_;  // null: finished, or moved from
  Transaction transaction_;
  MDB_dbi main_ = 0;
  MDB_dbi records_ = 0;
  MDB_dbi snapshots_ = 0;
  MDB_cursor* record_cursor_ = nullptr;  // these end with the transaction
  MDB_cursor* snapshot_cursor_ = nullptr;
  std::size_t gathered_ = 0;  // entries of the transaction
  std::size_t gathered_bytes_ = 0;
};

}  // namespace muster::journal
