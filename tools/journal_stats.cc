// muster journal stats: what the journal consists of, how it grows, and which groups storm.
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "codec/event.h"
#include "journal/contents.h"
#include "tools/journal.h"
#include "tools/output.h"
#include "tools/progress.h"
#include "tools/statistics_view.h"

namespace muster::tools {
namespace {

constexpr std::uint64_t kBlockBytes = 512;  // of st_blocks, on every filesystem
constexpr Sequence kShowProgressEvery = 10'000;

std::expected<DiskUse, Error> disk_use(const std::string& data_dir) {
  const std::string path = fmt::format("{}/{}", data_dir, journal::kDataFile);
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) {
    return std::unexpected(
        journal_error(fmt::format("cannot look at {}: {}", path, std::strerror(errno))));
  }
  return DiskUse{.file_bytes = static_cast<std::uint64_t>(status.st_size),
                 .allocated_bytes = static_cast<std::uint64_t>(status.st_blocks) * kBlockBytes};
}

Outcome print_statistics(const Context& context, const std::string& data_dir) {
  auto opened = open_journal(data_dir);
  if (!opened) return std::unexpected(opened.error());
  const auto disk = disk_use(data_dir);
  if (!disk) return std::unexpected(disk.error());
  const journal::Header& header = opened->header;
  Statistics statistics;
  std::optional<Error> wrong;
  {
    Progress progress("counted", "events");
    const auto take = [&](std::uint64_t sequence, std::string_view bytes) {
      const auto event = codec::decode_event(bytes);
      if (!event) {
        wrong = undecodable(sequence, event.error().message);
        return false;
      }
      statistics.take(sequence, *event, bytes.size());
      if (sequence % kShowProgressEvery == 0) progress.show(sequence, header.last_sequence);
      return true;
    };
    const auto read = opened->reader.read(header.first_sequence, header.last_sequence, take);
    if (wrong) return std::unexpected(std::move(*wrong));
    if (!read) return std::unexpected(journal_error(read.error().message));
  }
  if (context.json()) {
    print_json(statistics_json(statistics, *disk));
  } else {
    print_text(statistics_text(statistics, *disk));
  }
  return 0;
}

}  // namespace

void add_journal_stats(CLI::App& noun, Context& context) {
  CLI::App& command = add_command(
      noun, "stats", "Events by hour, type and group, size and growth, rebalance storms",
      "  muster journal stats --data-dir /var/lib/muster");
  const auto data_dir = std::make_shared<std::string>();
  add_data_dir_option(command, *data_dir);
  on_run(command, context, [&context, data_dir] { return print_statistics(context, *data_dir); });
}

}  // namespace muster::tools
