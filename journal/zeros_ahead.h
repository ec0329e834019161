// Zeros behind the end of the file, written before LMDB gets there.
//
// The first write to a block makes the filesystem note that it is in use, and where the file ends,
// and a sync waits for that note; a write over a block that is in use needs none. So a little is
// written ahead, as PostgreSQL and etcd do with their logs: the data of a small batch is flushed in
// two thirds of the time.
#pragma once

#include <cstdint>

namespace muster::journal {

/// Of one environment that is open for writing. Used on the thread that writes, between two
/// transactions: what LMDB writes lies in front of `end` then.
class ZerosAhead {
 public:
  static constexpr std::uint64_t kBytes = std::uint64_t{256} << 10;

  /// Told where LMDB's part of the file ends (a multiple of its page size), after each batch;
  /// writes again when half of the zeros are used up, and never behind `limit`, up to where blocks
  /// are allocated.
  void keep(int file, std::uint64_t end, std::uint64_t limit);

 private:
  bool pays(int file, std::uint64_t grown_by);

  std::uint64_t end_ = 0;
  std::uint64_t written_until_ = 0;  // file offset
  bool given_up_ = false;
};

}  // namespace muster::journal
