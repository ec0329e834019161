#include "tools/offset_view.h"

#include <array>
#include <cstdio>
#include <ctime>

namespace muster::tools {
namespace {

Table offsets_table() {
  return Table({{"TOPIC"},
                {"PARTITION", Align::kRight},
                {"OFFSET", Align::kRight},
                {"COMMITTED AT"},
                {"FENCE", Align::kRight},
                {"METADATA"}});
}

void add_row(Table& table, const wire::CommittedOffsetT& offset) {
  table.add_row({offset.topic, std::to_string(offset.partition),
                 offset.offset < 0 ? "-" : std::to_string(offset.offset),
                 time_text(offset.commit_time_ms),
                 offset.fence == 0 ? "-" : std::to_string(offset.fence),
                 shortened(offset.metadata, kMetadataColumns)});
}

}  // namespace

Json offset_json(const wire::CommittedOffsetT& offset) {
  const bool committed = offset.offset >= 0;
  return {{"topic", offset.topic},
          {"partition", offset.partition},
          {"offset", committed ? Json(offset.offset) : Json()},
          {"metadata", offset.metadata},
          {"commit_time_ms", committed ? Json(offset.commit_time_ms) : Json()},
          {"fence", offset.fence}};
}

std::string offset_text(std::string_view group, const wire::CommittedOffsetT& offset) {
  if (offset.offset < 0) {
    return "Group " + printable(group) + " has committed nothing of " + printable(offset.topic) +
           "/" + std::to_string(offset.partition) + " yet.\n";
  }
  Table table = offsets_table();
  add_row(table, offset);
  return table.text();
}

Json offsets_json(std::string_view group, const CommittedOffsets& offsets) {
  Json list = Json::array();
  for (const auto& offset : offsets) list.push_back(offset_json(*offset));
  return {{"group", group}, {"offsets", std::move(list)}};
}

std::string offsets_text(std::string_view group, const CommittedOffsets& offsets) {
  Table table = offsets_table();
  for (const auto& offset : offsets) add_row(table, *offset);
  const std::string summary =
      "Group " + printable(group) + ": " + counted(offsets.size(), "committed offset") + "\n";
  return table.empty() ? summary : summary + "\n" + table.text();
}

std::string time_text(std::int64_t time_ms) {
  if (time_ms <= 0) return "-";
  const std::time_t seconds = time_ms / 1'000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 48> text{};
  const std::size_t used = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(text.data() + used, text.size() - used, ".%03dZ",
                static_cast<int>(time_ms % 1'000));
  return text.data();
}

}  // namespace muster::tools
