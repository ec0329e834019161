#include "tools/statistics_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "tools/bars.h"
#include "tools/offset_view.h"
#include "tools/progress.h"

namespace muster::tools {
namespace {

constexpr std::size_t kShownGroups = 20;
constexpr std::size_t kShownHours = 24;
constexpr std::size_t kShownStorms = 20;
constexpr std::size_t kShownCauses = 4;
constexpr std::size_t kShareColumns = 24;
constexpr std::size_t kSparkColumns = 72;
constexpr std::size_t kGroupColumns = 40;
constexpr std::int64_t kHoursOfDay = 24;
// Where an event's clock was far off, hours lie too far apart to be columns of one line.
constexpr std::int64_t kMostHours = kHoursOfDay * 366 * 10;

using GroupActivity = std::pair<std::string, Activity>;

std::string hour_text(std::int64_t hour) {
  return time_text(hour * kHour_ms).substr(0, std::size_t{13}) + ":00Z";
}

/// Events and bytes on the disk in some time.
struct Growth {
  double events = 0;
  double bytes = 0;
};

class Figures {
 public:
  Figures(const Statistics& statistics, const DiskUse& disk) : all_(statistics) {
    if (all_.all().events == 0) return;
    event_bytes_ = static_cast<double>(disk.record_bytes) / static_cast<double>(all_.all().events);
  }

  double disk_bytes_per_event() const { return event_bytes_; }
  double hours() const {
    return static_cast<double>(all_.last_time_ms() - all_.first_time_ms()) / kHour_ms;
  }

  /// On average; of a journal that is younger than an hour, as if it went on so.
  Growth per_hour() const {
    if (hours() <= 0) return {};
    return growth_of(static_cast<double>(all_.all().events) / hours());
  }
  Growth per_day() const { return growth_of(per_hour().events * kHoursOfDay); }

  /// In the hour of the last event and the 23 before it.
  Growth last_day() const {
    const std::int64_t last = all_.last_time_ms() / kHour_ms;
    std::uint64_t events = 0;
    for (const auto& [hour, activity] : all_.by_hour()) {
      if (hour > last - kHoursOfDay && hour <= last) events += activity.events;
    }
    return growth_of(static_cast<double>(events));
  }

 private:
  Growth growth_of(double events) const {
    return {.events = events, .bytes = events * event_bytes_};
  }

  const Statistics& all_;
  double event_bytes_ = 0;
};

std::vector<GroupActivity> groups_by_size(const Statistics& statistics) {
  std::vector<GroupActivity> groups(statistics.by_group().begin(), statistics.by_group().end());
  std::ranges::sort(groups, [](const GroupActivity& a, const GroupActivity& b) {
    return std::pair(b.second.events, a.first) < std::pair(a.second.events, b.first);
  });
  return groups;
}

Json time_json(const Statistics& statistics, std::int64_t time_ms) {
  return statistics.all().events == 0 ? Json() : Json(time_text(time_ms));
}

Json activity_json(const Activity& activity) {
  return {{"events", activity.events},   {"bytes", activity.bytes},   {"commits", activity.commits},
          {"plans", activity.plans},     {"joined", activity.joined}, {"left", activity.left},
          {"expired", activity.expired}, {"fenced", activity.fenced}};
}

Json growth_json(const Growth& growth) {
  return {{"events", static_cast<std::uint64_t>(growth.events)},
          {"bytes", static_cast<std::uint64_t>(growth.bytes)}};
}

Json storm_json(const Storm& storm) {
  Json causes = Json::array();
  for (const auto& [cause, count] : storm.causes) {
    Json one{{"type", cause.first}, {"count", count}};
    if (!cause.second.empty()) one["member_id"] = cause.second;
    causes.push_back(std::move(one));
  }
  return {{"group", storm.group},
          {"began", time_text(storm.began_ms)},
          {"ended", time_text(storm.ended_ms)},
          {"first_sequence", storm.first_sequence},
          {"last_sequence", storm.last_sequence},
          {"plans", storm.plans},
          {"causes", std::move(causes)}};
}

std::string head_text(const Statistics& statistics, const DiskUse& disk, const Figures& figures) {
  const auto count = [](double number) {
    return grouped_digits(static_cast<std::uint64_t>(number));
  };
  const Activity& all = statistics.all();
  std::string text = fmt::format(
      "{} {}, sequences {} to {}, from {} to {}.\n", grouped_digits(all.events),
      all.events == 1 ? "event" : "events", statistics.first_sequence(), statistics.last_sequence(),
      time_text(statistics.first_time_ms()), time_text(statistics.last_time_ms()));
  if (statistics.steps_back() > 0) {
    text += fmt::format("The clock was set back {} meanwhile.\n",
                        counted(statistics.steps_back(), "time"));
  }
  text += fmt::format(
      "Size: {} ({} with the reserve), {} of it events: {} each, {} of that its "
      "own.\n",
      bytes_text(static_cast<double>(disk.file_bytes)),
      bytes_text(static_cast<double>(disk.allocated_bytes)),
      bytes_text(static_cast<double>(disk.record_bytes)),
      bytes_text(figures.disk_bytes_per_event()),
      bytes_text(static_cast<double>(all.bytes) / static_cast<double>(all.events)));
  const Growth hour = figures.per_hour();
  const Growth day = figures.per_day();
  const Growth last = figures.last_day();
  text += fmt::format(
      "Growth: on average {} events and {} an hour, {} and {} a day; in the last 24 hours {} and "
      "{}.\n",
      count(hour.events), bytes_text(hour.bytes), count(day.events), bytes_text(day.bytes),
      count(last.events), bytes_text(last.bytes));
  return text;
}

/// All hours in one line.
std::string hours_line(const Statistics& statistics) {
  const std::int64_t first = statistics.by_hour().begin()->first;
  const std::int64_t last = statistics.by_hour().rbegin()->first;
  if (last - first >= kMostHours) return {};
  std::vector<std::uint64_t> hours(static_cast<std::size_t>(last - first + 1));
  for (const auto& [hour, activity] : statistics.by_hour()) {
    hours[static_cast<std::size_t>(hour - first)] = activity.events;
  }
  const std::vector<std::uint64_t> shown = condensed(hours, kSparkColumns);
  const std::size_t each = numbers_per_column(hours.size(), kSparkColumns);
  return fmt::format("\nEvents from {} to {}, a column {}, at most {}:\n{}\n", hour_text(first),
                     hour_text(last + 1), each == 1 ? "an hour" : counted(each, "hour"),
                     grouped_digits(*std::ranges::max_element(shown)), sparkline(shown));
}

/// A row of figures for each of what the first column names.
class ActivityTable {
 public:
  /// The bars show events in relation to `most`.
  ActivityTable(const Column& of, std::uint64_t most) : table_(columns(of)), most_(most) {}

