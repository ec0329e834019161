#include "tools/time_argument.h"

#include <chrono>

#include "tools/arguments.h"

namespace muster::tools {
namespace {

using std::chrono::milliseconds;

/// Takes what it reads off the front of the text.
class TimeReader {
 public:
  explicit TimeReader(std::string_view text) : rest_(text) {}

  bool at_end() const { return rest_.empty(); }

  bool take(char wanted) {
    if (!rest_.starts_with(wanted)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool take_any(std::string_view wanted) {
    if (rest_.empty() || !wanted.contains(rest_.front())) return false;
    rest_.remove_prefix(1);
    return true;
  }

  /// Exactly so many digits, and a number within the bounds.
  std::optional<int> number(std::size_t digits, int least, int most) {
    if (rest_.size() < digits) return std::nullopt;
    int value = 0;
    for (const char digit : rest_.substr(0, digits)) {
      if (digit < '0' || digit > '9') return std::nullopt;
      value = 10 * value + (digit - '0');
    }
    if (value < least || value > most) return std::nullopt;
    rest_.remove_prefix(digits);
    return value;
  }

  /// Of any length; what is finer than a millisecond is left out.
  std::optional<int> fraction_ms() {
    int value = 0;
    std::size_t digits = 0;
    for (; !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9'; ++digits) {
      if (digits < 3) value = 10 * value + (rest_.front() - '0');
      rest_.remove_prefix(1);
    }
    if (digits == 0) return std::nullopt;
    for (; digits < 3; ++digits) value *= 10;
    return value;
  }

 private:
  std::string_view rest_;
};

std::optional<std::chrono::sys_days> read_date(TimeReader& reader) {
  const auto year = reader.number(4, 1970, 9999);
  if (!year || !reader.take('-')) return std::nullopt;
  const auto month = reader.number(2, 1, 12);
  if (!month || !reader.take('-')) return std::nullopt;
  const auto day = reader.number(2, 1, 31);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  return date.ok() ? std::optional(std::chrono::sys_days(date)) : std::nullopt;
}

std::optional<milliseconds> read_time_of_day(TimeReader& reader) {
  const auto hour = reader.number(2, 0, 23);
  if (!hour || !reader.take(':')) return std::nullopt;
  const auto minute = reader.number(2, 0, 59);
  if (!minute) return std::nullopt;
  milliseconds time = std::chrono::hours(*hour) + std::chrono::minutes(*minute);
  if (!reader.take(':')) return time;
  const auto second = reader.number(2, 0, 60);  // a leap second is the one after it
  if (!second) return std::nullopt;
  time += std::chrono::seconds(*second);
  if (!reader.take('.')) return time;
  const auto fraction = reader.fraction_ms();
  return fraction ? std::optional(time + milliseconds(*fraction)) : std::nullopt;
}

/// How far the local time named is ahead of UTC.
std::optional<milliseconds> read_zone(TimeReader& reader) {
  if (reader.at_end() || reader.take_any("Zz")) return milliseconds(0);
  const bool ahead = reader.take('+');
  if (!ahead && !reader.take('-')) return std::nullopt;
  const auto hours = reader.number(2, 0, 23);
  if (!hours) return std::nullopt;
  reader.take(':');
  const auto minutes = reader.number(2, 0, 59);
  if (!minutes) return std::nullopt;
  const milliseconds offset = std::chrono::hours(*hours) + std::chrono::minutes(*minutes);
  return ahead ? offset : -offset;
}

std::optional<std::int64_t> parse_calendar(std::string_view text) {
  TimeReader reader(text);
  const auto date = read_date(reader);
  if (!date) return std::nullopt;
  milliseconds time = date->time_since_epoch();
  if (!reader.at_end()) {
    if (!reader.take_any("Tt ")) return std::nullopt;
    const auto time_of_day = read_time_of_day(reader);
    if (!time_of_day) return std::nullopt;
    const auto zone = read_zone(reader);
    if (!zone || !reader.at_end()) return std::nullopt;
    time += *time_of_day - *zone;
  }
  return time.count();
}

std::optional<std::int64_t> parse_ago(std::string_view text, std::int64_t now_ms) {
  const auto ago_ms = parse_milliseconds(text);
  if (!ago_ms) return std::nullopt;
  return now_ms - static_cast<std::int64_t>(*ago_ms);
}

}  // namespace

std::optional<std::int64_t> parse_time_ms(std::string_view text, std::int64_t now_ms) {
  if (text == "now") return now_ms;
  constexpr std::string_view kAgo = " ago";
  if (text.ends_with(kAgo)) return parse_ago(text.substr(0, text.size() - kAgo.size()), now_ms);
  if (const auto time_ms = parse_ago(text, now_ms)) return time_ms;
  return parse_calendar(text);
}

std::int64_t wall_clock_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<milliseconds>(now).count();
}

CLI::Option* add_time_option(CLI::App& command, const std::string& name,
                             std::optional<std::int64_t>& time_ms, const std::string& description) {
  return command
      .add_option_function<std::string>(
          name,
          [name, &time_ms](const std::string& text) {
            time_ms = parse_time_ms(text, wall_clock_ms());
            if (!time_ms) {
              throw CLI::ValidationError(name, "\"" + text + "\" is not " + kTimeHint);
            }
          },
          description)
      ->type_name("TIME");
}

}  // namespace muster::tools
