// What has a name: in the order of the names wherever an order could decide anything, and found by
// a hash of the name, since every command and every event names its group. Most name the group that
// the one before named, so the one found last is tried first. For one thread at a time, also where
// it is const.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/strings/string_view.h>

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace muster::domain {

/// Iterates as the map that it holds. Values stay where they are until they are erased.
template <typename Value>
class NamedMap {
 public:
  using Map = std::map<std::string, Value, std::less<>>;
  using iterator = typename Map::iterator;
  using const_iterator = typename Map::const_iterator;

  NamedMap() = default;
  NamedMap(const NamedMap&) = delete;  // the index points into the map
  NamedMap& operator=(const NamedMap&) = delete;
  NamedMap(NamedMap&& other) noexcept  // map nodes stay where they are
      : values_(std::move(other.values_)), by_name_(std::move(other.by_name_)) {
    other.last_ = {};
  }
  NamedMap& operator=(NamedMap&& other) noexcept {
    values_ = std::move(other.values_);
    by_name_ = std::move(other.by_name_);
    last_ = other.last_ = {};
    return *this;
  }

  iterator begin() { return values_.begin(); }
  iterator end() { return values_.end(); }
  const_iterator begin() const { return values_.begin(); }
  const_iterator end() const { return values_.end(); }
  /// The first one whose name is greater.
  const_iterator upper_bound(std::string_view name) const { return values_.upper_bound(name); }
  std::size_t size() const { return values_.size(); }

  /// Null: there is none.
  Value* find(std::string_view name) { return look_up(name); }
  const Value* find(std::string_view name) const { return look_up(name); }

  /// The value of that name: there already, or (true) made of `value`.
  std::pair<Value*, bool> try_emplace(std::string_view name, Value&& value) {
    if (Value* there = find(name)) return {there, false};
    const auto made = values_.try_emplace(std::string(name), std::move(value)).first;
    by_name_.emplace(key(made->first), &made->second);
    return {&made->second, true};
  }

  /// Makes an empty one when there is none.
  Value& operator[](std::string_view name) { return *try_emplace(name, Value()).first; }

  /// `name` must not be part of what is erased.
  void erase(std::string_view name) {
    const auto found = values_.find(name);
    if (found == values_.end()) return;
    last_ = {};
    by_name_.erase(key(name));
    values_.erase(found);
  }

 private:
  // Debian's abseil hashes no std::string_view.
  static absl::string_view key(std::string_view name) { return {name.data(), name.size()}; }

  Value* look_up(std::string_view name) const {
    if (last_.value != nullptr && last_.name == name) return last_.value;
    const auto found = by_name_.find(key(name));
    if (found == by_name_.end()) return nullptr;
    last_ = {.name = {found->first.data(), found->first.size()}, .value = found->second};
    return last_.value;
  }

  struct Found {
    std::string_view name;
    Value* value = nullptr;  // null: nothing was found yet
  };

  Map values_;
  absl::flat_hash_map<absl::string_view, Value*> by_name_;  // into values_; never iterated
  mutable Found last_;
};

}  // namespace muster::domain
