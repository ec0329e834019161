// Writes to standard output or standard error from a thread of its own: a reader that has stopped
// reading (a pager, a full pipe) must not keep `muster run` from stopping a command in time.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace muster::tools {

/// Keeps the order. When the reader is gone, what is written is dropped.
class LineWriter {
 public:
  /// `on_room` is called, on the writer's thread, when it is full no longer.
  LineWriter(int descriptor, std::function<void()> on_room);
  /// Waits until all is written, a second at most.
  ~LineWriter();
  LineWriter(const LineWriter&) = delete;
  LineWriter& operator=(const LineWriter&) = delete;

  /// Whole lines, each with its end. Takes it in any case: who writes much asks full() before.
  void write(std::string lines);
  bool full() const;
  /// False when something is still unwritten after `patience`.
  bool flush(std::chrono::milliseconds patience);

 private:
  struct Shared;
  static void work(const std::shared_ptr<Shared>& shared);

  const std::shared_ptr<Shared> shared_;  // with a thread that may be stuck in a write
};

}  // namespace muster::tools
