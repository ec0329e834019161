// Every error code that can come over the wire, provoked over a real socket.
#include <doctest/doctest.h>
#include <sys/socket.h>

#include <functional>
#include <map>
#include <string>

#include "domain/errors.h"
#include "end_to_end/daemon.h"
#include "end_to_end/member.h"
#include "end_to_end/wire_client.h"

namespace muster::e2e {
namespace {

constexpr std::size_t kMaxFrameBytes = codec::kDefaultMaxFrameBytes;

// A request whose body is of a type that no version of the schema has.
std::string request_of_unknown_type() {
  flatbuffers::FlatBufferBuilder builder;
  const auto body = wire::CreateStatus(builder);
  wire::RequestBuilder request(builder);
  request.add_correlation_id(1'000);
  request.add_body_type(static_cast<wire::RequestBody>(200));
  request.add_body(body.Union());
  builder.Finish(request.Finish());
  return codec::frame(
      {reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize()});
}

wire::CommitT commit_of(const std::string& group, std::int64_t offset, std::uint64_t fence,
                        const std::string& metadata = "") {
  auto item = std::make_unique<wire::CommitItemT>();
  item->topic = "orders";
  item->partition = 0;
  item->offset = offset;
  item->fence = fence;
  item->metadata = metadata;
  wire::CommitT commit;
  commit.group = group;
  commit.items.push_back(std::move(item));
  return commit;
}

wire::CreateTopicT topic_of(const std::string& name, std::int32_t partitions) {
  wire::CreateTopicT create;
  create.name = name;
  create.partitions = partitions;
  return create;
}

wire::ErrorT closing_error(WireClient& client) {
  const std::optional<wire::ErrorT> error = client.closing();
  REQUIRE_MESSAGE(error.has_value(), "the server said no reason for closing");
  CHECK(client.ended());
  return *error;
}

// A server with topic "orders" of two partitions and the member "holder" of group "group", that
// holds both.
struct ErrorCodesSetting {
  Daemon daemon{{"--gathering-window-ms", "0"}};
  WireClient client{daemon.address()};
  Member holder{daemon.address(), {.member_id = "holder", .topics = {"orders"}}};

  ErrorCodesSetting() {
    create_topic(client, "orders", 2);
    holder.join();
    REQUIRE(pump_until({&holder}, [&] { return holder.held().size() == 2; }));
  }
};

wire::ErrorT malformed_request(ErrorCodesSetting& setting) {
  WireClient client(setting.daemon.address());
  client.send_bytes(request_of_unknown_type());
  const auto reply = client.reply(1'000);
  REQUIRE(reply.has_value());
  REQUIRE(reply->body.AsError() != nullptr);
  return *reply->body.AsError();
}

wire::ErrorT unknown_resource(ErrorCodesSetting& setting) {
  wire::DescribeTopicT describe;
  describe.name = "no such topic";
  return setting.client.refusal(std::move(describe));
}

wire::ErrorT unknown_member(ErrorCodesSetting& setting) {
  wire::HeartbeatT heartbeat;
  heartbeat.group = "group";
  heartbeat.member_id = "nobody";
  heartbeat.incarnation = 7;
  return setting.client.refusal(std::move(heartbeat));
}

wire::ErrorT fenced(ErrorCodesSetting& setting) {
  const std::uint64_t current = setting.holder.token({"orders", 0});
  const wire::ErrorT error = setting.client.refusal(commit_of("group", 5, current - 1));
  CHECK(error.current_fence == current);
  return error;
}

wire::ErrorT member_id_in_use(ErrorCodesSetting& setting) {
  MemberOptions options = setting.holder.options();
  options.incarnation = 2;
  Member twin(setting.daemon.address(), options);
  const wire::ErrorT error = twin.client().refusal(twin.join_request());
  CHECK(error.retry_after_ms > 0);
  CHECK(error.retry_after_ms <= options.session_timeout_ms);
  return error;
}

wire::ErrorT member_removed(ErrorCodesSetting& setting) {
  Member member(setting.daemon.address(), {.member_id = "unwanted", .topics = {"orders"}});
  member.join();
  wire::RemoveMemberT remove;
  remove.group = "group";
  remove.member_id = "unwanted";
  setting.client.ask<wire::DoneT>(std::move(remove));
  REQUIRE(pump_until({&setting.holder, &member}, [&] { return member.seat_ended(); }));
  return member.client().refusal(member.join_request(/*resume=*/true));
}

wire::ErrorT not_bound(ErrorCodesSetting& setting) {
  return setting.client.refusal(setting.holder.of_member<wire::LeaveT>());
}

wire::ErrorT topic_exists(ErrorCodesSetting& setting) {
  return setting.client.refusal(topic_of("orders", 3));
}

wire::ErrorT invalid_name(ErrorCodesSetting& setting) {
  return setting.client.refusal(
      topic_of("a\x01"
               "b",
               3));
}

wire::ErrorT invalid_partition_count(ErrorCodesSetting& setting) {
  return setting.client.refusal(topic_of("new", 0));
}

wire::ErrorT invalid_offset(ErrorCodesSetting& setting) {
  return setting.client.refusal(commit_of("group", -5, setting.holder.token({"orders", 0})));
}

wire::ErrorT metadata_too_large(ErrorCodesSetting& setting) {
  return setting.client.refusal(
      commit_of("group", 5, setting.holder.token({"orders", 0}), std::string(4'097, 'm')));
}

wire::ErrorT invalid_timeout(ErrorCodesSetting& setting) {
  Member member(setting.daemon.address(),
                {.member_id = "hasty", .topics = {"orders"}, .session_timeout_ms = 10});
  return member.client().refusal(member.join_request());
}

wire::ErrorT limit_reached(ErrorCodesSetting& setting) {
  MemberOptions options{.member_id = "greedy", .topics = {}};
  for (int number = 0; number < 10'001; ++number) options.topics.push_back(std::to_string(number));
  Member member(setting.daemon.address(), options);
  return member.client().refusal(member.join_request());
}

wire::ErrorT group_not_empty(ErrorCodesSetting& setting) {
  wire::DeleteGroupT remove;
  remove.group = "group";
  return setting.client.refusal(std::move(remove));
}

wire::ErrorT partition_owned(ErrorCodesSetting& setting) {
  return setting.client.refusal(commit_of("group", 5, /*fence=*/0));
}

wire::ErrorT unsupported_version(ErrorCodesSetting& setting) {
  WireClient client(setting.daemon.address(), /*says_hello=*/false);
  wire::HelloT hello;
  hello.oldest_version = 999;
  hello.newest_version = 1'000;
  hello.client_id = "from the future";
  return client.refusal(std::move(hello));
}

wire::ErrorT hello_required(ErrorCodesSetting& setting) {
  WireClient client(setting.daemon.address(), /*says_hello=*/false);
  return client.refusal(wire::StatusT{});
}

wire::ErrorT frame_too_large(ErrorCodesSetting& setting) {
  WireClient client(setting.daemon.address());
  const std::uint32_t length = kMaxFrameBytes + 1;
  std::string header;
  for (int shift = 0; shift < 32; shift += 8) {
    header.push_back(static_cast<char>((length >> shift) & 0xff));
  }
  client.send_bytes(header);
  return closing_error(client);
}

wire::ErrorT too_many_connections(ErrorCodesSetting& /*setting*/) {
  const Daemon small({"--max-connections", "2"});
  const WireClient first(small.address());
  const WireClient second(small.address());
  WireClient third(small.address(), /*says_hello=*/false);
  return closing_error(third);
}

wire::ErrorT shutting_down(ErrorCodesSetting& /*setting*/) {
  Daemon ending;
  WireClient client(ending.address());
  CHECK(ending.terminate() == 0);
  return closing_error(client);
}

wire::ErrorT duplicate_correlation_id(ErrorCodesSetting& setting) {
  WireClient client(setting.daemon.address());
  // A change waits for the disk, so its id is still outstanding when the second one arrives.
  const std::string request = codec::encode_request(77, topic_of("twice", 1));
  client.send_bytes(request + request);
  return closing_error(client);
}

wire::ErrorT storage_full(ErrorCodesSetting& /*setting*/) {
  const Daemon small({"--max-journal-bytes", "16777216", "--journal-reserve-bytes", "1048576",
                      "--max-pending-journal-bytes", "1048576"});
  WireClient client(small.address());
  // The state itself grows too large: history alone is trimmed before it fills the journal.
  constexpr std::int32_t kPartitions = 8'000;
  create_topic(client, "orders", kPartitions);
  std::optional<wire::ErrorT> refused;
  for (std::int32_t partition = 0; partition < kPartitions && !refused; ++partition) {
    wire::CommitT commit = commit_of("filling", 1, /*fence=*/0, std::string(4'000, 'm'));
    commit.items.front()->partition = partition;
    const wire::ServerMessageT reply = client.call(std::move(commit));
    if (const wire::ErrorT* error = reply.body.AsError()) refused = *error;
  }
  REQUIRE_MESSAGE(refused.has_value(), "the journal never got full");
  return *refused;
}

wire::ErrorT invalid_strategy(ErrorCodesSetting& setting) {
  wire::ConfigureGroupT configure;
  configure.group = "group";
  configure.strategy = "fair";
  return setting.client.refusal(std::move(configure));
}

wire::ErrorT invalid_pattern(ErrorCodesSetting& setting) {
  MemberOptions options{.member_id = "vague", .topics = {}};
  options.patterns = {"orders-("};
  Member member(setting.daemon.address(), options);
  return member.client().refusal(member.join_request());
}

wire::ErrorT group_full(ErrorCodesSetting& setting) {
  wire::ConfigureGroupT configure;
  configure.group = "group";
  configure.max_members = 1;
  setting.client.ask<wire::DoneT>(std::move(configure));
  Member member(setting.daemon.address(), {.member_id = "one more", .topics = {"orders"}});
  return member.client().refusal(member.join_request());
}

wire::SubmitPlanT empty_plan(const Member& member, std::uint64_t membership) {
  auto plan = member.of_member<wire::SubmitPlanT>();
  plan.membership = membership;
  return plan;
}

// The group "planned", whose only member was asked for its plan and has not answered.
struct Asked {
  explicit Asked(ErrorCodesSetting& setting)
      : leader(setting.daemon.address(),
               {.group = "planned", .member_id = "leader", .topics = {"orders"}}) {
    wire::ConfigureGroupT configure;
    configure.group = "planned";
    configure.strategy = "leader";
    setting.client.ask<wire::DoneT>(std::move(configure));
    wire::JoinT join = leader.join_request();
    join.computes_plans = true;
    leader.client().ask<wire::JoinReplyT>(std::move(join));
    while (membership == 0) {
      const auto push = leader.client().push();
      REQUIRE_MESSAGE(push.has_value(), "the leader was not asked");
      if (const wire::PlanWantedT* wanted = push->body.AsPlanWanted()) {
        membership = wanted->membership;
      }
    }
  }
  Member leader;
  std::uint64_t membership = 0;
};

wire::ErrorT not_leader(ErrorCodesSetting& setting) {
  const Asked asked(setting);
  Member other(setting.daemon.address(),
               {.group = "planned", .member_id = "other", .topics = {"orders"}});
  other.join();
  return other.client().refusal(empty_plan(other, asked.membership));
}

wire::ErrorT stale_plan(ErrorCodesSetting& setting) {
  Asked asked(setting);
  return asked.leader.client().refusal(empty_plan(asked.leader, asked.membership - 1));
}

wire::ErrorT invalid_plan(ErrorCodesSetting& setting) {
  Asked asked(setting);
  return asked.leader.client().refusal(empty_plan(asked.leader, asked.membership));
}

wire::ErrorT offset_conflict(ErrorCodesSetting& setting) {
  wire::CommitT commit = commit_of("rewound", 1, /*fence=*/0, "");
  commit.items.front()->expected = 7;
  return setting.client.refusal(std::move(commit));
}

wire::ErrorT group_subscribed(ErrorCodesSetting& setting) {
  wire::DeleteOffsetsT erase;
  erase.group = "group";
  erase.topic = "orders";
  return setting.client.refusal(std::move(erase));
}

wire::ResetOffsetsT live_reset_to(std::int64_t offset) {
  wire::ResetOffsetsT reset;
  reset.group = "group";
  reset.live = true;
  auto& topic = *reset.topics.emplace_back(std::make_unique<wire::ResetTopicT>());
  topic.topic = "orders";
  topic.offsets.push_back(std::make_unique<wire::ResetOffsetT>());
  topic.offsets.back()->offset = offset;
  return reset;
}

wire::ErrorT reset_under_way(ErrorCodesSetting& setting) {
  CHECK(setting.client.ask<wire::OffsetsChangedReplyT>(live_reset_to(1)).pending);
  return setting.client.refusal(live_reset_to(2));
}

wire::ErrorT slow_reader(ErrorCodesSetting& /*setting*/) {
  const Daemon daemon({"--gathering-window-ms", "0", "--max-frame-bytes", "131072",
                       "--max-unsent-bytes", "262144"});
  WireClient client(daemon.address());
  Member lazy(daemon.address(), {.member_id = "lazy", .topics = {"big"}});
  create_topic(client, "big", 100'000);
  lazy.join();
  // Megabytes of pushes that the member does not read: grants and losses of a large topic.
  const auto is_settled = [&client] {
    wire::DescribeGroupT describe;
    describe.group = "group";
    return client.ask<wire::GroupReplyT>(std::move(describe)).group->state !=
           wire::GroupState::balancing;
  };
  REQUIRE(wait_until([&] {
    REQUIRE(wait_until(is_settled));  // a large topic is granted in slices
    wire::DeleteTopicT remove;
    remove.name = "big";
    client.ask<wire::DoneT>(std::move(remove));
    create_topic(client, "big", 100'000);
    return client.ask<wire::StatusReplyT>(wire::StatusT{}).connections == 1;
  }));
  return closing_error(lazy.client());
}

const std::map<ErrorCode, std::function<wire::ErrorT(ErrorCodesSetting&)>> kProvocations = {
    {ErrorCode::kMalformedRequest, malformed_request},
    {ErrorCode::kUnknownResource, unknown_resource},
    {ErrorCode::kUnknownMember, unknown_member},
    {ErrorCode::kFenced, fenced},
    {ErrorCode::kMemberIdInUse, member_id_in_use},
    {ErrorCode::kMemberRemoved, member_removed},
    {ErrorCode::kNotBound, not_bound},
    {ErrorCode::kTopicExists, topic_exists},
    {ErrorCode::kInvalidName, invalid_name},
    {ErrorCode::kInvalidPartitionCount, invalid_partition_count},
    {ErrorCode::kInvalidOffset, invalid_offset},
    {ErrorCode::kMetadataTooLarge, metadata_too_large},
    {ErrorCode::kInvalidTimeout, invalid_timeout},
    {ErrorCode::kLimitReached, limit_reached},
    {ErrorCode::kGroupNotEmpty, group_not_empty},
    {ErrorCode::kPartitionOwned, partition_owned},
    {ErrorCode::kStorageFull, storage_full},
    {ErrorCode::kUnsupportedVersion, unsupported_version},
    {ErrorCode::kHelloRequired, hello_required},
    {ErrorCode::kFrameTooLarge, frame_too_large},
    {ErrorCode::kTooManyConnections, too_many_connections},
    {ErrorCode::kShuttingDown, shutting_down},
    {ErrorCode::kDuplicateCorrelationId, duplicate_correlation_id},
    {ErrorCode::kSlowReader, slow_reader},
    {ErrorCode::kInvalidStrategy, invalid_strategy},
    {ErrorCode::kInvalidPattern, invalid_pattern},
    {ErrorCode::kGroupFull, group_full},
    {ErrorCode::kNotLeader, not_leader},
    {ErrorCode::kStalePlan, stale_plan},
    {ErrorCode::kInvalidPlan, invalid_plan},
    {ErrorCode::kOffsetConflict, offset_conflict},
    {ErrorCode::kGroupSubscribed, group_subscribed},
    {ErrorCode::kResetUnderWay, reset_under_way},
};

// Codes on the wire: all below 100 that exist, without "no error" and "internal error".
bool is_on_the_wire(std::uint16_t number) {
  const auto code = static_cast<ErrorCode>(number);
  return code != ErrorCode::kNone && code != ErrorCode::kInternalError &&
         traits_of(code).code == code;
}

TEST_CASE("every error code of the protocol is provoked by some request") {
  for (std::uint16_t number = 0; number < 100; ++number) {
    CAPTURE(number);
    CHECK(kProvocations.contains(static_cast<ErrorCode>(number)) == is_on_the_wire(number));
  }
}

TEST_CASE("each cause of refusal has its own code, name and advice, over a real socket") {
  for (const auto& [code, provoke] : kProvocations) {
    const ErrorTraits& traits = traits_of(code);
    SUBCASE(std::string(traits.name).c_str()) {
      ErrorCodesSetting setting;
      const wire::ErrorT error = provoke(setting);
      CHECK(error.code == static_cast<std::uint16_t>(code));
      CHECK(error.name == traits.name);
      CHECK(error.retriable == traits.retriable);
      CHECK(error.message.size() > 20);
      // Whoever caused it disturbed nobody else.
      CHECK(committed(setting.client, "group", {"orders", 0}) == -1);
    }
  }
}

}  // namespace
}  // namespace muster::e2e
