#include "coordinator/recover.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "codec/event.h"
#include "domain/fold.h"
#include "domain/message.h"

namespace muster::coordinator {
namespace {

constexpr Sequence kProgressEvery = 250'000;

RecoveryError corrupt(Sequence sequence, std::string_view what, std::string_view why) {
  return {.message = domain::sentence("The journal is corrupt at sequence ", sequence, ": ", what,
                                      ", ", why,
                                      ". Nothing was changed. Check it with muster journal verify, "
                                      "and bring back a backup."),
          .first_bad_sequence = sequence};
}

}  // namespace

std::expected<domain::State, RecoveryError> recover(journal::Reader& reader,
                                                    const journal::Header& header,
                                                    const RecoveryOptions& options) {
  domain::State state;
  state.fence_base = header.fence_base;
  state.sequence = header.first_sequence - 1;
  const Sequence last = std::min(header.last_sequence, options.up_to);
  std::optional<RecoveryError> wrong;
  const auto fold_record = [&](Sequence sequence, std::string_view bytes) {
    const auto event = codec::decode_event(bytes);
    if (!event) {
      wrong = corrupt(sequence, "the event can't be decoded", event.error().message);
      return false;
    }
    if (const auto folded = domain::fold(state, sequence, *event); !folded) {
      wrong = corrupt(sequence, domain::sentence("its ", folded.error().event, " does not fold"),
                      folded.error().message);
      return false;
    }
    if (options.folded) options.folded(state, *event);
    if (options.progress && sequence % kProgressEvery == 0) options.progress(sequence, last);
    return true;
  };
  if (last >= header.first_sequence) {
    const auto read = reader.read(header.first_sequence, last, fold_record);
    if (wrong) return std::unexpected(std::move(*wrong));
    if (!read) {
      return std::unexpected(RecoveryError{.message = read.error().message,
                                           .first_bad_sequence = read.error().first_bad_sequence});
    }
  }
  return state;
}

}  // namespace muster::coordinator
