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

std::expected<DiskUse, Error> disk_use(const std::string& data_dir, std::uint64_t record_bytes) {
  const std::string path = fmt::format("{}/{}", data_dir, journal::kDataFile);
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) {
    return std::unexpected(
        journal_error(fmt::format("cannot look at {}: {}", path, std::strerror(errno))));
  }
  return DiskUse{.file_bytes = static_cast<std::uint64_t>(status.st_size),
                 .allocated_bytes = static_cast<std::uint64_t>(status.st_blocks) * kBlockBytes,
                 .record_bytes = record_bytes};
}

/// Events can be counted without snapshots: damage there is said, and hides nothing.
std::optional<std::string> damage_of_snapshots(journal::FileReader& reader) {
  const auto snapshots = reader.snapshots();
  if (snapshots || snapshots.error().fault != journal::Fault::kCorrupt) return std::nullopt;
  return snapshots.error().message;
}

Outcome print_statistics(const Context& context, const std::string& data_dir, OpenJournal& opened) {
  const auto record_bytes = opened.reader.record_bytes();
  if (!record_bytes) return std::unexpected(journal_error(record_bytes.error().message));
  const auto disk = disk_use(data_dir, *record_bytes);
  if (!disk) return std::unexpected(disk.error());
  const journal::Header& header = opened.header;
  const std::optional<std::string> damage = damage_of_snapshots(opened.reader);
  Statistics statistics(header.first_sequence);
  std::optional<Error> wrong;
  {
    EventsProgress progress("counted", header.first_sequence, header.last_sequence);
    const auto take = [&](std::uint64_t sequence, std::string_view bytes) {
      const auto event = codec::decode_event(bytes);
      if (!event) {
        wrong = undecodable(sequence, event.error().message);
        return false;
      }
      statistics.take(sequence, *event, bytes.size());
      progress.show(sequence);
      return true;
    };
    const auto read = opened.reader.read(header.first_sequence, header.last_sequence, take);
    if (wrong) return std::unexpected(std::move(*wrong));
    if (!read) return std::unexpected(journal_error(read.error().message));
  }
  if (context.json()) {
    Json json = statistics_json(statistics, *disk);
    json["damage"] = damage ? Json(*damage) : Json();
    print_json(json);
  } else {
    print_text(statistics_text(statistics, *disk));
    if (damage) {
      print_text(fmt::format(
          "\nIts snapshots can't be read: {}. The events above can. What else is wrong says "
          "muster journal verify --data-dir {}; muster journal repair mends it.\n",
          *damage, data_dir));
    }
  }
  return damage ? 1 : 0;
}

}  // namespace

void add_journal_stats(CLI::App& noun, Context& context) {
  CLI::App& command = add_command(
      noun, "stats", "Events by hour, type and group, size and growth, rebalance storms",
      "  muster journal stats --data-dir /var/lib/muster");
  const auto data_dir = std::make_shared<std::string>();
  add_data_dir_option(command, *data_dir);
  on_run(command, context, [&context, data_dir] {
    return ask_journal(*data_dir, [&](OpenJournal& opened) {
      return print_statistics(context, *data_dir, opened);
    });
  });
}

}  // namespace muster::tools