  void add(const std::string& name, const Activity& activity) {
    std::vector<std::string> row{name};
    for (const Figure& figure : kFigures) row.push_back(grouped_digits(activity.*figure.count));
    row.push_back(bar(activity.events, most_, kShareColumns));
    table_.add_row(std::move(row));
  }
  std::string text() const { return "\n" + table_.text(); }

 private:
  struct Figure {
    const char* title;
    std::uint64_t Activity::* count;
  };
  static constexpr std::array kFigures{
      Figure{"EVENTS", &Activity::events}, Figure{"COMMITS", &Activity::commits},
      Figure{"PLANS", &Activity::plans},   Figure{"JOINED", &Activity::joined},
      Figure{"LEFT", &Activity::left},     Figure{"EXPIRED", &Activity::expired},
      Figure{"FENCED", &Activity::fenced}};

  static std::vector<Column> columns(const Column& of) {
    std::vector<Column> all{of};
    for (const Figure& figure : kFigures) all.push_back({figure.title, Align::kRight});
    all.push_back({""});
    return all;
  }

  Table table_;
  std::uint64_t most_;
};

std::string hours_table(const Statistics& statistics) {
  const auto& all = statistics.by_hour();
  const std::size_t left_out = all.size() - std::min(all.size(), kShownHours);
  std::uint64_t most = 0;
  const auto first = std::next(all.begin(), static_cast<std::ptrdiff_t>(left_out));
  for (auto hour = first; hour != all.end(); ++hour) most = std::max(most, hour->second.events);
  ActivityTable table({"HOUR"}, most);
  for (auto hour = first; hour != all.end(); ++hour) {
    table.add(hour_text(hour->first), hour->second);
  }
  std::string text = table.text();
  if (left_out > 0) text += fmt::format("{} before that.\n", counted(left_out, "hour"));
  return text;
}

std::string types_table(const Statistics& statistics) {
  Table table({{"TYPE"},
               {"EVENTS", Align::kRight},
               {"SHARE", Align::kRight},
               {"SIZE", Align::kRight},
               {""}});
  const auto names = domain::event_names();
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (statistics.by_type()[i].events > 0) order.push_back(i);
  }
  std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
    const std::uint64_t of_a = statistics.by_type()[a].events;
    const std::uint64_t of_b = statistics.by_type()[b].events;
    return of_a != of_b ? of_a > of_b : a < b;
  });
  const std::uint64_t all = statistics.all().events;
  for (const std::size_t i : order) {
    const TypeCount& type = statistics.by_type()[i];
    table.add_row({std::string(names[i]), grouped_digits(type.events),
                   fmt::format("{:.1f} %",
                               100.0 * static_cast<double>(type.events) / static_cast<double>(all)),
                   bytes_text(static_cast<double>(type.bytes)),
                   bar(type.events, all, kShareColumns)});
  }
  return "\n" + table.text();
}

