// After a restore nothing is planned until every lease of the lost future has lapsed; everything
// else goes on.
#include "codec/event.h"
#include "tests/unit/coordinator/wire_client.h"

namespace muster::coordinator {
namespace {

constexpr std::uint32_t kQuietMs = 10'000;

/// A journal with a topic of 2 partitions and member "old" that owns them, restored from a backup.
struct RestoredWorld {
  RestoredWorld() {
    {
      WireClient before(world);
      before.ask<wire::TopicReplyT>(create_topic(2));
      before.ask<wire::JoinReplyT>(joining("old", 1));
      world.pass(300);
      old_token = world.token(0);
    }
    world.journal.stage({codec::encode_event(
        {.time_ms = 1,
         .cause = {},
         .body = domain::JournalRestored{.former_journal_id = "former",
                                         .former_last_sequence = world.journal.durable_sequence(),
                                         .fence_base = 0,
                                         .quiet_time_ms = kQuietMs}})});
    world.journal.flush();
    world.journal.complete_flush();
    world.restart();
  }
  World world;
  FencingToken old_token = 0;
};

std::uint32_t quiet_remaining_ms(WireClient& client) {
  return client.ask<wire::StatusReplyT>(wire::StatusT{}).quiet_remaining_ms;
}

}  // namespace

TEST_CASE("quiet time: members join and wait, and are planned at once when it is over") {
  RestoredWorld restored;
  WireClient client(restored.world);
  const auto reply = client.ask<wire::JoinReplyT>(joining("new", 2));
  CHECK(reply.held.empty());
  CHECK(reply.gathering);
  CHECK(reply.quiet_remaining_ms > kQuietMs - 1'000);
  for (int i = 0; i < 9; ++i) {
    restored.world.pass(1'000);
    client.send(heartbeat("new", 2));
  }
  CHECK(restored.world.owner(0).empty());
  CHECK(quiet_remaining_ms(client) > 0);
  wire::DescribeGroupT describe;
  describe.group = "g";
  const auto described = client.ask<wire::GroupReplyT>(describe);
  CHECK(described.quiet_remaining_ms > 0);
  CHECK(described.group->state == wire::GroupState::balancing);
  restored.world.pass(1'500);
  CHECK(restored.world.owner(0) == "new");
  CHECK(restored.world.owner(1) == "new");
  CHECK(restored.world.token(0) > restored.old_token);
  CHECK(quiet_remaining_ms(client) == 0);
}

TEST_CASE("quiet time: who was a member before is none, and its token commits nothing") {
  RestoredWorld restored;
  WireClient client(restored.world);
  CHECK(client.refused(resuming("old", 1)).code == ErrorCode::kUnknownMember);
  CHECK(client.refused(committing(0, 5, restored.old_token)).code == ErrorCode::kFenced);
}

TEST_CASE("quiet time: an administrator commits") {
  RestoredWorld restored;
  WireClient client(restored.world);
  client.ask<wire::CommitReplyT>(committing(0, 5, 0));
  CHECK(restored.world.at(0).committed == 5);
}

TEST_CASE("quiet time: a restart begins it anew, since nobody knows how long it was down") {
  RestoredWorld restored;
  restored.world.pass(kQuietMs - 1'000);
  restored.world.restart(60'000);
  WireClient client(restored.world);
  client.ask<wire::JoinReplyT>(joining("new", 2));
  restored.world.pass(kQuietMs - 1'000);
  CHECK(restored.world.owner(0).empty());
  restored.world.pass(1'500);
  CHECK(restored.world.owner(0) == "new");
}

TEST_CASE("quiet time: its end waits for room on the disk") {
  RestoredWorld restored;
  restored.world.journal.set_storage_full(true);
  restored.world.pass(kQuietMs + 1'000);
  CHECK(restored.world.state().quiet_time_ms == kQuietMs);
  restored.world.journal.set_storage_full(false);
  restored.world.pass(200);
  CHECK(restored.world.state().quiet_time_ms == 0);
}

}  // namespace muster::coordinator
