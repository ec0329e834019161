#include "tools/bench/stage.h"

#include <algorithm>
#include <utility>

namespace muster::tools {
namespace {

constexpr std::chrono::seconds kSettleTimeout{120};
constexpr std::chrono::seconds kGoodByeTimeout{30};
constexpr int kQuiet_ms = 20;
constexpr std::size_t kItemsOfFirstCommits = 500;
constexpr std::size_t kFirstCommitsUnderWay = 64;

}  // namespace

Stage::Stage(const Bench& bench, Scene scene, Wires wires, std::size_t members)
    : bench_(bench),
      scene_(std::move(scene)),
      wires_(std::move(wires)),
      crowd_(scene_, members, wires_.count()) {}

std::expected<std::unique_ptr<Stage>, Error> Stage::make(const Bench& bench, ScenePlan plan,
                                                         std::size_t members) {
  const GoesOn goes_on = [&bench] { return bench.meter.not_interrupted(); };
  auto wires = Wires::open(bench.server, bench.options.connections, goes_on);
  if (!wires) return std::unexpected(std::move(wires.error()));
  if (!goes_on()) return std::unexpected(interrupted_too_early());
  auto scene = Scene::make(bench.server, std::move(plan), goes_on);
  if (!scene) return std::unexpected(std::move(scene.error()));
  return std::unique_ptr<Stage>(new Stage(bench, std::move(*scene), std::move(*wires), members));
}

std::expected<bool, Error> Stage::pump(int timeout_ms, const Wires::Take& take) {
  return wires_.wait(timeout_ms, [&](std::size_t stream, const wire::ServerMessage& message) {
    if (!crowd_.take(message, wires_) && take) take(stream, message);
  });
}

std::expected<bool, Error> Stage::are_stable(const std::vector<std::size_t>& groups, bool quiet) {
  for (const std::size_t group : groups) {
    if (quiet ? !crowd_.may_be_settled(group) : !crowd_.seems_settled(group)) return false;
  }
  for (const std::size_t group : groups) {
    const auto stable = scene_.is_stable(group, crowd_.present(group));
    if (!stable || !*stable) return stable;
  }
  return true;
}

std::expected<std::optional<SteadyTime>, Error> Stage::settle(
    const std::vector<std::size_t>& groups) {
  const SteadyTime until = SteadyClock::now() + kSettleTimeout;
  SteadyTime last_word = SteadyClock::now();
  while (bench_.meter.not_interrupted()) {
    const auto came = pump(kQuiet_ms);
    if (!came) return std::unexpected(came.error());
    if (*came) last_word = wires_.read_at();
    if (crowd_.first_mishap()) return std::unexpected(*crowd_.first_mishap());
    const auto stable = are_stable(groups, !*came);
    if (!stable) return std::unexpected(stable.error());
    if (*stable) return last_word;
    if (SteadyClock::now() > until) {
      return std::unexpected(make_error(ErrorCode::kTimedOut,
                                        "The members did not settle within two minutes. Ask for "
                                        "fewer --members or --partitions."));
    }
  }
  return std::nullopt;
}

std::expected<std::optional<SteadyTime>, Error> Stage::settle_all() {
  std::vector<std::size_t> groups(scene_.plan().groups);
  for (std::size_t i = 0; i < groups.size(); ++i) groups[i] = i;
  return settle(groups);
}

std::expected<bool, Error> Stage::fill_seats(std::size_t members) {
  for (std::size_t i = 0; i < members; ++i) crowd_.join(i, wires_);
  const auto settled = settle_all();
  if (!settled) return std::unexpected(settled.error());
  return settled->has_value();
}

std::expected<bool, Error> Stage::commit_everything() {
  std::uint64_t sent = 0;
  std::uint64_t answered = 0;
  std::optional<Error> refused;
  const Wires::Take take = [&](std::size_t, const wire::ServerMessage& message) {
    ++answered;
    if (message.body_type() == wire::ServerBody::Error) refused = refusal_of(message);
  };
  const auto wait_for_all_but = [&](std::size_t under_way) -> std::expected<bool, Error> {
    while (sent - answered > under_way && !refused) {
      if (!bench_.meter.not_interrupted()) return false;
      if (const auto came = pump(kQuiet_ms, take); !came) return std::unexpected(came.error());
    }
    if (refused) return std::unexpected(*refused);
    return true;
  };
  const auto holdings = crowd_.holdings();
  for (std::size_t member = 0; member < holdings.size(); ++member) {
    const auto& held = holdings[member];
    for (std::size_t i = 0; i < held.size(); i += kItemsOfFirstCommits) {
      const std::size_t group = crowd_.group_of(member);
      wire::CommitT commit;
      commit.group = scene_.group(group);
      auto& topic = *commit.topics.emplace_back(std::make_unique<wire::TopicOffsetsT>());
      topic.topic = scene_.topic();
      for (std::size_t k = i; k < std::min(i + kItemsOfFirstCommits, held.size()); ++k) {
        topic.offsets.emplace_back(/*offset=*/0,
                                   crowd_.owners(group)[static_cast<std::size_t>(held[k])].fence,
                                   /*end=*/-1, held[k]);
      }
      wires_.send(crowd_.stream_of(member), ++sent, std::move(commit));
      const auto waited = wait_for_all_but(kFirstCommitsUnderWay);
      if (!waited || !*waited) return waited;
    }
  }
  return wait_for_all_but(0);
}

void Stage::say_good_bye() {
  if (wires_.count() < bench_.options.connections) return;  // it was interrupted meanwhile
  crowd_.leave_all(wires_);
  const SteadyTime until = SteadyClock::now() + kGoodByeTimeout;
  // Who is not gone by then, or whose connection is, will be removed.
  while (crowd_.unanswered() > 0 && SteadyClock::now() < until && !bench_.meter.insisted()) {
    if (!pump(kQuiet_ms)) return;
  }
}

std::expected<void, Error> Stage::clear() {
  const bool goes_with_its_server = bench_.own != nullptr && bench_.meter.interrupted();
  if (goes_with_its_server || bench_.meter.insisted()) return {};
  if (auto removed = scene_.remove_topic(); !removed) return removed;  // nobody listens any more
  say_good_bye();
  return scene_.remove_groups([this] { return !bench_.meter.insisted(); });
}

std::expected<void, Error> play(const Bench& bench, ScenePlan plan, std::size_t members,
                                const std::function<std::expected<void, Error>(Stage&)>& load) {
  auto stage = Stage::make(bench, std::move(plan), members);
  if (!stage && bench.meter.interrupted()) return {};
  if (!stage) return std::unexpected(std::move(stage.error()));
  auto played = bench.meter.not_interrupted() ? load(**stage) : std::expected<void, Error>{};
  auto cleared = (*stage)->clear();
  return played ? cleared : played;
}

}  // namespace muster::tools
