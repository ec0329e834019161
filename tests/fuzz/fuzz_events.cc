// Any bytes as events of a journal: they are read or refused, folded or refused, and nothing else.
// What can be read is written and read again without a difference.

#include "codec/event.h"
#include "domain/assert.h"
#include "domain/fold.h"
#include "tests/fuzz/pieces.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  muster::domain::State state;
  muster::fuzz::Pieces pieces(data, size);
  while (const auto piece = pieces.next()) {
    const auto event = muster::codec::decode_event(*piece);
    if (!event) continue;
    const auto again = muster::codec::decode_event(muster::codec::encode_event(*event));
    MUSTER_ASSERT(again && *again == *event);
    if (!muster::domain::fold(state, state.sequence + 1, *event)) break;
  }
  return 0;
}
