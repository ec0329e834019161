// Reads the pages of LMDB's file with pread and believes none of them: every number is checked
// before it is used. So a journal can be read whatever its file holds, without a signal.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "journal/error.h"
#include "journal/file_descriptor.h"
#include "journal/lmdb_format.h"

namespace muster::journal {

/// One branch or leaf page, copied out of the file and checked: each of its nodes lies within it.
class Page {
 public:
  struct Value {
    std::string_view inline_bytes;    // when overflow_page is 0
    std::uint64_t overflow_page = 0;  // of the first of them
    std::uint64_t overflow_bytes = 0;
    bool is_tree = false;  // inline_bytes are an lmdb::Tree
  };

  std::size_t size() const { return nodes_.size(); }
  std::string_view key(std::size_t node) const;
  std::uint64_t child(std::size_t node) const;  // of a branch
  Value value(std::size_t node) const;          // of a leaf

 private:
  friend class PageFile;
  bool parse(std::uint16_t kind);
  bool parse_node(std::uint16_t kind, std::size_t offset, std::size_t& node_bytes) const;
  lmdb::NodeHeader node_header(std::size_t node) const;

  std::vector<char> bytes_;
  std::vector<std::uint16_t> nodes_;  // offsets
};

/// Thread-compatible: const members may be called from several threads.
class PageFile {
 public:
  static std::expected<PageFile, Error> open(const std::string& path);
  /// Of a damaged file, with the size of its pages as far as that can be found out.
  static std::expected<PageFile, Error> open_damaged(const std::string& path);

  std::size_t page_bytes() const { return page_bytes_; }

  /// Both meta pages, each sound, and of consecutive transactions: that of transaction T at T % 2.
  /// May fail by chance while a writer commits: then read again.
  using Metas = std::array<lmdb::Meta, lmdb::kMetaPages>;
  std::expected<Metas, Error> metas() const;

  /// A meta page as it is, and whether it may be one.
  struct AnyMeta {
    lmdb::Meta meta;
    bool sound = false;
  };
  std::expected<AnyMeta, Error> meta(std::uint64_t index) const;

  /// Reads any bytes; kCorrupt when the file ends before.
  std::expected<void, Error> read_at(std::uint64_t offset, char* to, std::size_t bytes) const;

  /// Reads a page that must be a branch (or a leaf), and lie within the file.
  std::expected<void, Error> read(std::uint64_t number, lmdb::PageFlag kind, Page& page) const;

  /// How many pages a value takes that does not lie within its leaf; kCorrupt unless they are what
  /// it says.
  std::expected<std::uint64_t, Error> overflow_pages(const Page::Value& value) const;
  /// Replaces `bytes` by such a value.
  std::expected<void, Error> read_overflow(const Page::Value& value, std::string& bytes) const;

  /// kCorrupt, naming the file.
  Error corrupt(std::string_view what) const;

  /// Whether another file stands at its path by now. Not when there is none at the moment.
  bool replaced() const;

  /// Whole pages that the file has now.
  std::expected<std::uint64_t, Error> pages() const;

 private:
  PageFile(std::string path, FileDescriptor file)
      : path_(std::move(path)), file_(std::move(file)) {}
  static std::expected<PageFile, Error> open_file(const std::string& path);

  std::string path_;
  FileDescriptor file_;
  std::size_t page_bytes_ = 0;
};

}  // namespace muster::journal
