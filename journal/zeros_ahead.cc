#include "journal/zeros_ahead.h"

#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace muster::journal {
namespace {

constexpr std::array<char, ZerosAhead::kBytes> kZeros{};

/// With larger ones the time goes into the writing itself, which zeros would double.
constexpr std::uint64_t kSmallBatchBytes = std::uint64_t{64} << 10;

/// Those that write over a block in its place. Others (btrfs, ZFS) put what is new elsewhere each
/// time, so that the zeros would be for nothing.
bool writes_in_place(int file) {
  struct statfs status{};
  if (::fstatfs(file, &status) != 0) return false;
  return status.f_type == EXT4_SUPER_MAGIC || status.f_type == XFS_SUPER_MAGIC;
}

}  // namespace

bool ZerosAhead::pays(int file, std::uint64_t grown_by) {
  if (given_up_ || grown_by == 0 || grown_by > kSmallBatchBytes) return false;
  if (written_until_ == 0) given_up_ = !writes_in_place(file);
  return !given_up_;
}

void ZerosAhead::keep(int file, std::uint64_t end, std::uint64_t limit) {
  const std::uint64_t grown_by = end_ == 0 ? 0 : end - std::min(end, end_);
  end_ = end;
  if (!pays(file, grown_by) || end + kBytes > limit) return;
  if (written_until_ > end + kBytes / 2) return;
  const std::uint64_t start = std::max(end, written_until_);
  const std::uint64_t bytes = end + kBytes - start;
  const ssize_t written = ::pwrite(file, kZeros.data(), bytes, static_cast<off_t>(start));
  // Whatever hinders it, batches become durable without, and say for themselves what is wrong.
  given_up_ = written != static_cast<ssize_t>(bytes);
  written_until_ = start + bytes;
}

}  // namespace muster::journal
