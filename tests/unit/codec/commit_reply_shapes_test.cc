// A reply to a commit that is written over another one has the bytes that it would have alone.
#include "codec/commit_reply_shapes.h"

#include <doctest/doctest.h>

#include <random>

#include "codec/wire.h"

namespace muster::codec {

TEST_CASE("a reply to a commit has the same bytes whatever was encoded before it") {
  std::mt19937_64 random(1);
  ServerMessageEncoder encoder;
  for (int i = 0; i < 10'000; ++i) {
    wire::CommitReplyT reply;
    reply.outcomes.resize(random() % 10 == 0 ? random() % 70 : random() % 4);
    for (auto& outcome : reply.outcomes) outcome = static_cast<wire::CommitOutcome>(random() % 4);
    const std::uint64_t correlation_id = random() % 20 == 0 ? 0 : random();
    const Sequence sequence = random() % 20 == 0 ? 0 : random() >> random() % 64;
    wire::ServerBodyUnion body;
    body.Set(wire::CommitReplyT(reply));
    REQUIRE(encoder.encode(correlation_id, sequence, body) ==
            encode_server_message(correlation_id, sequence, reply));
  }
}

TEST_CASE("a reply with another number of outcomes is not written over this one") {
  wire::CommitReplyT reply;
  reply.outcomes = {wire::CommitOutcome::applied};
  CommitReplyShapes shapes;
  CHECK(shapes.encode(1, 1, reply).empty());
  shapes.remember(reply, encode_server_message(7, 7, reply));
  CHECK(shapes.encode(1, 2, reply) == encode_server_message(1, 2, reply));
  reply.outcomes.push_back(wire::CommitOutcome::refused);
  CHECK(shapes.encode(1, 1, reply).empty());
}

}  // namespace muster::codec
