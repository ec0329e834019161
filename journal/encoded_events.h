// Events as the journal takes them: bytes, one event after the other in one piece of memory, which
// is used again and again: a coordinator stages hundreds of thousands of them a second.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace muster::journal {

class EncodedEvents {
 public:
  EncodedEvents() = default;
  EncodedEvents(std::initializer_list<std::string_view> events) {
    for (const std::string_view event : events) append(event);
  }

  void append(std::string_view event) {
    bytes_.append(event);
    ends_.push_back(bytes_.size());
  }
  void append(const EncodedEvents& events) {
    const std::size_t before = bytes_.size();
    bytes_.append(events.bytes_);
    for (const std::size_t end : events.ends_) ends_.push_back(before + end);
  }
  /// Keeps the memory, but not a storm's.
  void clear() {
    if (bytes_.size() > kKeptBytes) {
      *this = EncodedEvents();
      return;
    }
    bytes_.clear();
    ends_.clear();
  }

  bool empty() const { return ends_.empty(); }
  std::size_t size() const { return ends_.size(); }
  std::size_t bytes() const { return bytes_.size(); }
  /// Valid until something is appended.
  std::string_view operator[](std::size_t index) const {
    const std::size_t begin = index == 0 ? 0 : ends_[index - 1];
    return std::string_view(bytes_).substr(begin, ends_[index] - begin);
  }

 private:
  static constexpr std::size_t kKeptBytes = std::size_t{256} << 10;  // as much as a batch has

  std::string bytes_;
  std::vector<std::size_t> ends_;
};

}  // namespace muster::journal
