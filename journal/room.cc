#include "journal/room.h"

#include <fcntl.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <limits>

namespace muster::journal {
namespace {

constexpr MDB_dbi kFreeTree = 0;  // LMDB's list of pages that can be used again

/// Takes the transaction out of a line of mdb_reader_list: "pid thread transaction", or "-" for a
/// reader that holds none.
int take_oldest(const char* line, void* oldest) {
  std::size_t transaction = 0;
  int pid = 0;
  std::size_t thread = 0;
  // NOLINTNEXTLINE(cert-err34-c): what is no such line is none of interest
  if (std::sscanf(line, "%d %zx %zu", &pid, &thread, &transaction) == 3) {
    auto& known = *static_cast<std::size_t*>(oldest);
    known = std::min(known, transaction);
  }
  return 0;
}

/// Pages that can be used again. Those that became free since a reader began, which holds on to its
/// transaction, can't: counted as room they would hide that the file grows until it can't.
std::expected<std::uint64_t, Error> free_pages(const Environment& environment) {
  const auto transaction = begin(environment, MDB_RDONLY);
  if (!transaction) return std::unexpected(transaction.error());
  const std::size_t newest = mdb_txn_id(transaction->get());
  std::size_t oldest = newest;
  mdb_reader_list(environment.get(), take_oldest, &oldest);
  // Nobody reads anything older: what is free now is used within two transactions.
  if (oldest == newest) oldest = std::numeric_limits<std::size_t>::max();
  MDB_cursor* cursor = nullptr;
  int code = mdb_cursor_open(transaction->get(), kFreeTree, &cursor);
  std::uint64_t pages = 0;
  MDB_val key{};
  MDB_val list{};
  while (code == MDB_SUCCESS) {
    code = mdb_cursor_get(cursor, &key, &list, MDB_NEXT);
    if (code != MDB_SUCCESS) break;
    std::size_t freed_by = 0;
    std::memcpy(&freed_by, key.mv_data, sizeof(freed_by));
    if (freed_by >= oldest) {
      code = MDB_NOTFOUND;
      break;
    }
    std::size_t count = 0;
    std::memcpy(&count, list.mv_data, sizeof(count));
    pages += count;
  }
  mdb_cursor_close(cursor);
  if (code != MDB_NOTFOUND) {
    return std::unexpected(lmdb_error(code, "count the free pages of the journal"));
  }
  return pages;
}

std::expected<std::uint64_t, Error> filesystem_available(int file) {
  struct statvfs status{};
  if (::fstatvfs(file, &status) != 0) {
    return std::unexpected(lmdb_error(errno, "ask for the free space of the journal's filesystem"));
  }
  return std::uint64_t{status.f_bavail} * status.f_frsize;
}

}  // namespace

void Room::hold_reserve(int file, std::uint64_t end, std::uint64_t limit, std::uint64_t available) {
  const std::uint64_t until = std::min(end + settings_.reserve_bytes, limit);
  // In steps, so that most batches need no call.
  const std::uint64_t step = settings_.reserve_bytes / 8;
  if (until <= reserved_until_ || (reserved_until_ > end && until - reserved_until_ < step)) return;
  const std::uint64_t start = std::max(end, reserved_until_);
  if (until - start > available) return;
  const int code = ::fallocate(file, FALLOC_FL_KEEP_SIZE, static_cast<off_t>(start),
                               static_cast<off_t>(until - start));
  // Where the filesystem can't do that, the reserve is what statvfs says is left.
  if (code == 0) reserved_until_ = until;
}

std::expected<std::uint64_t, Error> Room::left_bytes(const Environment& environment) {
  MDB_envinfo info{};
  MDB_stat stat{};
  int file = -1;
  mdb_env_info(environment.get(), &info);
  mdb_env_stat(environment.get(), &stat);
  mdb_env_get_fd(environment.get(), &file);
  const std::uint64_t end = (std::uint64_t{info.me_last_pgno} + 1) * stat.ms_psize;

  auto available = filesystem_available(file);
  if (!available) return available;
  hold_reserve(file, end, info.me_mapsize, *available);
  zeros_.keep(file, end, reserved_until_);
  available = filesystem_available(file);
  if (!available) return available;

  const std::uint64_t reserved = reserved_until_ > end ? reserved_until_ - end : 0;
  const std::uint64_t map_left = info.me_mapsize > end ? info.me_mapsize - end : 0;
  const std::uint64_t left = std::min(map_left, reserved + *available);
  if (left > settings_.clear_above_bytes) return left;
  const auto reusable = free_pages(environment);
  if (!reusable) return reusable;
  return left + *reusable * stat.ms_psize;
}

std::expected<bool, Error> Room::measure(const Environment& environment) {
  const auto left = left_bytes(environment);
  if (!left) return std::unexpected(left.error());
  left_bytes_ = *left;
  if (*left < settings_.full_below_bytes) full_ = true;
  if (*left > settings_.clear_above_bytes) full_ = false;
  return full_;
}

}  // namespace muster::journal
