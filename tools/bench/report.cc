#include "tools/bench/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "tools/bars.h"
#include "tools/progress.h"

namespace muster::tools {
namespace {

constexpr std::size_t kHistogramColumns = 40;

struct Percentile {
  const char* name;
  double share;
};
constexpr std::array<Percentile, 5> kPercentiles{
    {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}, {"p99.99", 0.9999}}};

std::uint64_t a_second(std::uint64_t count, const Meter& meter) {
  if (meter.measured_s() <= 0) return 0;
  return static_cast<std::uint64_t>(std::llround(static_cast<double>(count) / meter.measured_s()));
}

double in_us(LatencyHistogram::Nanoseconds latency) {
  constexpr double kTenths = 10;
  return std::round(std::chrono::duration<double, std::micro>(latency).count() * kTenths) / kTenths;
}

std::uint64_t whole(const Figure& figure) { return static_cast<std::uint64_t>(figure.value); }
bool is_whole(const Figure& figure) { return std::floor(figure.value) == figure.value; }

bool sends_requests(const BenchOptions& options) {
  return options.load == "commit" || options.load == "fetch" || options.load == "heartbeat";
}

std::string shape_text(const BenchOptions& options) {
  std::string text = options.load + ": " + counted(options.connections, "connection");
  if (sends_requests(options)) {
    text += fmt::format(" × {} in flight", options.in_flight);
    if (options.load != "heartbeat") {
      text += fmt::format(" × {} a request", counted(options.partitions_per_commit, "partition"));
    }
  } else {
    text += ", " + counted(options.members, "member");
  }
  return text + ", " + counted(options.groups, "group");
}

/// What one recorded latency is of.
const char* recorded(const BenchOptions& options) {
  if (options.load == "join-storm") return "until a member knows its plan";
  if (options.load == "handover") return "until the group has settled";
  if (options.load == "recover") return "until a member is back";
  return "until the reply";
}

std::string histogram_text(const Meter& meter) {
  Table table({{"FROM", Align::kRight}, {"TO", Align::kRight}, {"COUNT", Align::kRight}, {""}});
  std::uint64_t most = 0;
  const auto bands = meter.latency().bands();
  for (const auto& band : bands) most = std::max(most, band.count);
  for (const auto& band : bands) {
    table.add_row({latency_text(band.from), latency_text(band.to), grouped_digits(band.count),
                   bar(band.count, most, kHistogramColumns)});
  }
  return table.text();
}

}  // namespace

Json report_json(const BenchOptions& options, const Meter& meter) {
  const LatencyHistogram& latency = meter.latency();
  Json json{{"load", options.load},
            {"requests_per_s", a_second(latency.count(), meter)},
            {"commits_per_s", a_second(meter.commits(), meter)},
            {"p50_us", in_us(latency.at(0.5))},
            {"p99_us", in_us(latency.at(0.99))},
            {"max_us", in_us(latency.max())},
            {"errors", meter.errors()},
            {"first_error", meter.first_error() ? Json(meter.first_error()->message) : Json()},
            {"requests", latency.count()},
            {"measured_s", meter.measured_s()},
            {"interrupted", meter.interrupted()},
            {"connections", options.connections},
            {"groups", options.groups}};
  if (sends_requests(options)) {
    json["in_flight"] = options.in_flight;
    json["partitions_per_commit"] = options.partitions_per_commit;
  } else {
    json["members"] = options.members;
  }
  for (const Figure& figure : meter.figures()) {
    json[figure.name] = is_whole(figure) ? Json(whole(figure)) : Json(figure.value);
  }
  return json;
}

std::string report_text(const BenchOptions& options, const Meter& meter) {
  const LatencyHistogram& latency = meter.latency();
  std::string text = fmt::format("{}, {:.1f} s{}\n", shape_text(options), meter.measured_s(),
                                 meter.interrupted() ? " (interrupted)" : "");
  text += fmt::format("{}/s", grouped_digits(a_second(latency.count(), meter)));
  if (meter.commits() > 0) {
    text += fmt::format(", {} offsets/s", grouped_digits(a_second(meter.commits(), meter)));
  }
  text += fmt::format(", {}\n", counted(meter.errors(), "error"));
  if (meter.first_error()) text += "first error: " + printable(meter.first_error()->message) + "\n";
  for (const Figure& figure : meter.figures()) {
    text += fmt::format(
        "{} {}\n", figure.name,
        is_whole(figure) ? grouped_digits(whole(figure)) : fmt::format("{:.1f}", figure.value));
  }
  if (latency.count() == 0) return text;
  text += fmt::format("\n{}:", recorded(options));
  for (const Percentile& percentile : kPercentiles) {
    text += fmt::format(" {} {},", percentile.name, latency_text(latency.at(percentile.share)));
  }
  return text + fmt::format(" max {}\n\n", latency_text(latency.max())) + histogram_text(meter);
}

}  // namespace muster::tools
