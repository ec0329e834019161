#include "tools/offset_file.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <set>
#include <utility>

#include "tools/input_file.h"
#include "tools/output.h"

namespace muster::tools {
namespace {

constexpr std::size_t kFileBytesMax = std::size_t{512} << 20;

using Row = std::vector<std::string>;

std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

std::unexpected<Error> wrong_line(const std::string& name, std::size_t line,
                                  const std::string& what) {
  return std::unexpected(make_error(ErrorCode::kInvalidArgument,
                                    "Line " + std::to_string(line) + " of '" + name + "' " + what));
}

/// Cuts CSV into rows; a quoted cell may go over several lines.
class CsvReader {
 public:
  explicit CsvReader(std::string_view text) : text_(text) {
    if (text_.starts_with("\xEF\xBB\xBF")) text_.remove_prefix(3);  // as spreadsheets write it
  }

  std::size_t line() const { return line_; }  // where the last row began
  /// Whether the last row had a quote that is not closed, or something between it and the comma.
  bool quotes_are_wrong() const { return quotes_are_wrong_; }

  /// Nothing: there is no further row. Empty lines are none.
  std::optional<Row> next() {
    while (!text_.empty() && (text_.front() == '\n' || text_.front() == '\r')) skip_end();
    if (text_.empty()) return std::nullopt;
    line_ = next_line_;
    Row row{cell()};
    while (!text_.empty() && text_.front() == ',') {
      text_.remove_prefix(1);
      row.push_back(cell());
    }
    if (!text_.empty()) skip_end();
    return row;
  }

 private:
  void skip_end() {
    if (text_.starts_with("\r\n")) text_.remove_prefix(1);
    text_.remove_prefix(1);
    ++next_line_;
  }

  std::string cell() {
    if (text_.empty() || text_.front() != '"') {
      const std::size_t end = std::min(text_.find_first_of(",\r\n"), text_.size());
      std::string plain(text_.substr(0, end));
      text_.remove_prefix(end);
      return plain;
    }
    std::string quoted;
    text_.remove_prefix(1);
    while (!text_.empty()) {
      const char c = text_.front();
      text_.remove_prefix(1);
      if (c == '"' && !text_.starts_with('"')) {
        const bool ends = text_.empty() || std::string_view(",\r\n").contains(text_.front());
        quotes_are_wrong_ = quotes_are_wrong_ || !ends;
        return quoted;
      }
      if (c == '"') text_.remove_prefix(1);
      if (c == '\n') ++next_line_;
      quoted += c;
    }
    quotes_are_wrong_ = true;
    return quoted;
  }

  std::string_view text_;
  bool quotes_are_wrong_ = false;
  std::size_t line_ = 0;
  std::size_t next_line_ = 1;
};

template <typename Number>
std::optional<Number> whole_number(std::string_view text) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// Where the columns are that are read.
struct Columns {
  std::size_t topic = 0;
  std::size_t partition = 0;
  std::size_t offset = 0;
  std::optional<std::size_t> metadata;

