#include "tools/output.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "domain/assert.h"

namespace muster::tools {
namespace {

constexpr std::string_view kGap = "  ";
// A name is not shortened below that: what would be left says too little.
constexpr std::size_t kShortestText = 12;

// The errno of the first write to standard output that failed: later ones say other things.
int first_failure = 0;

void note_failure(int error) {
  if (first_failure == 0) first_failure = error;
}

/// One character of UTF-8 text, or one byte that is part of none.
struct Character {
  char32_t code = 0;
  std::size_t bytes = 1;
  bool valid = false;
};

Character first_character(std::string_view text) {
  const auto byte_at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte_at(0);
  if (lead < 0x80) return {.code = lead, .bytes = 1, .valid = true};
  const std::size_t bytes = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < bytes) return {};
  char32_t code = lead & (0x7fU >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte_at(i) & 0xc0) != 0x80) return {};
    code = (code << 6) | (byte_at(i) & 0x3fU);
  }
  constexpr std::array<char32_t, 5> kSmallest{0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xd800 && code <= 0xdfff;
  if (code < kSmallest[bytes] || code > 0x10ffff || surrogate) return {};
  return {.code = code, .bytes = bytes, .valid = true};
}

using Range = std::pair<char32_t, char32_t>;

bool within(char32_t code, std::initializer_list<Range> ranges) {
  return std::ranges::any_of(
      ranges, [&](const Range& range) { return code >= range.first && code <= range.second; });
}

std::size_t width_of(const Character& character) {
  if (!character.valid) return 1;
  const char32_t code = character.code;
  if (within(code, {{0x300, 0x36f}, {0x200b, 0x200f}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}}))
    return 0;
  const bool wide = within(code, {{0x1100, 0x115f},
                                  {0x2e80, 0xa4cf},
                                  {0xac00, 0xd7a3},
                                  {0xf900, 0xfaff},
                                  {0xfe30, 0xfe6f},
                                  {0xff00, 0xff60},
                                  {0xffe0, 0xffe6},
                                  {0x1f300, 0x1faff},
                                  {0x20000, 0x3fffd}});
  return wide ? 2 : 1;
}

/// Escapes, and also what would turn the direction of the text around it.
bool is_control(char32_t code) {
  return code < 0x20 ||
         within(code, {{0x7f, 0x9f}, {0x2028, 0x202e}, {0x2066, 0x2069}, {0xfeff, 0xfeff}});
}

void append_escaped(std::string& shown, std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (const char byte : bytes) {
    const auto value = static_cast<unsigned char>(byte);
    shown += {'\\', 'x', kDigits[value >> 4], kDigits[value & 0xf]};
  }
}

}  // namespace

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const Character character = first_character(text);
    width += width_of(character);
    text.remove_prefix(character.bytes);
  }
  return width;
}

std::string printable(std::string_view text) {
  std::string shown;
  while (!text.empty()) {
    const Character character = first_character(text);
    const std::string_view bytes = text.substr(0, character.bytes);
    if (!character.valid || is_control(character.code)) {
      append_escaped(shown, bytes);
    } else {
      shown += bytes;
    }
    text.remove_prefix(character.bytes);
  }
  return shown;
}

std::string shortened(std::string_view text, std::size_t width) {
  const std::string shown = printable(text);
  if (display_width(shown) <= width) return shown;
  std::string cut;
  std::size_t used = 1;  // the ellipsis
  for (std::string_view rest = shown;;) {
    const Character character = first_character(rest);
    used += width_of(character);
    if (used > width) return cut + "…";
    cut += rest.substr(0, character.bytes);
    rest.remove_prefix(character.bytes);
  }
}

std::string counted(std::uint64_t count, std::string_view singular) {
  return std::to_string(count) + " " + std::string(singular) + (count == 1 ? "" : "s");
}

Table::Table(std::vector<Column> columns) : columns_(std::move(columns)) {
  for (const Column& column : columns_) widths_.push_back(display_width(column.title));
}

void Table::add_row(std::vector<std::string> cells) {
  MUSTER_ASSERT(cells.size() == columns_.size());
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const std::size_t most = columns_[i].width_max;
    cells[i] = most == 0 ? printable(cells[i]) : shortened(cells[i], most);
    widths_[i] = std::max(widths_[i], display_width(cells[i]));
  }
  Row row;
  for (std::string& cell : cells) row.push_back({std::move(cell)});
  rows_.push_back(std::move(row));
}

void Table::paint(std::size_t column, Colour colour) { rows_.back().at(column).colour = colour; }

void Table::append_line(std::string& text, const Row& cells, const Widths& widths) const {
  std::string line;
  std::size_t owed = 0;  // spaces, which the end of the line does not need
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const std::string shown = shortened(cells[i].text, widths[i]);
    const std::size_t padding = widths[i] - display_width(shown);
    if (columns_[i].align == Align::kRight) owed += padding;
    if (!shown.empty()) line.append(std::exchange(owed, 0), ' ');
    line += painted(shown, cells[i].colour);
    if (columns_[i].align == Align::kLeft) owed += padding;
    owed += kGap.size();
  }
  text += line + "\n";
}

void Table::append_titles(std::string& text, const Widths& widths) const {
  Row titles;
  for (const Column& column : columns_) titles.push_back({column.title, Colour::kBold});
  append_line(text, titles, widths);
}

/// The columns' widths with at most so many columns of the terminal together, as far as shortening
/// text goes.
Table::Widths Table::fitting(std::size_t width) const {
  Widths widths = widths_;
  std::size_t sum = kGap.size() * (widths.size() - 1);
  for (const std::size_t each : widths) sum += each;
  while (sum > width) {
    std::size_t widest = widths.size();
    for (std::size_t i = 0; i < widths.size(); ++i) {
      const std::size_t least = std::max(kShortestText, display_width(columns_[i].title));
      if (columns_[i].align == Align::kRight || widths[i] <= least) continue;
      if (widest == widths.size() || widths[i] > widths[widest]) widest = i;
    }
    if (widest == widths.size()) break;  // numbers and short names: the terminal wraps the line
    --widths[widest];
    --sum;
  }
  return widths;
}

std::string Table::text() const {
  std::string text;
  const std::size_t width = output_style().width;
  const Widths widths = width == 0 ? widths_ : fitting(width);
  append_titles(text, widths);
  for (const Row& row : rows_) append_line(text, row, widths);
  return text;
}

std::string Table::take_text() {
  std::string text;
  if (!std::exchange(titles_taken_, true)) append_titles(text, widths_);
  for (const Row& row : rows_) append_line(text, row, widths_);
  rows_.clear();
  return text;
}

std::string bytes_text(double bytes) {
  constexpr std::array<const char*, 5> kUnits{"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  for (; bytes >= 1'024 && unit + 1 < kUnits.size(); ++unit) bytes /= 1'024;
  return fmt::format("{:.{}f} {}", bytes, unit == 0 || bytes >= 100 ? 0 : 1, kUnits[unit]);
}

void print_text(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) < text.size()) note_failure(errno);
}

void print_json(const Json& json) {
  print_text(json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
}

Written flush_output() {
  if (std::fflush(stdout) != 0) note_failure(errno);
  if (output_works()) return Written::kAll;
  return first_failure == EPIPE ? Written::kReaderGone : Written::kFailed;
}

bool output_works() { return first_failure == 0 && std::ferror(stdout) == 0; }

std::string error_json(const Error& error) {
  const Json json{{"error",
                   {{"code", static_cast<unsigned>(error.code)},
                    {"name", error.name},
                    {"message", error.message},
                    {"retriable", error.retriable}}}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace muster::tools
