// What commands print: tables for people, JSON for programs. Nothing that a stored name could
// smuggle in reaches a terminal; what tables do there alone: output_style.h.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "muster/error.hpp"
#include "tools/output_style.h"

namespace muster::tools {

/// Fields keep the order in which they were set.
using Json = nlohmann::ordered_json;

enum class Align { kLeft, kRight };

struct Column {
  std::string title;
  Align align = Align::kLeft;
  std::size_t width_max = 0;  // what is wider is shortened; 0: nothing is
};

/// Rows under headers, columns two spaces apart and as wide as their widest cell.
class Table {
 public:
  explicit Table(std::vector<Column> columns);

  /// As many cells as there are columns. Control characters in them are shown escaped.
  void add_row(std::vector<std::string> cells);
  /// A cell of the row that was added last.
  void paint(std::size_t column, Colour colour);

  bool empty() const { return rows_.empty(); }
  /// Headers and rows, each line ended, without trailing spaces. Where that is wider than the
  /// terminal, the widest columns of text are shortened.
  std::string text() const;
  /// For a table that is too long to wait for its end: the rows since the last call, at first with
  /// the headers. Columns never get narrower.
  std::string take_text();

 private:
  struct Cell {
    std::string text;
    Colour colour = Colour::kPlain;
  };
  using Row = std::vector<Cell>;
  using Widths = std::vector<std::size_t>;

  void append_line(std::string& text, const Row& cells, const Widths& widths) const;
  void append_titles(std::string& text, const Widths& widths) const;
  Widths fitting(std::size_t width) const;

  std::vector<Column> columns_;
  Widths widths_;
  std::vector<Row> rows_;
  bool titles_taken_ = false;
};

/// Columns that a terminal gives to this text: wide East Asian characters and emoji count two,
/// combining marks none. Bytes that are no UTF-8 count one each.
std::size_t display_width(std::string_view text);

/// The text with control characters and broken UTF-8 shown as \xNN.
std::string printable(std::string_view text);

/// At most `width` columns of printable text, the rest replaced by "…".
std::string shortened(std::string_view text, std::size_t width);

/// The width that tables give to an offset's metadata, in columns.
inline constexpr std::size_t kMetadataColumns = 40;

/// "1 member", "2 members".
std::string counted(std::uint64_t count, std::string_view singular);

/// "207 B", "1.5 MiB".
std::string bytes_text(double bytes);

/// Prints to standard output.
void print_text(std::string_view text);
/// Prints on one line; bytes that are no UTF-8 become U+FFFD.
void print_json(const Json& json);

enum class Written { kAll, kReaderGone, kFailed };
/// What became of all that was printed. kReaderGone: the pipe was closed, and SIGPIPE is ignored.
Written flush_output();
/// False: what is printed from now on is lost.
bool output_works();

/// {"error":{"code","name","message","retriable"}}
std::string error_json(const Error& error);

}  // namespace muster::tools
