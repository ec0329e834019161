#include "journal/create.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <lmdb.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "journal/contents.h"
#include "journal/environment.h"
#include "journal/file_descriptor.h"
#include "journal/header.h"

namespace muster::journal {
namespace {

namespace fs = std::filesystem;

std::expected<void, Error> system_error(const std::string& asked, int code) {
  return std::unexpected(
      Error{.fault = Fault::kSystem,
            .message = fmt::format("cannot {}: {}", asked, std::strerror(code))});
}

std::expected<void, Error> sync_directory(const fs::path& directory) {
  const FileDescriptor file(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!file.is_open() || ::fsync(file.number()) != 0) {
    return system_error(fmt::format("sync the directory {}", directory.string()), errno);
  }
  return {};
}

/// Writes an empty journal that has never been opened to a file of its own.
std::expected<void, Error> write_empty(const std::string& path, std::uint64_t map_bytes) {
  const auto environment = open_environment(path, MDB_NOSUBDIR | MDB_NOLOCK, map_bytes);
  if (!environment) return std::unexpected(environment.error());
  auto transaction = begin(*environment, 0);
  if (!transaction) return std::unexpected(transaction.error());

  const Header header{.journal_id = draw_journal_id(),
                      .transaction = mdb_txn_id(transaction->get())};
  std::string bytes = encode_header(header);
  std::string key(kHeaderKey);
  MDB_val key_value{.mv_size = key.size(), .mv_data = key.data()};
  MDB_val value{.mv_size = bytes.size(), .mv_data = bytes.data()};
  MDB_dbi main = 0;
  MDB_dbi records = 0;
  int code = mdb_dbi_open(transaction->get(), nullptr, 0, &main);
  if (code == MDB_SUCCESS) code = mdb_put(transaction->get(), main, &key_value, &value, 0);
  if (code == MDB_SUCCESS) {
    code = mdb_dbi_open(transaction->get(), kRecordsTree, MDB_CREATE, &records);
  }
  if (code != MDB_SUCCESS) {
    return std::unexpected(lmdb_error(code, fmt::format("create the journal {}", path)));
  }
  return commit(std::move(*transaction));
}

}  // namespace

std::expected<void, Error> create_directory(const std::string& directory) {
  const fs::path path = fs::absolute(directory).lexically_normal();
  std::error_code error;
  fs::path made;
  for (const fs::path& part : path) {
    made /= part;
    if (part.empty()) continue;
    if (fs::create_directory(made, error)) {
      if (auto synced = sync_directory(made.parent_path()); !synced) return synced;
    } else if (error && !fs::is_directory(made)) {
      return system_error(fmt::format("make the data directory {}", made.string()), error.value());
    }
  }
  return {};
}

std::expected<void, Error> create_journal(const std::string& directory, std::uint64_t map_bytes) {
  const fs::path path(directory);
  if (fs::exists(path / kReadersFile)) {
    return std::unexpected(
        Error{.fault = Fault::kCorrupt,
              .message = fmt::format("{} has {} but no {}: a journal was here. Put its {} back, or "
                                     "remove {} to begin a new journal",
                                     directory, kReadersFile, kDataFile, kDataFile, kReadersFile)});
  }
  const fs::path draft = path / fmt::format("{}.new", kDataFile);
  std::error_code error;
  fs::remove(draft, error);  // of a creation that was interrupted
  if (auto written = write_empty(draft, map_bytes); !written) return written;
  fs::rename(draft, path / kDataFile, error);
  if (error) return system_error(fmt::format("rename {}", draft.string()), error.value());
  return sync_directory(path);
}

}  // namespace muster::journal
