// The parts of LMDB 0.9's file format (data version 1, 64-bit) that page_file.cc reads by itself.
// LMDB has no checksums and trusts what it maps: a damaged page makes it crash, hang or write over
// live data. So nothing in muster reads a journal through LMDB's cursors; see
// docs/decisions/journal-damaged-files.md.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace muster::journal::lmdb {

// LMDB writes its structures as they lie in memory.
static_assert(std::endian::native == std::endian::little && sizeof(void*) == 8,
              "the reader of LMDB's pages knows the 64-bit little-endian layout only");

inline constexpr std::uint32_t kMagic = 0xBEEFC0DE;
inline constexpr std::uint32_t kDataVersion = 1;
inline constexpr std::uint64_t kMetaPages = 2;
inline constexpr std::uint64_t kNoPage = ~std::uint64_t{0};  // the root of an empty tree
inline constexpr std::size_t kMaxDepth = 32;
inline constexpr std::size_t kMaxPageBytes = 0x8000;
inline constexpr std::size_t kMinPageBytes = 0x200;
inline constexpr std::size_t kUsualPageBytes = 0x1000;  // that of the operating system

enum PageFlag : std::uint16_t { kBranch = 0x01, kLeaf = 0x02, kOverflow = 0x04, kMeta = 0x08 };
enum NodeFlag : std::uint16_t { kBigData = 0x01, kSubTree = 0x02 };

struct PageHeader {
  std::uint64_t number;
  std::uint16_t pad;
  std::uint16_t flags;
  std::uint16_t lower;  // end of the node offsets; with `upper` in an overflow page: their number
  std::uint16_t upper;  // start of the nodes
};
static_assert(sizeof(PageHeader) == 16);

struct NodeHeader {
  std::uint16_t low;    // data bytes, or page number of a branch's child: bits 0 to 15
  std::uint16_t high;   // 16 to 31
  std::uint16_t flags;  // in a branch: bits 32 to 47
  std::uint16_t key_bytes;
};
static_assert(sizeof(NodeHeader) == 8);

struct Tree {
  std::uint32_t pad;  // of the free tree: the page size
  std::uint16_t flags;
  std::uint16_t depth;
  std::uint64_t branch_pages;
  std::uint64_t leaf_pages;
  std::uint64_t overflow_pages;
  std::uint64_t entries;
  std::uint64_t root;
  bool operator==(const Tree&) const = default;
};
static_assert(sizeof(Tree) == 48);
inline constexpr Tree kEmptyTree{.pad = 0,
                                 .flags = 0,
                                 .depth = 0,
                                 .branch_pages = 0,
                                 .leaf_pages = 0,
                                 .overflow_pages = 0,
                                 .entries = 0,
                                 .root = kNoPage};

struct Meta {
  std::uint32_t magic;
  std::uint32_t version;
  std::uint64_t address;
  std::uint64_t map_bytes;
  Tree free;
  Tree main;
  std::uint64_t last_page;
  std::uint64_t transaction;
  bool operator==(const Meta&) const = default;
};
static_assert(sizeof(Meta) == 136);

}  // namespace muster::journal::lmdb
