// The loads commit, fetch and heartbeat: each connection keeps so many requests in flight, and
// sends the next one when one is answered.
#include <algorithm>
#include <array>
#include <cstring>
#include <deque>
#include <string>
#include <utility>

#include "domain/assert.h"
#include "tools/bench/loads.h"
#include "tools/bench/stage.h"

namespace muster::tools {
namespace {

constexpr std::chrono::seconds kDrainTimeout{30};
constexpr int kWait_ms = 20;
constexpr std::int32_t kPartitionsMax = 100'000;
// Stands for an offset in a frame that is made once: no other eight bytes of it are the same.
constexpr std::int64_t kOffsetMark = 0x5bc1'8e2f'97d3'0000;

/// A request that is encoded once and sent many times.
struct Request {
  /// Where a frame has an offset, and of which partition it is.
  struct Offset {
    std::size_t position = 0;
    std::size_t partition = 0;
  };
  std::size_t group = 0;
  std::string frame;
  std::vector<Offset> offsets;
  SteadyTime sent;
};

std::size_t position_of(std::int64_t mark, std::string_view frame) {
  std::array<char, sizeof(mark)> bytes;
  std::memcpy(bytes.data(), &mark, sizeof(mark));
  const std::string_view wanted(bytes.data(), bytes.size());
  const std::size_t at = frame.find(wanted);
  MUSTER_ASSERT(at != std::string_view::npos);
  MUSTER_ASSERT(frame.find(wanted, at + 1) == std::string_view::npos);
  return at;
}

std::size_t members_of(const BenchOptions& options) {
  return std::max(options.connections, options.groups);
}

/// Enough for all requests in flight to be about partitions of their own, if a topic can have so
/// many.
std::int32_t partitions_of(const BenchOptions& options) {
  const std::size_t of_a_group = (members_of(options) + options.groups - 1) / options.groups;
  const std::size_t least = of_a_group * options.partitions_per_commit;
  return static_cast<std::int32_t>(std::clamp<std::size_t>(
      least * options.in_flight, least, std::max<std::size_t>(least, kPartitionsMax)));
}

class RequestLoad {
 public:
  explicit RequestLoad(Stage& stage)
      : stage_(stage),
        options_(stage.bench().options),
        streams_(stage.wires().count()),
        next_offsets_(options_.groups,
                      std::vector<std::int64_t>(
                          static_cast<std::size_t>(stage.scene().plan().partitions), 1)) {}

  /// Every member has as many requests as a connection has in flight, by turns.
  void prepare();
  std::expected<void, Error> run();

 private:
  struct StreamRequests {
    std::vector<Request> all;       // by correlation id less one
    std::deque<std::size_t> ready;  // to be sent, in turn
  };

  void add_request(std::size_t member, const std::vector<std::int32_t>& held, std::size_t turn);
  Request commit_of(std::uint64_t id, std::size_t member, const std::vector<std::int32_t>& parts);
  std::string fetch_of(std::uint64_t id, std::size_t member,
                       const std::vector<std::int32_t>& parts) const;
  std::string heartbeat_of(std::uint64_t id, std::size_t member) const;
  bool insisted() const { return ends_ && stage_.bench().meter.insisted(); }
  void send_next(std::size_t stream, SteadyTime now);
  void take(std::size_t stream, const wire::ServerMessage& message);
  bool is_success(const wire::ServerMessage& message) const;
  void note_failure(const wire::ServerMessage& message);

