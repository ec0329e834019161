#include "journal/environment.h"

#include <fmt/format.h>

#include <cerrno>

namespace muster::journal {
namespace {

constexpr MDB_dbi kTreesBesideMain = 8;
constexpr mdb_mode_t kFileMode = 0660;
constexpr std::uint64_t kSmallestMapBytes = std::uint64_t{64} << 20;

std::expected<Environment, int> try_open(const std::string& path, unsigned flags,
                                         std::uint64_t map_bytes) {
  MDB_env* raw = nullptr;
  if (const int code = mdb_env_create(&raw); code != MDB_SUCCESS) return std::unexpected(code);
  Environment environment(raw, mdb_env_close);
  int code = mdb_env_set_maxdbs(raw, kTreesBesideMain);
  if (code == MDB_SUCCESS && map_bytes != 0) code = mdb_env_set_mapsize(raw, map_bytes);
  if (code == MDB_SUCCESS) code = mdb_env_open(raw, path.c_str(), flags | MDB_NOTLS, kFileMode);
  if (code != MDB_SUCCESS) return std::unexpected(code);
  return environment;
}

}  // namespace

std::expected<Environment, Error> open_environment(const std::string& path, unsigned flags,
                                                   std::uint64_t map_bytes) {
  while (true) {
    auto opened = try_open(path, flags, map_bytes);
    if (opened) return *opened;
    const bool no_room = opened.error() == ENOMEM && map_bytes > kSmallestMapBytes;
    if (!no_room) {
      return std::unexpected(lmdb_error(opened.error(), fmt::format("open the journal {}", path)));
    }
    map_bytes /= 4;
  }
}

Error lmdb_error(int code, const std::string& asked) {
  return Error{.fault = Fault::kSystem,
               .message = fmt::format("cannot {}: {}", asked, mdb_strerror(code))};
}

std::expected<Transaction, Error> begin(const Environment& environment, unsigned flags) {
  MDB_txn* transaction = nullptr;
  const int code = mdb_txn_begin(environment.get(), nullptr, flags, &transaction);
  if (code != MDB_SUCCESS) {
    return std::unexpected(lmdb_error(code, "begin a transaction on the journal"));
  }
  return Transaction(transaction);
}

std::expected<void, Error> commit(Transaction transaction) {
  const int code = mdb_txn_commit(transaction.release());
  if (code != MDB_SUCCESS) return std::unexpected(lmdb_error(code, "commit to the journal"));
  return {};
}

}  // namespace muster::journal
