#include "journal/create.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "journal/builder.h"
#include "journal/file_descriptor.h"
#include "journal/header.h"

namespace muster::journal {
namespace {

namespace fs = std::filesystem;

std::unexpected<Error> system_error(const std::string& asked, int code) {
  return std::unexpected(
      Error{.fault = Fault::kSystem,
            .message = fmt::format("cannot {}: {}", asked, std::strerror(code))});
}

}  // namespace

std::expected<bool, Error> path_exists(const std::string& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (fs::exists(status)) return true;
  if (status.type() == fs::file_type::not_found) return false;
  return system_error(fmt::format("look at {}", path), error.value());
}

std::expected<void, Error> sync_directory(const std::string& directory) {
  const FileDescriptor file(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!file.is_open() || ::fsync(file.number()) != 0) {
    return system_error(fmt::format("sync the directory {}", directory), errno);
  }
  return {};
}

std::expected<void, Error> create_directory(const std::string& directory) {
  std::error_code error;
  const fs::path path = fs::absolute(directory, error).lexically_normal();
  if (error) return system_error(fmt::format("make the directory {}", directory), error.value());
  fs::path made;
  for (const fs::path& part : path) {
    made /= part;
    if (part.empty()) continue;
    std::error_code other;
    if (fs::create_directory(made, error)) {
      if (auto synced = sync_directory(made.parent_path().string()); !synced) return synced;
    } else if (error && !fs::is_directory(made, other)) {
      return system_error(fmt::format("make the directory {}", made.string()), error.value());
    }
  }
  return {};
}

std::expected<void, Error> create_journal(const std::string& directory, std::uint64_t map_bytes) {
  auto builder = Builder::begin(directory, {.journal_id = draw_journal_id()}, map_bytes);
  if (!builder) return std::unexpected(builder.error());
  return builder->finish();
}

}  // namespace muster::journal
