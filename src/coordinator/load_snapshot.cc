#include "coordinator/load_snapshot.h"

#include <optional>
#include <utility>

#include "codec/snapshot.h"
#include "domain/message.h"

namespace muster::coordinator {

RecoveryError corrupt(Sequence sequence, std::string_view what, std::string_view why) {
  return {.message = domain::sentence("The journal is corrupt at sequence ", sequence, ": ", what,
                                      ", ", why,
                                      ". Nothing was changed. Check it with muster journal verify, "
                                      "and bring back a backup."),
          .first_bad_sequence = sequence};
}

RecoveryError unreadable(const journal::Error& error) {
  return {.message = error.message, .first_bad_sequence = error.first_bad_sequence};
}

std::expected<domain::State, RecoveryError> load_snapshot(journal::Reader& reader,
                                                          const journal::Header& header,
                                                          const journal::Snapshot& snapshot) {
  const auto bad = [&](std::string_view why) {
    return std::unexpected(corrupt(snapshot.sequence, "the snapshot of it can't be decoded", why));
  };
  codec::SnapshotDecoder decoder;
  std::optional<codec::SnapshotError> wrong;
  const auto read =
      reader.read_snapshot(snapshot.sequence, [&](std::uint64_t, std::string_view bytes) {
        if (auto taken = decoder.take(bytes); !taken) wrong = std::move(taken.error());
        return !wrong.has_value();
      });
  if (wrong) return bad(wrong->message);
  if (!read) return std::unexpected(unreadable(read.error()));
  auto state = decoder.finish();
  if (!state) return bad(state.error().message);
  if (state->sequence != snapshot.sequence || state->digest != snapshot.digest) {
    return bad(domain::sentence("it holds the state at ", state->sequence, " with digest ",
                                domain::digest_text(state->digest), " and should have digest ",
                                domain::digest_text(snapshot.digest)));
  }
  state->fence_base = header.fence_base;
  return std::move(*state);
}

}  // namespace muster::coordinator
