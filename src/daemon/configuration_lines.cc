#include "daemon/configuration_lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace muster::daemon {
namespace {

using Text = std::expected<std::string, std::string>;

bool is_blank(char byte) { return byte == ' ' || byte == '\t'; }

bool is_name_byte(char byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
         (byte >= '0' && byte <= '9') || byte == '-' || byte == '_' || byte == '.';
}

bool is_control(char byte) {
  return (static_cast<unsigned char>(byte) < 0x20 && byte != '\t' && byte != '\n') || byte == 0x7f;
}

/// Takes what it reads off the front of the text.
class LineReader {
 public:
  explicit LineReader(std::string_view text) : rest_(text) {}

  /// Nothing: there is no further one.
  std::expected<std::optional<ConfigurationLine>, std::string> next() {
    skip_empty_lines();
    if (rest_.empty()) return std::nullopt;
    ConfigurationLine line;
    line.number = number_;
    if (take('[')) {
      return wrong(
          fmt::format("'{}' is a table: write all names without tables, as "
                      "max-connections = 5000",
                      take_while([](char byte) { return byte != ']' && byte != '\n'; })));
    }
    line.name = take_while(is_name_byte);
    if (line.name.empty()) return wrong("a name was expected, as in max-connections = 5000");
    skip_blanks();
    if (!take('=')) {
      return wrong(fmt::format("'{}' has no value: write {} = VALUE", line.name, line.name));
    }
    skip_blanks();
    if (auto read = values(line); !read) return std::unexpected(std::move(read.error()));
    skip_blanks();
    skip_comment();
    if (rest_.empty() || rest_.front() == '\n') return line;
    return wrong(fmt::format(
        "there is more behind the value of '{}': put a value with blanks, commas or brackets in "
        "quotes, and write several as one list, [\"…\", \"…\"]",
        line.name));
  }

 private:
  std::unexpected<std::string> wrong(const std::string& what) const {
    return std::unexpected(fmt::format("line {}: {}", number_, what));
  }

  bool take(char wanted) {
    if (!rest_.starts_with(wanted)) return false;
    if (wanted == '\n') ++number_;
    rest_.remove_prefix(1);
    return true;
  }
  template <typename Accept>
  std::string take_while(Accept accept) {
    const auto end = std::ranges::find_if_not(rest_, accept);
    std::string taken(rest_.begin(), end);
    rest_.remove_prefix(taken.size());
    return taken;
  }

  void skip_blanks() { std::ignore = take_while(is_blank); }
  void skip_comment() {
    if (rest_.starts_with('#')) std::ignore = take_while([](char byte) { return byte != '\n'; });
  }
  void skip_empty_lines() {
    do {
      skip_blanks();
      skip_comment();
    } while (take('\n'));
  }

  std::expected<void, std::string> values(ConfigurationLine& line) {
    if (!take('[')) return add_value(line);
    for (skip_empty_lines(); !take(']'); skip_empty_lines()) {
      if (auto read = add_value(line); !read) return read;
      skip_empty_lines();
      if (take(',') || rest_.starts_with(']')) continue;
      return wrong(
          fmt::format("the list of '{}' goes on without a comma, or has no end", line.name));
    }
    if (line.values.empty()) {
      return wrong(fmt::format("the list of '{}' is empty: leave the line out", line.name));
    }
    return {};
  }

  std::expected<void, std::string> add_value(ConfigurationLine& line) {
    Text value = take('"') ? quoted(line.name) : take('\'') ? literal(line.name) : bare(line.name);
    if (!value) return std::unexpected(std::move(value.error()));
    line.values.push_back(std::move(*value));
    return {};
  }

  Text not_closed(const std::string& name) const {
    return wrong(fmt::format("the quotes of '{}' are not closed", name));
  }

  Text quoted(const std::string& name) {
    std::string value;
    while (true) {
      value += take_while([](char byte) { return byte != '"' && byte != '\\' && byte != '\n'; });
      if (take('"')) return value;
      if (!take('\\')) return not_closed(name);
      if (!rest_.starts_with('"') && !rest_.starts_with('\\')) {
        return wrong(fmt::format(
            "in the quotes of '{}' a backslash stands before what it is not for: write \\\\ for "
            "one, or '…' instead of the quotes",
            name));
      }
      value += rest_.front();
      rest_.remove_prefix(1);
    }
  }

  Text literal(const std::string& name) {
    std::string value = take_while([](char byte) { return byte != '\'' && byte != '\n'; });
    if (!take('\'')) return not_closed(name);
    return value;
  }

  Text bare(const std::string& name) {
    const auto ends = [](char byte) {
      return is_blank(byte) || std::string_view(",[]#\"'\n").contains(byte);
    };
    std::string value = take_while([&](char byte) { return !ends(byte); });
    if (value.empty()) {
      return wrong(fmt::format("'{}' has no value: write {} = VALUE", name, name));
    }
    return value;
  }

  std::string_view rest_;
  std::size_t number_ = 1;
};

}  // namespace

std::expected<std::vector<ConfigurationLine>, std::string> read_configuration_lines(
    std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!text.substr(i).starts_with("\r\n")) plain.push_back(text[i]);
  }
  const auto control = std::ranges::find_if(plain, is_control);
  if (control != plain.end()) {
    return std::unexpected(fmt::format("line {}: the byte {:#04x} can't stand in it",
                                       1 + std::count(plain.begin(), control, '\n'),
                                       static_cast<unsigned char>(*control)));
  }
  LineReader reader(plain);
  std::vector<ConfigurationLine> lines;
  while (true) {
    auto line = reader.next();
    if (!line) return std::unexpected(std::move(line.error()));
    std::optional<ConfigurationLine>& read = *line;
    if (!read) return lines;
    lines.push_back(std::move(*read));
  }
}

}  // namespace muster::daemon
