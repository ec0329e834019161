#include "journal/structure.h"

#include <fmt/format.h>

#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace muster::journal {
namespace {

// LMDB's flags of a tree. Ours have none; those of the free list are also the environment's, of
// which the file keeps whether it was made without a directory.
constexpr std::uint16_t kIntegerKey = 0x08;
constexpr std::uint16_t kWithoutDirectory = 0x4000;

std::uint64_t integer(std::string_view bytes, std::size_t index = 0) {
  std::uint64_t value = 0;
  std::memcpy(&value, bytes.data() + index * sizeof(value), sizeof(value));
  return value;
}

class StructureCheck {
 public:
  StructureCheck(const PageFile& file, const lmdb::Meta& meta, std::uint64_t file_pages)
      : file_(file), meta_(meta), used_(std::min(meta.last_page + 1, file_pages)) {}

  std::expected<void, Error> run() {
    if ((meta_.free.flags | kWithoutDirectory) != (kIntegerKey | kWithoutDirectory)) {
      return fail("the free list's flags");
    }
    if (auto free =
            walk(meta_.free, true, [this](auto key, auto value) { return free_list(key, value); });
        !free) {
      return free;
    }
    if (auto trees = walk_trees(meta_.main, 0); !trees) return trees;
    if (claimed_ + lmdb::kMetaPages != meta_.last_page + 1) return fail("pages without a use");
    return {};
  }

 private:
  using OnEntry =
      std::function<std::expected<void, Error>(std::string_view key, const Page::Value& value)>;

  /// What a walk finds, to be compared with what the tree says of itself.
  struct Walk {
    lmdb::Tree found{};
    bool integer_keys = false;
    std::optional<std::string> last_key;  // of the entries so far
    const OnEntry& on_entry;
  };

  std::expected<void, Error> fail(std::string_view what) const {
    return std::unexpected(file_.corrupt(what));
  }

  /// A page may be used once only.
  bool claim(std::uint64_t number, std::uint64_t count = 1) {
    for (std::uint64_t page = number; page < number + count; ++page) {
      if (page < lmdb::kMetaPages || page > meta_.last_page) return false;
      if (page < used_.size()) {
        if (used_[page]) return false;
        used_[page] = true;
      } else if (!free_behind_end_.insert(page).second) {
        return false;
      }
    }
    claimed_ += count;
    return true;
  }

  static bool ascends(const Walk& walk, std::string_view key) {
    if (!walk.last_key) return true;
    return walk.integer_keys ? integer(*walk.last_key) < integer(key) : *walk.last_key < key;
  }

  /// The main tree's values that are trees themselves; there are none within those.
  std::expected<void, Error> walk_trees(const lmdb::Tree& tree, int level) {
    if (tree.flags != 0) return fail("a tree's flags");
    return walk(tree, false, [this, level](auto, auto value) -> std::expected<void, Error> {
      if (!value.is_tree) return {};
      if (level > 0) return fail("a tree within a tree");
      lmdb::Tree inner;
      std::memcpy(&inner, value.inline_bytes.data(), sizeof(inner));
      return walk_trees(inner, level + 1);
    });
  }

  std::expected<void, Error> walk(const lmdb::Tree& tree, bool integer_keys,
                                  const OnEntry& on_entry) {
    if (tree.root == lmdb::kNoPage) {
      const bool empty = tree.entries == 0 && tree.depth == 0 && tree.branch_pages == 0 &&
                         tree.leaf_pages == 0 && tree.overflow_pages == 0;
      return empty ? std::expected<void, Error>{} : fail("an empty tree that holds something");
    }
    if (tree.depth == 0 || tree.depth > lmdb::kMaxDepth) return fail("a tree of impossible depth");
    Walk walk{.integer_keys = integer_keys, .last_key = {}, .on_entry = on_entry};
    if (auto walked = walk_page(walk, tree.root, tree.depth, std::nullopt); !walked) return walked;
    const lmdb::Tree& found = walk.found;
    if (found.branch_pages != tree.branch_pages || found.leaf_pages != tree.leaf_pages ||
        found.overflow_pages != tree.overflow_pages || found.entries != tree.entries) {
      return fail("a tree is not as large as it says");
    }
    return {};
  }