  static std::optional<Columns> of(const Row& titles) {
    const auto find = [&](std::string_view name) -> std::optional<std::size_t> {
      const auto found = std::ranges::find(titles, name);
      if (found == titles.end()) return std::nullopt;
      return static_cast<std::size_t>(found - titles.begin());
    };
    const auto topic = find("topic");
    const auto partition = find("partition");
    const auto offset = find("offset");
    if (!topic || !partition || !offset) return std::nullopt;
    return Columns{*topic, *partition, *offset, find("metadata")};
  }
};

std::expected<OffsetWish, Error> wish_of(const Row& row, const Columns& columns,
                                         const std::string& name, std::size_t line) {
  const auto cell = [&](std::size_t column) {
    return column < row.size() ? row[column] : std::string();
  };
  OffsetWish wish;
  wish.at.topic = cell(columns.topic);
  if (wish.at.topic.empty()) return wrong_line(name, line, "names no topic.");
  const auto partition = whole_number<std::int32_t>(cell(columns.partition));
  if (!partition || *partition < 0) {
    return wrong_line(name, line,
                      "has '" + printable(cell(columns.partition)) +
                          "' for a partition: write a whole number, 0 or more.");
  }
  wish.at.partition = *partition;
  const std::string offset = cell(columns.offset);
  const auto number =
      offset.empty() ? std::optional<std::int64_t>(-1) : whole_number<std::int64_t>(offset);
  if (!number || *number < -1) {
    return wrong_line(name, line,
                      "has '" + printable(offset) +
                          "' for an offset: write a whole number, 0 or more, or "
                          "nothing where nothing is committed.");
  }
  wish.offset = *number;
  if (columns.metadata) wish.metadata = cell(*columns.metadata);
  return wish;
}

std::expected<std::vector<OffsetWish>, Error> read_csv(std::string_view text,
                                                       const std::string& name) {
  CsvReader reader(text);
  const auto titles = reader.next();
  const auto columns = titles ? Columns::of(*titles) : std::nullopt;
  if (!columns) {
    return std::unexpected(make_error(
        ErrorCode::kInvalidArgument,
        "'" + name + "' does not begin with the names of its columns: let its first line be " +
            "topic,partition,offset,metadata, or let it be JSON."));
  }
  std::vector<OffsetWish> wishes;
  while (const auto row = reader.next()) {
    if (reader.quotes_are_wrong()) {
      return wrong_line(name, reader.line(),
                        "has a quote that is not closed, or not right before the next comma: write "
                        "\"…\" around the whole cell, and \"\" for a quote in it.");
    }
    auto wish = wish_of(*row, *columns, name, reader.line());
    if (!wish) return std::unexpected(std::move(wish.error()));
    wishes.push_back(std::move(*wish));
  }
  return wishes;
}

/// Nothing for what is none, or too large: the library would make a negative number of it.
std::optional<std::int64_t> integer(const Json& value) {
  constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (!value.is_number_integer()) return std::nullopt;
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > kMost) return std::nullopt;
  return value.get<std::int64_t>();
}

std::expected<OffsetWish, Error> wish_of(const Json& entry, const std::string& name,
                                         std::size_t number) {
  const auto wrong = [&](const std::string& what) {
    return std::unexpected(
        make_error(ErrorCode::kInvalidArgument,
                   "Entry " + std::to_string(number) + " of 'offsets' in '" + name + "' " + what +
                       ": write {\"topic\": \"outbox\", \"partition\": 0, \"offset\": 41}."));
  };
  if (!entry.is_object()) return wrong("is no object");
  const auto topic = entry.find("topic");
  if (topic == entry.end() || !topic->is_string()) return wrong("has no topic");
  const auto partition = entry.find("partition");
  const auto index = partition == entry.end() ? std::nullopt : integer(*partition);
  const bool placed = index && *index >= 0 && *index <= std::numeric_limits<std::int32_t>::max();
  if (!placed) return wrong("has no partition of 0 or more");
  const auto offset = entry.find("offset");
  const bool nothing = offset != entry.end() && offset->is_null();
  const auto number_given = nothing                 ? std::optional<std::int64_t>(-1)
                            : offset == entry.end() ? std::nullopt
                                                    : integer(*offset);
  if (!number_given || *number_given < -1) return wrong("has no offset of 0 or more");
  OffsetWish wish;
  wish.at = {.topic = topic->get<std::string>(), .partition = static_cast<std::int32_t>(*index)};
  wish.offset = *number_given;
  const auto metadata = entry.find("metadata");
  if (metadata == entry.end() || metadata->is_null()) return wish;
  if (!metadata->is_string()) return wrong("has metadata that is no text");
  wish.metadata = *metadata;
  return wish;
}

std::expected<std::vector<OffsetWish>, Error> read_json(std::string_view text,
                                                        const std::string& name) {
  const Json document = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  const Json* list = &document;
  if (document.is_object() && document.contains("offsets")) list = &document["offsets"];
  if (!list->is_array()) {
    return std::unexpected(
        make_error(ErrorCode::kInvalidArgument,
                   "'" + name + "' is no JSON with offsets: write {\"offsets\": [{\"topic\": " +
                       "\"outbox\", \"partition\": 0, \"offset\": 41}]}."));
  }
  std::vector<OffsetWish> wishes;
  for (const Json& entry : *list) {
    auto wish = wish_of(entry, name, wishes.size() + 1);
    if (!wish) return std::unexpected(std::move(wish.error()));
    wishes.push_back(std::move(*wish));
  }
  return wishes;
}

}  // namespace

std::string offsets_csv(const CommittedOffsets& offsets) {
  std::string text = "topic,partition,offset,metadata\n";
  for (const auto& one : offsets) {
    text += csv_cell(one->topic) + "," + std::to_string(one->partition) + "," +
            std::to_string(one->offset) + "," + csv_cell(one->metadata) + "\n";
  }
  return text;
}

std::expected<std::vector<OffsetWish>, Error> read_offsets(std::string_view text,
                                                           const std::string& name) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  const bool json = first != std::string_view::npos && (text[first] == '{' || text[first] == '[');
  auto wishes = json ? read_json(text, name) : read_csv(text, name);
  if (!wishes) return wishes;
  std::set<std::pair<std::string, std::int32_t>> seen;
  for (const OffsetWish& wish : *wishes) {
    if (seen.emplace(wish.at.topic, wish.at.partition).second) continue;
    return std::unexpected(
        make_error(ErrorCode::kInvalidArgument,
                   "'" + name + "' names " + printable(wish.at.text()) + " twice: name it once."));
  }
  return wishes;
}

std::expected<std::vector<OffsetWish>, Error> read_offsets_file(const std::string& path) {
  const auto text = read_input(path, kFileBytesMax, ", or - for standard input");
  if (!text) return std::unexpected(text.error());
  if (text->size() > kFileBytesMax) {
    return std::unexpected(make_error(
        ErrorCode::kInvalidArgument,
        "'" + path + "' has more than " + std::to_string(kFileBytesMax) + " bytes: divide it."));
  }
  return read_offsets(*text, path == "-" ? "standard input" : path);
}

}  // namespace muster::tools
