// Any bytes as the chunks of a snapshot: they are a state or refused, and nothing else. A state is
// written and read again without a difference.

#include "codec/snapshot.h"
#include "domain/assert.h"
#include "tests/fuzz/pieces.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  muster::codec::SnapshotDecoder decoder;
  muster::fuzz::Pieces pieces(data, size);
  while (const auto piece = pieces.next()) {
    if (!decoder.take(*piece)) return 0;
  }
  const auto state = decoder.finish();
  if (!state) return 0;
  muster::codec::SnapshotDecoder second;
  const auto take = [&](const std::string& chunk) { return second.take(chunk).has_value(); };
  MUSTER_ASSERT(muster::codec::encode_snapshot(*state, take));
  const auto again = second.finish();
  MUSTER_ASSERT(again && again->digest == state->digest && again->sequence == state->sequence);
  return 0;
}