  /// `depth` counts down to 1, a leaf. `lower`: no key below this page is less. That none is too
  /// large follows from the next page's `lower`, since keys ascend.
  std::expected<void, Error> walk_page(Walk& walk, std::uint64_t number, std::size_t depth,
                                       std::optional<std::string> lower) {
    if (!claim(number)) return fail(fmt::format("page {} is used twice or out of range", number));
    const bool is_leaf = depth == 1;
    Page page;
    if (auto read = file_.read(number, is_leaf ? lmdb::kLeaf : lmdb::kBranch, page); !read) {
      return read;
    }
    ++(is_leaf ? walk.found.leaf_pages : walk.found.branch_pages);
    for (std::size_t node = 0; node < page.size(); ++node) {
      const std::string_view key = page.key(node);
      const bool first_of_branch = !is_leaf && node == 0;  // its key counts as the least
      if (walk.integer_keys && !first_of_branch && key.size() != sizeof(std::uint64_t)) {
        return fail(fmt::format("a key of page {}", number));
      }
      if (is_leaf) {
        if (node == 0 && lower && less(walk, key, *lower)) return out_of_order(number);
        if (!ascends(walk, key)) return out_of_order(number);
        if (auto entry = walk_entry(walk, key, page.value(node)); !entry) return entry;
        continue;
      }
      // The entries of the children before this one are less than its key.
      if (!first_of_branch && !ascends(walk, key)) return out_of_order(number);
      auto below = first_of_branch ? lower : std::optional<std::string>(key);
      if (auto child = walk_page(walk, page.child(node), depth - 1, std::move(below)); !child) {
        return child;
      }
    }
    return {};
  }

  static bool less(const Walk& walk, std::string_view left, std::string_view right) {
    return walk.integer_keys ? integer(left) < integer(right) : left < right;
  }

  std::expected<void, Error> out_of_order(std::uint64_t number) const {
    return fail(fmt::format("the keys of page {} are out of order", number));
  }

  std::expected<void, Error> walk_entry(Walk& walk, std::string_view key,
                                        const Page::Value& value) {
    walk.last_key.emplace(key);
    ++walk.found.entries;
    if (value.overflow_page != 0) {
      const auto pages = file_.overflow_pages(value);
      if (!pages) return std::unexpected(pages.error());
      walk.found.overflow_pages += *pages;
      if (!claim(value.overflow_page, *pages)) {
        return fail(fmt::format("page {} is used twice or out of range", value.overflow_page));
      }
    }
    return walk.on_entry(key, value);
  }

  /// A list of pages that became free in one transaction: their number, then they, descending.
  std::expected<void, Error> free_list(std::string_view transaction, const Page::Value& value) {
    if (integer(transaction) > meta_.transaction) return fail("a free list of a later transaction");
    std::string bytes(value.inline_bytes);
    if (value.overflow_page != 0) {
      if (auto read = file_.read_overflow(value, bytes); !read) return read;
    }
    const std::size_t room = bytes.size() / sizeof(std::uint64_t);
    if (bytes.size() % sizeof(std::uint64_t) != 0 || room == 0 || integer(bytes) >= room) {
      return fail("a free list's length");
    }
    std::uint64_t previous = lmdb::kNoPage;
    for (std::size_t i = 1; i <= integer(bytes); ++i) {
      const std::uint64_t page = integer(bytes, i);
      if (page >= previous || !claim(page)) {
        return fail(fmt::format("page {} is listed as free, but it is not", page));
      }
      previous = page;
    }
    return {};
  }

  const PageFile& file_;
  const lmdb::Meta& meta_;
  std::vector<bool> used_;  // of the pages that the file has
  std::uint64_t claimed_ = 0;
  /// LMDB need not write pages that became free in the transaction that took them.
  std::unordered_set<std::uint64_t> free_behind_end_;
};

}  // namespace

std::expected<void, Error> check_structure(const PageFile& file, const lmdb::Meta& meta) {
  const auto file_pages = file.pages();
  if (!file_pages) return std::unexpected(file_pages.error());
  return StructureCheck(file, meta, *file_pages).run();
}

}  // namespace muster::journal
