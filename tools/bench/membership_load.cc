// The loads join-storm, handover and recover: members come, go and come back.
#include <algorithm>
#include <optional>
#include <utility>

#include "tools/bench/loads.h"
#include "tools/bench/stage.h"

namespace muster::tools {
namespace {

constexpr std::int32_t kSharedPartitionsMax = 100'000;
constexpr std::int32_t kPartitionsOfMember = 10;
constexpr int kStageWait_ms = 20;
constexpr std::chrono::seconds kResumeTimeout{120};

double in_ms(SteadyClock::duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

ScenePlan plan_of(const BenchOptions& options) {
  const auto of_a_group = static_cast<std::int64_t>(options.members / options.groups);
  const auto usual = std::min<std::int64_t>(kSharedPartitionsMax, kPartitionsOfMember * of_a_group);
  return {
      .groups = options.groups,
      .partitions = options.partitions > 0 ? options.partitions : static_cast<std::int32_t>(usual),
      .strategy = options.strategy};
}

/// The longest of what was measured, and how often it was.
class Longest {
 public:
  void take(SteadyClock::duration duration) {
    longest_ = std::max(longest_, duration);
    ++count_;
  }
  double ms() const { return in_ms(longest_); }
  double count() const { return count_; }

 private:
  SteadyClock::duration longest_{0};
  double count_ = 0;
};

/// One storm: all join at once. How long until they have settled.
std::expected<std::optional<SteadyClock::duration>, Error> storm(Stage& stage) {
  Meter& meter = stage.bench().meter;
  const SteadyTime begun = SteadyClock::now();
  stage.crowd().on_told([&](std::size_t) { meter.record(begun, stage.wires().read_at()); });
  for (std::size_t i = 0; i < stage.crowd().members(); ++i) {
    stage.crowd().join(i, stage.wires());
  }
  const auto settled = stage.settle_all();
  stage.crowd().on_told({});
  if (!settled || !*settled) {
    meter.count_time(SteadyClock::now() - begun);  // what was recorded until then counts
    if (!settled) return std::unexpected(settled.error());
    return std::nullopt;
  }
  meter.count_time(**settled - begun);
  return **settled - begun;
}

/// One member joins or leaves, and its group settles. False: somebody interrupted.
std::expected<bool, Error> change(Stage& stage, std::size_t member, bool joins,
                                  LatencyHistogram& took) {
  Meter& meter = stage.bench().meter;
  const SteadyTime begun = SteadyClock::now();
  if (joins) stage.crowd().join(member, stage.wires());
  if (!joins) stage.crowd().leave(member, stage.wires());
  const auto settled = stage.settle({stage.crowd().group_of(member)});
  if (!settled) return std::unexpected(settled.error());
  if (!*settled) return false;
  meter.record(begun, **settled);
  meter.count_time(**settled - begun);
  took.record(**settled - begun);
  return true;
}

double microseconds(LatencyHistogram::Nanoseconds latency) {
  return std::chrono::duration<double, std::micro>(latency).count();
}

/// In each group one member is absent. It comes, and the one after it goes.
std::expected<void, Error> hand_over(Stage& stage) {
  Meter& meter = stage.bench().meter;
  const std::size_t groups = stage.scene().plan().groups;
  const std::size_t present = stage.bench().options.members;
  std::vector<std::size_t> absent(groups);
  for (std::size_t i = 0; i < groups; ++i) absent[(present + i) % groups] = present + i;
  LatencyHistogram joins;
  LatencyHistogram leaves;
  meter.begin();
  for (std::size_t turn = 0; meter.goes_on(); ++turn) {
    std::size_t& away = absent[turn % groups];
    const auto joined = change(stage, away, true, joins);
    if (!joined) return std::unexpected(joined.error());
    if (!*joined) break;
    const std::size_t next = away + groups;
    away = next < stage.crowd().members() ? next : next % groups;
    const auto left = change(stage, away, false, leaves);
    if (!left) return std::unexpected(left.error());
    if (!*left) break;
  }
  meter.add({.name = "join_p99_us", .value = microseconds(joins.at(0.99))});
  meter.add({.name = "leave_p99_us", .value = microseconds(leaves.at(0.99))});
  return {};
}

/// All connections break, with a daemon of its own because that is killed; all members come back.
class Recovery {
 public:
  explicit Recovery(Stage& stage) : stage_(stage) {
    stage.crowd().on_answered(
        [this](std::size_t) { stage_.bench().meter.record(begun_, stage_.wires().read_at()); });
  }
  ~Recovery() { stage_.crowd().on_answered({}); }
  Recovery(const Recovery&) = delete;
  Recovery& operator=(const Recovery&) = delete;

  /// False: somebody interrupted.
  std::expected<bool, Error> run() {
    const Bench& bench = stage_.bench();
    const std::uint64_t before = stage_.crowd().confirmed();
    begun_ = SteadyClock::now();
    stage_.wires().close();
    if (bench.own != nullptr) {
      if (auto restarted = bench.own->restart(); !restarted) {
        return std::unexpected(std::move(restarted.error()));
      }
    }
    serving_.take(SteadyClock::now() - begun_);
    auto wires = Wires::open(bench.server, bench.options.connections,
                             [&bench] { return bench.meter.not_interrupted(); });
    if (!wires) return std::unexpected(std::move(wires.error()));
    stage_.use(std::move(*wires));
    if (!bench.meter.not_interrupted()) return false;
    const auto back = resume_all();
    bench.meter.count_time(SteadyClock::now() - begun_);
    if (!back || !*back) return back;
    back_.take(SteadyClock::now() - begun_);
    const std::uint64_t held =
        static_cast<std::uint64_t>(stage_.scene().plan().partitions) * stage_.scene().plan().groups;
    moved_ += held - (stage_.crowd().confirmed() - before);
    if (bench.own != nullptr) {
      if (auto connected = stage_.scene().reconnect(); !connected) {
        return std::unexpected(std::move(connected.error()));
      }
    }
    return true;
  }

  void report() {
    Meter& meter = stage_.bench().meter;
    meter.add({.name = "rounds", .value = back_.count()});
    if (back_.count() == 0) return;
    if (stage_.bench().own != nullptr) meter.add({.name = "serving_ms", .value = serving_.ms()});
    meter.add({.name = "back_ms", .value = back_.ms()});
    meter.add({.name = "moved", .value = static_cast<double>(moved_)});
    if (moved_ > 0) {
      meter.note_errors(moved_,
                        make_error(ErrorCode::kFenced, "Partitions were not where they had been."));
    }
  }

 private:
  std::expected<bool, Error> resume_all() {
    Crowd& crowd = stage_.crowd();
    for (std::size_t i = 0; i < crowd.members(); ++i) crowd.resume(i, stage_.wires());
    const SteadyTime until = SteadyClock::now() + kResumeTimeout;
    while (crowd.unanswered() > 0 && SteadyClock::now() < until && !crowd.first_mishap()) {
      if (!stage_.bench().meter.not_interrupted()) return false;
      if (const auto came = stage_.pump(kStageWait_ms); !came) return std::unexpected(came.error());
    }
    if (crowd.first_mishap()) return std::unexpected(*crowd.first_mishap());
    if (crowd.unanswered() == 0) return true;
    return std::unexpected(make_error(ErrorCode::kTimedOut,
                                      "Not all members were back within two minutes. Look at the "
                                      "server's log."));
  }

  Stage& stage_;
  SteadyTime begun_;
  Longest serving_;
  Longest back_;
  std::uint64_t moved_ = 0;
};

}  // namespace

std::expected<void, Error> join_storm_load(const Bench& bench) {
  Longest settled;
  bench.meter.begin();
  do {
    const auto stormed = play(bench, plan_of(bench.options), bench.options.members,
                              [&](Stage& stage) -> std::expected<void, Error> {
                                const auto took = storm(stage);
                                if (!took) return std::unexpected(took.error());
                                if (*took) settled.take(**took);
                                return {};
                              });
    if (!stormed) return stormed;
  } while (bench.meter.goes_on());
  bench.meter.add({.name = "rounds", .value = settled.count()});
  if (settled.count() > 0) bench.meter.add({.name = "settled_ms", .value = settled.ms()});
  return {};
}

std::expected<void, Error> handover_load(const Bench& bench) {
  const std::size_t all = bench.options.members + bench.options.groups;
  return play(bench, plan_of(bench.options), all, [&](Stage& stage) -> std::expected<void, Error> {
    const auto ready = stage.fill_seats(bench.options.members);
    if (!ready) return std::unexpected(ready.error());
    if (!*ready) return {};
    return hand_over(stage);
  });
}

std::expected<void, Error> recover_load(const Bench& bench) {
  const std::size_t members = bench.options.members;
  const std::uint64_t empty = bench.own != nullptr ? bench.own->resident_bytes() : 0;
  return play(
      bench, plan_of(bench.options), members, [&](Stage& stage) -> std::expected<void, Error> {
        const auto ready = stage.fill_seats(members);
        if (!ready) return std::unexpected(ready.error());
        const auto filled = *ready ? stage.commit_everything() : ready;
        if (!filled) return std::unexpected(filled.error());
        if (!*filled) return {};
        if (bench.own != nullptr) {
          bench.meter.add({.name = "resident_bytes_empty", .value = static_cast<double>(empty)});
          bench.meter.add({.name = "resident_bytes",
                           .value = static_cast<double>(bench.own->resident_bytes())});
        }
        Recovery recovery(stage);
        bench.meter.begin();
        do {
          const auto recovered = recovery.run();
          if (!recovered) return std::unexpected(recovered.error());
          if (!*recovered) break;
        } while (bench.meter.goes_on());
        recovery.report();
        return {};
      });
}

}  // namespace muster::tools
