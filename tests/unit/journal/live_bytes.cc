#include "live_bytes.h"

#include <algorithm>
#include <cstring>

#include "journal/lmdb_format.h"

namespace muster::journal::test {
namespace {

using lmdb::Meta;
using lmdb::NodeHeader;
using lmdb::PageHeader;
using lmdb::Tree;

constexpr std::size_t kPageBytes = 4'096;
constexpr std::size_t kNumberBytes = sizeof(std::uint64_t);

class Account {
 public:
  explicit Account(const std::string& file) : file_(file), uses_(file.size(), ByteUse::kSlack) {}

  std::vector<ByteUse> take() {
    const auto first = at<Meta>(sizeof(PageHeader));
    const auto second = at<Meta>(kPageBytes + sizeof(PageHeader));
    const std::size_t newest = first.transaction < second.transaction ? kPageBytes : 0;
    mark_meta(kPageBytes - newest, ByteUse::kLooked);
    mark_meta(newest, ByteUse::kMeta);
    const auto meta = at<Meta>(newest + sizeof(PageHeader));
    walk(meta.free, true);
    walk(meta.main, false);
    return std::move(uses_);
  }

 private:
  template <typename Struct>
  Struct at(std::size_t offset) const {
    Struct result;
    std::memcpy(&result, file_.data() + offset, sizeof(result));
    return result;
  }

  void mark(std::size_t offset, std::size_t bytes, ByteUse use) {
    std::fill_n(uses_.begin() + static_cast<std::ptrdiff_t>(offset), bytes, use);
  }

  /// A page has its number and its kind; two bytes between them are not used.
  void mark_page_start(std::size_t page, ByteUse use) {
    mark(page + offsetof(PageHeader, number), kNumberBytes, use);
    mark(page + offsetof(PageHeader, flags), sizeof(PageHeader::flags), use);
  }

  void mark_meta(std::size_t page, ByteUse use) {
    mark_page_start(page, use);
    const std::size_t meta = page + sizeof(PageHeader);
    mark(meta, sizeof(Meta), use);
    mark(meta + offsetof(Meta, address), sizeof(Meta::address), ByteUse::kSlack);
    mark(meta + offsetof(Meta, map_bytes), sizeof(Meta::map_bytes), ByteUse::kLooked);
    mark(meta + offsetof(Meta, main) + offsetof(Tree, pad), sizeof(Tree::pad), ByteUse::kSlack);
    // Whether the file was made without a directory: one bit of the free list's flags.
    mark(meta + offsetof(Meta, free) + offsetof(Tree, flags) + 1, 1, ByteUse::kLooked);
  }

  void walk(const Tree& tree, bool free_list) {
    if (tree.root != lmdb::kNoPage) walk_page(tree.root, tree.depth, free_list);
  }

  void walk_page(std::uint64_t number, std::size_t depth, bool free_list) {
    const std::size_t page = number * kPageBytes;
    const auto header = at<PageHeader>(page);
    mark_page_start(page, ByteUse::kPage);
    mark(page + offsetof(PageHeader, lower), header.lower - offsetof(PageHeader, lower),
         ByteUse::kPage);
    for (std::size_t at_offset = sizeof(header); at_offset < header.lower; at_offset += 2) {
      const std::size_t node = page + at<std::uint16_t>(page + at_offset);
      if (depth > 1) {
        branch(node, at_offset == sizeof(header), depth, free_list);
      } else {
        leaf(node, free_list);
      }
    }
  }

  void branch(std::size_t node, bool first, std::size_t depth, bool free_list) {
    const auto header = at<NodeHeader>(node);
    mark(node, sizeof(header), ByteUse::kLink);
    const ByteUse key = free_list ? ByteUse::kLooked : ByteUse::kKey;
    // The first key of a branch counts as the least, whatever it is.
    mark(node + sizeof(header), header.key_bytes, first ? ByteUse::kSlack : key);
    const std::uint64_t child = std::uint64_t{header.low} | std::uint64_t{header.high} << 16 |
                                std::uint64_t{header.flags} << 32;
    walk_page(child, depth - 1, free_list);
  }

  void leaf(std::size_t node, bool free_list) {
    const auto header = at<NodeHeader>(node);
    const std::size_t key = node + sizeof(header);
    const std::size_t value = key + header.key_bytes;
    const std::size_t bytes = std::size_t{header.low} | std::size_t{header.high} << 16;
    mark(node, sizeof(header), ByteUse::kPage);
    mark(key, header.key_bytes, free_list ? ByteUse::kLooked : ByteUse::kKey);
    if ((header.flags & lmdb::kSubTree) != 0) {
      mark(value, sizeof(Tree), ByteUse::kHeader);
      mark(value + offsetof(Tree, pad), sizeof(Tree::pad), ByteUse::kSlack);
      in_records_ = true;
      walk(at<Tree>(value), false);
      in_records_ = false;
    } else if ((header.flags & lmdb::kBigData) != 0) {
      mark(value, kNumberBytes, ByteUse::kLink);
      const std::size_t page = at<std::uint64_t>(value) * kPageBytes;
      mark_page_start(page, ByteUse::kPage);
      mark(page + offsetof(PageHeader, lower), 4, ByteUse::kPage);  // how many pages
      mark_value(page + sizeof(PageHeader), bytes, free_list);
    } else {
      mark_value(value, bytes, free_list);
    }
  }

  void mark_value(std::size_t value, std::size_t bytes, bool free_list) {
    if (free_list) {  // room for more numbers than there are
      mark(value, (1 + at<std::uint64_t>(value)) * kNumberBytes, ByteUse::kFreeList);
    } else {
      mark(value, bytes, in_records_ ? ByteUse::kRecord : ByteUse::kHeader);
    }
  }

  const std::string& file_;
  std::vector<ByteUse> uses_;
  bool in_records_ = false;
};

}  // namespace

std::vector<ByteUse> uses_of_bytes(const std::string& file) { return Account(file).take(); }

}  // namespace muster::journal::test
