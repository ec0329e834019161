// durable-before-visible: nothing that reveals state leaves before the journal holds it.
#include "tests/unit/coordinator/wire_client.h"

namespace muster::coordinator {
namespace {

/// Member "a" owns t/0; the disk does not finish by itself.
struct SlowDisk {
  SlowDisk() {
    a.ask<wire::TopicReplyT>(create_topic(2));
    a.ask<wire::JoinReplyT>(joining("a", 1));
    world.turn();
    (void)a.all_pushes();
  }
  World world;
  WireClient a{world};
  WireClient other{world};
};

}  // namespace

TEST_CASE("durable-before-visible: a reply waits for its own event") {
  SlowDisk slow;
  const auto commit = slow.a.send(committing(0, 5, slow.world.token(0)));
  CHECK(!slow.a.answered(commit));  // not even staged
  slow.world.end_turn();
  CHECK(!slow.a.answered(commit));
  slow.world.journal.complete_flush();
  CHECK(slow.a.reply_to(commit)->sequence == slow.world.journal.durable_sequence());
}

TEST_CASE("durable-before-visible: a read waits for what it shows") {
  SlowDisk slow;
  slow.a.send(committing(0, 5, slow.world.token(0)));
  slow.world.end_turn();
  const auto fetch = slow.other.send(fetching());
  const auto status = slow.other.send(wire::StatusT());
  slow.world.end_turn();
  CHECK(!slow.other.answered(fetch));
  CHECK(!slow.other.answered(status));
  slow.world.sync();
  CHECK(slow.other.reply_to(fetch)->body.AsOffsetsReply()->offsets.front()->offset == 5);
  CHECK(slow.other.answered(status));
}

TEST_CASE("durable-before-visible: a refusal that reveals state waits too") {
  SlowDisk slow;
  slow.a.send(create_topic(1, "new"));
  slow.world.end_turn();
  const auto refused = slow.other.send(create_topic(1, "new"));
  slow.world.end_turn();
  CHECK(!slow.other.answered(refused));
  slow.world.sync();
  CHECK(slow.other.answered(refused));
}

TEST_CASE("durable-before-visible: a read of what is durable is answered in its turn") {
  SlowDisk slow;
  const auto fetch = slow.other.send(fetching());
  slow.world.end_turn();
  CHECK(slow.other.answered(fetch));
}

TEST_CASE("durable-before-visible: pushes wait for their events") {
  SlowDisk slow;
  slow.other.send(joining("b", 2));
  slow.world.end_turn();
  CHECK(slow.a.all_pushes().empty());
  slow.world.sync();
  CHECK(slow.a.pushes<wire::RevokeT>().size() == 1);
}

TEST_CASE("durable-before-visible: closing waits for the replies before it") {
  SlowDisk slow;
  const auto commit = slow.a.send(committing(0, 5, slow.world.token(0)));
  slow.a.send_bytes(std::string(8, '\0'));  // no frame: the connection is closed
  slow.world.end_turn();
  CHECK(!slow.a.closed());
  CHECK(slow.a.closing_reason() == ErrorCode::kNone);
  slow.world.sync();
  CHECK(slow.a.answered(commit));
  CHECK(slow.a.closing_reason() == ErrorCode::kFrameTooLarge);
  CHECK(slow.a.closed());
}

TEST_CASE("durable-before-visible: a batch releases what it holds and nothing of the next") {
  SlowDisk slow;
  const auto first = slow.a.send(committing(0, 5, slow.world.token(0)));
  slow.world.end_turn();
  const auto second = slow.a.send(committing(0, 6, slow.world.token(0)));
  slow.world.end_turn();
  CHECK(slow.world.journal.complete_flush());
  CHECK(slow.a.answered(first));
  CHECK(!slow.a.answered(second));
  CHECK(slow.world.journal.complete_flush());
  CHECK(slow.a.answered(second));
}

TEST_CASE(
    "durable-before-visible: what was not durable is gone after a crash, and was never shown") {
  SlowDisk slow;
  slow.a.ask<wire::CommitReplyT>(committing(0, 5, slow.world.token(0)));
  const auto lost = slow.a.send(committing(0, 9, slow.world.token(0)));
  slow.world.end_turn();
  const std::uint64_t digest = slow.world.journal.recover().digest;
  slow.world.restart();
  CHECK(!slow.a.answered(lost));
  CHECK(slow.world.at(0).committed == 5);
  CHECK(slow.world.state().digest == digest);
}

}  // namespace muster::coordinator
