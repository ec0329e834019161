// Goes through one of LMDB's trees in key order, over pages that page_file.h has checked. Never
// hangs: a descent is as deep as the tree says it is, and the caller sees every key.
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "journal/error.h"
#include "journal/lmdb_format.h"
#include "journal/page_file.h"

namespace muster::journal {

class TreeCursor {
 public:
  TreeCursor(const PageFile& file, const lmdb::Tree& tree) : file_(file), tree_(tree) {}

  /// Moves to the first entry whose key is not less than `key`. False: there is none.
  std::expected<bool, Error> seek(std::string_view key);
  /// Moves on. False: that was the last one.
  std::expected<bool, Error> next();

  std::string_view key() const { return leaf().page.key(leaf().node); }
  bool value_is_tree() const { return leaf().page.value(leaf().node).is_tree; }
  /// Replaces `bytes` by a copy of the value.
  std::expected<void, Error> value(std::string& bytes) const;

 private:
  struct Level {
    Page page;
    std::size_t node = 0;
  };
  const Level& leaf() const { return levels_.back(); }
  /// Reads the pages below `depth`, each by its first node.
  std::expected<void, Error> descend_first(std::size_t depth);
  std::expected<void, Error> read_level(std::size_t depth, std::uint64_t number);

  const PageFile& file_;
  lmdb::Tree tree_;
  std::vector<Level> levels_;  // from the root to a leaf
};

}  // namespace muster::journal
