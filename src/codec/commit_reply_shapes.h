// Replies to commits, encoded by writing over the last one with as many outcomes: they differ in
// numbers at known places (see commit_shapes.h, which does this for the events).
#pragma once

#include <wire_generated.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "domain/ids.h"

namespace muster::codec {

class CommitReplyShapes {
 public:
  /// The framed message, if one with as many outcomes was remembered; or empty. Valid until the
  /// next call. Neither number is 0: that is a default, and has no place in the bytes.
  std::string_view encode(std::uint64_t correlation_id, Sequence sequence,
                          const wire::CommitReplyT& reply);
  /// `framed`: what the builder made of a reply, its numbers not 0.
  void remember(const wire::CommitReplyT& reply, std::string_view framed);

 private:
  /// With more, the reply is a small part of the work.
  static constexpr std::size_t kMostOutcomes = 64;

  struct Shape {
    std::string framed;
    std::size_t correlation_id = 0;  // where it is
    std::size_t sequence = 0;
    std::size_t outcomes = 0;
  };
  std::array<Shape, kMostOutcomes + 1> shapes_;  // by the number of outcomes
};

}  // namespace muster::codec
