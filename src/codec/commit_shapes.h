// Commits without metadata, encoded by writing over the last one of the same shape.
//
// Most events of a busy journal are such commits, and where a FlatBuffer has what depends on the
// lengths of its strings and vectors alone. So two commits whose strings are equally long differ in
// these strings and in numbers at known places; building the buffer anew takes ten times as long.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "codec/plain_offsets.h"
#include "domain/events.h"

namespace muster::codec {

/// What was encoded last with some lengths.
class CommitShape {
 public:
  CommitShape() = default;  // fits nothing
  /// `bytes`: what the builder made of `event`, a commit that has_shape.
  CommitShape(const domain::Event& event, std::string_view bytes);

  /// Commits with metadata, and large ones, have none.
  static bool has_shape(const domain::Event& event);

  bool fits(const domain::Event& event, Runs runs) const;
  /// The bytes that the builder would make of an event that fits. Valid until the next call.
  std::string_view encode(const domain::Event& event);

 private:
  std::size_t place_of(const void* part) const;

  std::string bytes_;
  domain::CauseKind kind_{};
  std::size_t who_bytes_ = 0;
  std::size_t from_bytes_ = 0;
  std::size_t group_bytes_ = 0;
  std::size_t offsets_ = 0;
  Runs runs_;
  // Where they are in bytes_.
  std::size_t time_ = 0;
  std::size_t who_ = 0;
  std::size_t from_ = 0;
  std::size_t group_ = 0;
  std::size_t plain_ = 0;
  std::size_t run_list_ = 0;
  std::size_t run_partitions_ = 0;
  std::size_t run_offsets_ = 0;
};

/// The last few: clients' names and ports are of a few lengths.
class CommitShapes {
 public:
  /// nullptr: the builder has to make it, and remember() what it made.
  CommitShape* find(const domain::Event& event);
  void remember(const domain::Event& event, std::string_view bytes);

 private:
  std::array<CommitShape, 8> shapes_;
  std::size_t next_ = 0;  // the oldest
};

}  // namespace muster::codec