  Stage& stage_;
  const BenchOptions& options_;
  std::vector<StreamRequests> streams_;
  std::vector<std::vector<std::int64_t>> next_offsets_;  // by group and partition
  std::size_t under_way_ = 0;
  bool ends_ = false;
};

void RequestLoad::prepare() {
  const auto holdings = stage_.crowd().holdings();
  for (std::size_t turn = 0; turn < options_.in_flight; ++turn) {
    for (std::size_t member = 0; member < holdings.size(); ++member) {
      add_request(member, holdings[member], turn);
    }
  }
}

void RequestLoad::add_request(std::size_t member, const std::vector<std::int32_t>& held,
                              std::size_t turn) {
  StreamRequests& stream = streams_[stage_.crowd().stream_of(member)];
  std::vector<std::int32_t> parts;
  for (std::size_t i = 0; i < options_.partitions_per_commit; ++i) {
    parts.push_back(held[(turn * options_.partitions_per_commit + i) % held.size()]);
  }
  const std::uint64_t id = stream.all.size() + 1;
  Request request{.group = stage_.crowd().group_of(member), .frame = {}, .offsets = {}, .sent = {}};
  if (options_.load == "commit") request = commit_of(id, member, parts);
  if (options_.load == "fetch") request.frame = fetch_of(id, member, parts);
  if (options_.load == "heartbeat") request.frame = heartbeat_of(id, member);
  stream.ready.push_back(stream.all.size());
  stream.all.push_back(std::move(request));
}

Request RequestLoad::commit_of(std::uint64_t id, std::size_t member,
                               const std::vector<std::int32_t>& parts) {
  const std::size_t group = stage_.crowd().group_of(member);
  wire::CommitT commit;
  commit.group = stage_.scene().group(group);
  auto& topic = *commit.topics.emplace_back(std::make_unique<wire::TopicOffsetsT>());
  topic.topic = stage_.scene().topic();
  for (const std::int32_t partition : parts) {
    const auto mark = static_cast<std::int64_t>(topic.offsets.size());
    topic.offsets.emplace_back(
        kOffsetMark + mark, stage_.crowd().owners(group)[static_cast<std::size_t>(partition)].fence,
        /*end=*/-1, partition);
  }
  Request request{.group = group,
                  .frame = codec::encode_request(id, std::move(commit)),
                  .offsets = {},
                  .sent = {}};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto mark = static_cast<std::int64_t>(i);
    request.offsets.push_back({.position = position_of(kOffsetMark + mark, request.frame),
                               .partition = static_cast<std::size_t>(parts[i])});
  }
  return request;
}

std::string RequestLoad::fetch_of(std::uint64_t id, std::size_t member,
                                  const std::vector<std::int32_t>& parts) const {
  wire::FetchOffsetsT fetch;
  fetch.group = stage_.scene().group(stage_.crowd().group_of(member));
  for (const std::int32_t partition : parts) {
    auto& name = fetch.partitions.emplace_back(std::make_unique<wire::PartitionNameT>());
    name->topic = stage_.scene().topic();
    name->partition = partition;
  }
  return codec::encode_request(id, std::move(fetch));
}

std::string RequestLoad::heartbeat_of(std::uint64_t id, std::size_t member) const {
  wire::HeartbeatT heartbeat;
  heartbeat.group = stage_.scene().group(stage_.crowd().group_of(member));
  heartbeat.member_id = stage_.crowd().id_of(member);
  heartbeat.incarnation = stage_.crowd().incarnation_of(member);
  return codec::encode_request(id, std::move(heartbeat));
}

void RequestLoad::send_next(std::size_t stream, SteadyTime now) {
  StreamRequests& requests = streams_[stream];
  Request& request = requests.all[requests.ready.front()];
  requests.ready.pop_front();
  for (const Request::Offset& offset : request.offsets) {
    const std::int64_t next = next_offsets_[request.group][offset.partition]++;
    std::memcpy(request.frame.data() + offset.position, &next, sizeof(next));
  }
  request.sent = now;
  ++under_way_;
  stage_.wires().send(stream, request.frame);
}

bool RequestLoad::is_success(const wire::ServerMessage& message) const {
  if (const wire::CommitReply* commit = message.body_as_CommitReply()) {
    return std::ranges::all_of(*commit->outcomes(), [](wire::CommitOutcome outcome) {
      return outcome == wire::CommitOutcome::applied;
    });
  }
  if (const wire::OffsetsReply* fetch = message.body_as_OffsetsReply()) {
    return fetch->offsets()->size() == options_.partitions_per_commit;
  }
  return message.body_type() == wire::ServerBody::HeartbeatReply;
}

void RequestLoad::note_failure(const wire::ServerMessage& message) {
  const bool refused = message.body_type() == wire::ServerBody::Error;
  stage_.bench().meter.note_errors(
      1, refused ? refusal_of(message)
                 : make_error(ErrorCode::kInternalError, "A reply was not what was asked for."));
}

void RequestLoad::take(std::size_t stream, const wire::ServerMessage& message) {
  StreamRequests& requests = streams_[stream];
  const std::size_t answered = message.correlation_id() - 1;
  const SteadyTime now = stage_.wires().read_at();
  --under_way_;
  if (is_success(message)) {
    stage_.bench().meter.record(requests.all[answered].sent, now);
    stage_.bench().meter.count_commits(requests.all[answered].offsets.size());
  } else {
    note_failure(message);
  }
  requests.ready.push_back(answered);
  if (!ends_) send_next(stream, now);
}

std::expected<void, Error> RequestLoad::run() {
  Meter& meter = stage_.bench().meter;
  const Wires::Take takes = [this](std::size_t stream, const wire::ServerMessage& message) {
    take(stream, message);
  };
  meter.begin();
  const SteadyTime begun = SteadyClock::now();
  for (std::size_t stream = 0; stream < streams_.size(); ++stream) {
    for (std::size_t i = 0; i < options_.in_flight; ++i) send_next(stream, begun);
  }
  std::optional<SteadyTime> give_up;
  while (under_way_ > 0 && !(give_up && SteadyClock::now() > *give_up) && !insisted()) {
    if (const auto came = stage_.pump(kWait_ms, takes); !came) {
      meter.count_time(SteadyClock::now() - begun);
      return std::unexpected(came.error());
    }
    if (ends_ || meter.goes_on()) continue;
    ends_ = true;
    give_up = SteadyClock::now() + kDrainTimeout;
  }
  meter.count_time(SteadyClock::now() - begun);
  if (under_way_ > 0) {
    return std::unexpected(make_error(
        ErrorCode::kTimedOut,
        std::to_string(under_way_) + " requests were not answered " +
            (insisted() ? "before somebody interrupted again" : "within 30 s after the end") +
            ". Look at the server's log."));
  }
  return {};
}

std::expected<void, Error> request_load(const Bench& bench) {
  const std::size_t members = members_of(bench.options);
  const std::int32_t partitions = partitions_of(bench.options);
  if (partitions > kPartitionsMax) {
    return std::unexpected(make_error(
        ErrorCode::kInvalidArgument,
        "So many --connections a group with so many --partitions-per-commit need a topic of " +
            std::to_string(partitions) + " partitions, and none has more than " +
            std::to_string(kPartitionsMax) + ". Ask for fewer, or for more --groups."));
  }
  const ScenePlan plan{
      .groups = bench.options.groups, .partitions = partitions, .strategy = "round_robin"};
  return play(bench, plan, members, [&](Stage& stage) -> std::expected<void, Error> {
    const auto ready = stage.fill_seats(members);
    if (!ready) return std::unexpected(ready.error());
    if (bench.options.load == "fetch" && *ready) {
      if (const auto done = stage.commit_everything(); !done) {
        return std::unexpected(done.error());
      }
    }
    if (bench.meter.interrupted()) return {};
    RequestLoad load(stage);
    load.prepare();
    auto ran = load.run();
    bench.meter.note_errors(stage.crowd().mishaps(), stage.crowd().first_mishap());
    return ran;
  });
}

}  // namespace

std::expected<void, Error> commit_load(const Bench& bench) { return request_load(bench); }
std::expected<void, Error> fetch_load(const Bench& bench) { return request_load(bench); }
std::expected<void, Error> heartbeat_load(const Bench& bench) { return request_load(bench); }

}  // namespace muster::tools
