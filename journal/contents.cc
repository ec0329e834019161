#include "journal/contents.h"

#include <fmt/format.h>

#include <cstring>
#include <optional>
#include <string>

#include "journal/tree_cursor.h"

namespace muster::journal {
namespace {

/// Moves `cursor` to exactly `key`. False: there is no such key.
std::expected<bool, Error> find(TreeCursor& cursor, std::string_view key) {
  const auto found = cursor.seek(key);
  return found && *found ? std::expected<bool, Error>(cursor.key() == key) : found;
}

std::expected<Header, Error> read_header(const PageFile& file, const lmdb::Meta& meta) {
  TreeCursor cursor(file, meta.main);
  const auto found = find(cursor, kHeaderKey);
  if (!found) return std::unexpected(found.error());
  if (!*found || cursor.value_is_tree()) {
    return std::unexpected(file.corrupt("it has no header; is it a file of another program?"));
  }
  std::string bytes;
  if (auto value = cursor.value(bytes); !value) return std::unexpected(value.error());
  auto header = decode_header(bytes);
  if (header && header->transaction != meta.transaction) {
    return std::unexpected(
        file.corrupt(fmt::format("its header is of transaction {}, the file of transaction {}: an "
                                 "older state shows, or another program wrote to it",
                                 header->transaction, meta.transaction)));
  }
  return header;
}

/// The tree under `name`, or nothing when there is none.
std::expected<std::optional<lmdb::Tree>, Error> read_tree(const PageFile& file,
                                                          const lmdb::Meta& meta,
                                                          std::string_view name) {
  TreeCursor cursor(file, meta.main);
  const auto found = find(cursor, name);
  if (!found) return std::unexpected(found.error());
  if (!*found) return std::nullopt;
  if (!cursor.value_is_tree()) {
    return std::unexpected(file.corrupt(fmt::format("its tree of {} is none", name)));
  }
  std::string bytes;
  if (auto value = cursor.value(bytes); !value) return std::unexpected(value.error());
  lmdb::Tree tree;
  std::memcpy(&tree, bytes.data(), sizeof(tree));
  return tree;
}

/// A damaged name would hide what stands under it.
std::expected<void, Error> check_names(const PageFile& file, const lmdb::Meta& meta) {
  TreeCursor cursor(file, meta.main);
  auto more = cursor.seek({});
  for (; more && *more; more = cursor.next()) {
    const std::string_view name = cursor.key();
    if (name == kHeaderKey || name == kRecordsTree || name == kSnapshotsTree) continue;
    return std::unexpected(file.corrupt("it holds something of an unknown name"));
  }
  if (!more) return std::unexpected(more.error());
  return {};
}

}  // namespace

std::expected<Contents, Error> read_contents(const PageFile& file, const lmdb::Meta& meta) {
  const auto header = read_header(file, meta);
  if (!header) return std::unexpected(header.error());

  if (auto known = check_names(file, meta); !known) return std::unexpected(known.error());
  const auto records = read_tree(file, meta, kRecordsTree);
  if (!records) return std::unexpected(records.error());
  if (!*records) return std::unexpected(file.corrupt("it has no tree of records"));
  const auto snapshots = read_tree(file, meta, kSnapshotsTree);
  if (!snapshots) return std::unexpected(snapshots.error());
  const Contents contents{
      .header = *header, .records = **records, .snapshots = snapshots->value_or(lmdb::kEmptyTree)};

  return contents;
}

std::expected<void, Error> check_count(const PageFile& file, const Contents& contents) {
  const Header& header = contents.header;
  const std::uint64_t counted = header.last_sequence + 1 - header.first_sequence;
  if (contents.records.entries == counted) return {};
  return std::unexpected(file.corrupt(
      fmt::format("its header counts {} records, it holds {}", counted, contents.records.entries)));
}

}  // namespace muster::journal
