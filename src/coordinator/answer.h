// What a request is answered with: one table of the wire, or a refusal.
#pragma once

#include <algorithm>
#include <expected>
#include <utility>

#include "codec/wire.h"

namespace muster::coordinator {

using Answer = std::expected<wire::ServerBodyUnion, Rejection>;

/// The union of the wire around one table.
template <typename Body>
wire::ServerBodyUnion body_of(Body body) {
  wire::ServerBodyUnion whole;
  whole.Set(std::move(body));
  return whole;
}

/// How much of a listing fits into one reply: no reply exceeds the frame, lists are paged.
class Page {
 public:
  /// `limit` 0: as many as fit.
  Page(std::size_t max_frame_bytes, std::uint32_t limit)
      : bytes_left_(max_frame_bytes / 2),
        first_bytes_(max_frame_bytes - max_frame_bytes / 16),
        entries_left_(limit == 0 ? kMostEntries : limit) {}

  /// Whether one more entry of about this size still fits; it is counted if so. The first may be
  /// nearly as large as the frame, or it could never be listed.
  bool take(std::size_t bytes) {
    const std::size_t most = std::exchange(first_, false) ? first_bytes_ : bytes_left_;
    if (full_ || entries_left_ == 0 || bytes > most) {
      full_ = true;
      return false;
    }
    --entries_left_;
    bytes_left_ -= std::min(bytes, bytes_left_);
    return true;
  }

  /// Something did not fit: there is more to ask for.
  bool full() const { return full_; }

 private:
  static constexpr std::size_t kMostEntries = 100'000;
  std::size_t bytes_left_;
  std::size_t first_bytes_;
  bool first_ = true;
  std::size_t entries_left_;
  bool full_ = false;
};

}  // namespace muster::coordinator
