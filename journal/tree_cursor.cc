#include "journal/tree_cursor.h"

namespace muster::journal {
namespace {

/// Of a branch: the child that holds `key` (the first key of a branch counts as the least).
std::size_t child_for(const Page& page, std::string_view key) {
  std::size_t node = 0;
  while (node + 1 < page.size() && page.key(node + 1) <= key) ++node;
  return node;
}

}  // namespace

std::expected<void, Error> TreeCursor::read_level(std::size_t depth, std::uint64_t number) {
  const bool is_leaf = depth + 1 == levels_.size();
  levels_[depth].node = 0;
  return file_.read(number, is_leaf ? lmdb::kLeaf : lmdb::kBranch, levels_[depth].page);
}

std::expected<void, Error> TreeCursor::descend_first(std::size_t depth) {
  for (std::size_t below = depth + 1; below < levels_.size(); ++below) {
    const Level& above = levels_[below - 1];
    if (auto read = read_level(below, above.page.child(above.node)); !read) return read;
  }
  return {};
}

std::expected<bool, Error> TreeCursor::seek(std::string_view key) {
  if (tree_.root == lmdb::kNoPage) return false;
  if (tree_.depth == 0 || tree_.depth > lmdb::kMaxDepth) {
    return std::unexpected(file_.corrupt("a tree of impossible depth"));
  }
  levels_.resize(tree_.depth);
  std::uint64_t number = tree_.root;
  for (std::size_t depth = 0; depth < levels_.size(); ++depth) {
    if (auto read = read_level(depth, number); !read) return std::unexpected(read.error());
    Level& level = levels_[depth];
    if (depth + 1 == levels_.size()) break;
    level.node = child_for(level.page, key);
    number = level.page.child(level.node);
  }
  Level& last = levels_.back();
  while (last.node < last.page.size() && last.page.key(last.node) < key) ++last.node;
  if (last.node < last.page.size()) return true;
  --last.node;
  return next();
}

std::expected<bool, Error> TreeCursor::next() {
  for (std::size_t depth = levels_.size(); depth-- > 0;) {
    Level& level = levels_[depth];
    if (level.node + 1 == level.page.size()) continue;
    ++level.node;
    if (auto read = descend_first(depth); !read) return std::unexpected(read.error());
    return true;
  }
  return false;
}

std::expected<void, Error> TreeCursor::value(std::string& bytes) const {
  const Page::Value value = leaf().page.value(leaf().node);
  if (value.overflow_page != 0) return file_.read_overflow(value, bytes);
  bytes.assign(value.inline_bytes);
  return {};
}

}  // namespace muster::journal
