// What a request is answered with: one table of the wire, or a refusal.
#pragma once

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
      : bytes_left_(max_frame_bytes / 2), entries_left_(limit == 0 ? kMostEntries : limit) {}

  /// Whether one more entry of about this size still fits; it is counted if so.
  bool take(std::size_t bytes) {
    if (full_ || entries_left_ == 0 || bytes > bytes_left_) {
      full_ = true;
      return false;
    }
    --entries_left_;
    bytes_left_ -= bytes;
    return true;
  }

  /// Something did not fit: there is more to ask for.
  bool full() const { return full_; }

 private:
  static constexpr std::size_t kMostEntries = 100'000;
  std::size_t bytes_left_;
  std::size_t entries_left_;
  bool full_ = false;
};

}  // namespace muster::coordinator