std::string groups_table(const Statistics& statistics) {
  const std::vector<GroupActivity> groups = groups_by_size(statistics);
  if (groups.empty()) return {};
  ActivityTable table({"GROUP", Align::kLeft, kGroupColumns}, groups.front().second.events);
  for (std::size_t i = 0; i < groups.size() && i < kShownGroups; ++i) {
    table.add(groups[i].first, groups[i].second);
  }
  std::string text = table.text();
  if (groups.size() > kShownGroups) {
    text += fmt::format("{} more with fewer events each.\n",
                        counted(groups.size() - kShownGroups, "group"));
  }
  return text;
}

std::string causes_text(const StormCauses& causes) {
  if (causes.empty()) return "changed topics";
  std::vector<std::pair<std::uint64_t, std::string>> all;
  for (const auto& [cause, count] : causes) {
    std::string who = cause.second.empty() ? std::string() : " of " + cause.second;
    all.emplace_back(count, fmt::format("{} x {}{}", count, cause.first, who));
  }
  std::ranges::sort(all, [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
  std::string text;
  for (std::size_t i = 0; i < all.size() && i < kShownCauses; ++i) {
    text += (i == 0 ? "" : ", ") + all[i].second;
  }
  return all.size() > kShownCauses ? fmt::format("{}, …", text) : text;
}

std::string storms_table(const Statistics& statistics) {
  const std::string what =
      fmt::format("{} or more plans of one group within a minute", kStormPlans);
  if (statistics.storms().empty()) return fmt::format("\nNo rebalance storms ({}).\n", what);
  std::vector<Storm> storms = statistics.storms();
  std::ranges::sort(storms, [](const Storm& a, const Storm& b) {
    return a.plans != b.plans ? a.plans > b.plans : a.first_sequence < b.first_sequence;
  });
  Table table({{"GROUP", Align::kLeft, kGroupColumns},
               {"BEGAN"},
               {"PLANS", Align::kRight},
               {"TOOK", Align::kRight},
               {"SEQUENCES"},
               {"CAUSES"}});
  for (std::size_t i = 0; i < storms.size() && i < kShownStorms; ++i) {
    const Storm& storm = storms[i];
    table.add_row(
        {storm.group, time_text(storm.began_ms), grouped_digits(storm.plans),
         fmt::format("{:.1f} s", static_cast<double>(storm.ended_ms - storm.began_ms) / 1'000),
         fmt::format("{} to {}", storm.first_sequence, storm.last_sequence),
         causes_text(storm.causes)});
  }
  std::string text =
      fmt::format("\nRebalance storms ({}), the largest first:\n{}", what, table.text());
  if (storms.size() > kShownStorms) {
    text += fmt::format("{} more.\n", counted(storms.size() - kShownStorms, "storm"));
  }
  return text;
}

}  // namespace

Json statistics_json(const Statistics& statistics, const DiskUse& disk) {
  const Figures figures(statistics, disk);
  Json types = Json::object();
  const auto names = domain::event_names();
  for (std::size_t i = 0; i < names.size(); ++i) {
    const TypeCount& type = statistics.by_type()[i];
    if (type.events > 0) {
      types[std::string(names[i])] = {{"events", type.events}, {"bytes", type.bytes}};
    }
  }
  Json groups = Json::array();
  for (const auto& [name, activity] : groups_by_size(statistics)) {
    Json group{{"group", name}};
    group.update(activity_json(activity));
    groups.push_back(std::move(group));
  }
  Json hours = Json::array();
  for (const auto& [hour, activity] : statistics.by_hour()) {
    Json one{{"hour", hour_text(hour)}};
    one.update(activity_json(activity));
    hours.push_back(std::move(one));
  }
  Json storms = Json::array();
  for (const Storm& storm : statistics.storms()) storms.push_back(storm_json(storm));
  return {{"events", statistics.all().events},
          {"first_sequence", statistics.first_sequence()},
          {"last_sequence", statistics.last_sequence()},
          {"first_time", time_json(statistics, statistics.first_time_ms())},
          {"last_time", time_json(statistics, statistics.last_time_ms())},
          {"clock_set_back", statistics.steps_back()},
          {"file_bytes", disk.file_bytes},
          {"allocated_bytes", disk.allocated_bytes},
          {"record_bytes", disk.record_bytes},
          {"event_bytes", statistics.all().bytes},
          {"file_bytes_per_event", figures.disk_bytes_per_event()},
          {"per_hour", growth_json(figures.per_hour())},
          {"per_day", growth_json(figures.per_day())},
          {"last_24_hours", growth_json(figures.last_day())},
          {"types", std::move(types)},
          {"groups", std::move(groups)},
          {"hours", std::move(hours)},
          {"storms", std::move(storms)}};
}

std::string statistics_text(const Statistics& statistics, const DiskUse& disk) {
  if (statistics.all().events == 0) return "The journal holds no events.\n";
  return head_text(statistics, disk, Figures(statistics, disk)) + hours_line(statistics) +
         hours_table(statistics) + types_table(statistics) + groups_table(statistics) +
         storms_table(statistics);
}

}  // namespace muster::tools
