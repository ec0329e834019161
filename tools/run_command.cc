#include "tools/run_command.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "tools/output.h"

namespace muster::tools {
namespace {

bool fill(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

std::vector<std::string> command_environment(const CommandSettings& settings,
                                             const Partition* partition) {
  constexpr std::array<std::string_view, 7> kNames{
      "MUSTER_GROUP=",     "MUSTER_SERVER=", "MUSTER_MEMBER_ID=", "MUSTER_TOPIC=",
      "MUSTER_PARTITION=", "MUSTER_OFFSET=", "MUSTER_FENCE="};
  std::vector<std::string> values = {settings.group, settings.server, settings.member_id};
  if (partition != nullptr) {
    values.insert(values.end(), {partition->topic, std::to_string(partition->index),
                                 std::to_string(partition->committed.value_or(0)),
                                 std::to_string(partition->fence)});
  }
  std::vector<std::string> environment;
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string_view inherited = *each;
    const bool is_ours = std::ranges::any_of(
        kNames, [&](std::string_view name) { return inherited.starts_with(name); });
    if (!is_ours) environment.emplace_back(inherited);
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    environment.push_back(std::string(kNames.at(i)) + values[i]);
  }
  return environment;
}

std::string assignment_lines(const std::vector<Partition>& partitions) {
  std::string lines;
  for (const Partition& each : partitions) {
    lines += Json{{"topic", each.topic},
                  {"partition", each.index},
                  {"offset", each.committed.value_or(0)},
                  {"fence", each.fence}}
                 .dump() +
             "\n";
  }
  return lines;
}

std::expected<journal::FileDescriptor, Error> assignment_file(
    const std::vector<Partition>& partitions) {
  journal::FileDescriptor file(::memfd_create("muster-assignment", MFD_CLOEXEC));
  if (!file.is_open() || !fill(file.number(), assignment_lines(partitions)) ||
      ::lseek(file.number(), 0, SEEK_SET) != 0) {
    return std::unexpected(
        make_error(ErrorCode::kInternalError,
                   std::string("The list of partitions for the command could not be written: ") +
                       std::strerror(errno) + ". Check the limits on memory and open files."));
  }
  return file;
}

}  // namespace muster::tools
