#include "journal/contents.h"

#include <fmt/format.h>

#include <cstring>
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

}  // namespace

std::expected<Contents, Error> read_contents(const PageFile& file, const lmdb::Meta& meta) {
  const auto header = read_header(file, meta);
  if (!header) return std::unexpected(header.error());

  TreeCursor cursor(file, meta.main);
  const auto found = find(cursor, kRecordsTree);
  if (!found) return std::unexpected(found.error());
  if (!*found || !cursor.value_is_tree()) {
    return std::unexpected(file.corrupt("it has no tree of records"));
  }
  std::string bytes;
  if (auto value = cursor.value(bytes); !value) return std::unexpected(value.error());
  Contents contents{.header = *header, .records = {}};
  std::memcpy(&contents.records, bytes.data(), sizeof(contents.records));

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
