#include "coordinator/recover.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "codec/event.h"
#include "coordinator/load_snapshot.h"
#include "domain/fold.h"
#include "domain/message.h"

namespace muster::coordinator {
namespace {

constexpr Sequence kProgressEvery = 250'000;

/// Where to begin, and what to hold the state against on the way.
struct Route {
  std::optional<journal::Snapshot> from;  // nothing: the journal's first event
  std::vector<journal::Snapshot> checks;  // ascending, all after it
  /// With kOldest: those that history has left behind, and that are dropped next.
  std::vector<journal::Snapshot> left_behind;
};

std::unexpected<RecoveryError> nowhere_to_begin(const journal::Header& header, Sequence last,
                                                const std::vector<journal::Snapshot>& snapshots) {
  const auto usable = std::ranges::find_if(snapshots, [&](const journal::Snapshot& snapshot) {
    return snapshot.sequence + 1 >= header.first_sequence;
  });
  if (usable != snapshots.end()) {
    return std::unexpected(RecoveryError{
        .message = domain::sentence("The state at sequence ", last,
                                    " can't be had: the history up to it has been trimmed. "
                                    "The oldest is that at sequence ",
                                    usable->sequence, "."),
        .oldest_sequence = usable->sequence});
  }
  return std::unexpected(
      corrupt(header.first_sequence,
              domain::sentence("the journal begins there and has no snapshot of the state before"),
              domain::sentence("though ", header.first_sequence - 1, " events were trimmed")));
}

std::expected<Route, RecoveryError> route(journal::Reader& reader, const journal::Header& header,
                                          Sequence last, RecoverFrom from) {
  auto snapshots = reader.snapshots();
  if (!snapshots) return std::unexpected(unreadable(snapshots.error()));
  Route route;
  for (const journal::Snapshot& snapshot : *snapshots) {
    const bool left_behind = snapshot.sequence + 1 < header.first_sequence;
    if (left_behind) {
      route.left_behind.push_back(snapshot);
    } else if (snapshot.sequence <= last) {
      route.checks.push_back(snapshot);
    }
  }
  const bool from_beginning =
      header.first_sequence == 1 && (from == RecoverFrom::kOldest || route.checks.empty());
  if (from_beginning) return route;
  if (route.checks.empty()) return nowhere_to_begin(header, last, *snapshots);
  if (from == RecoverFrom::kNewestSnapshot) {
    return Route{.from = route.checks.back(), .checks = {}, .left_behind = {}};
  }
  route.from = route.checks.front();
  route.checks.erase(route.checks.begin());
  return route;
}

/// What becomes of an event on the way; false: it stops there.
using OnEvent = std::function<bool(Sequence, const domain::Event&)>;

/// Reads and decodes the events from `from` up to `to`.
std::expected<void, RecoveryError> read_events(journal::Reader& reader, Sequence from, Sequence to,
                                               Sequence last, const RecoveryOptions& options,
                                               const OnEvent& on_event) {
  if (from > to) return {};
  std::optional<RecoveryError> wrong;
  codec::EventDecoder decoder;
  const auto read = reader.read(from, to, [&](Sequence sequence, std::string_view bytes) {
    const auto event = decoder.decode(bytes);
    if (!event) {
      wrong = corrupt(sequence, "the event can't be decoded", event.error().message);
      return false;
    }
    if (!on_event(sequence, *event)) return false;
    if (options.checked) options.checked(sequence);
    if (options.progress && sequence % kProgressEvery == 0) options.progress(sequence, last);
    return true;
  });
  if (wrong) return std::unexpected(std::move(*wrong));
  if (!read) return std::unexpected(unreadable(read.error()));
  return {};
}

/// Folds the events after the state, up to `to`.
std::expected<void, RecoveryError> fold_records(journal::Reader& reader, domain::State& state,
                                                Sequence to, Sequence last,
                                                const RecoveryOptions& options) {
  std::optional<RecoveryError> wrong;
  const auto fold_event = [&](Sequence sequence, const domain::Event& event) {
    const auto folded = domain::fold(state, sequence, event);
    if (!folded) {
      wrong = corrupt(sequence, domain::sentence("its ", folded.error().event, " does not fold"),
                      folded.error().message);
      return false;
    }
    if (options.folded) options.folded(state, event);
    return true;
  };
  auto read = read_events(reader, state.sequence + 1, to, last, options, fold_event);
  if (wrong) return std::unexpected(std::move(*wrong));
  return read;
}

/// The events before the oldest snapshot: there is no state to fold them into.
std::expected<void, RecoveryError> read_before(journal::Reader& reader,
                                               const journal::Header& header,
                                               const journal::Snapshot& oldest, Sequence last,
                                               const RecoveryOptions& options) {
  return read_events(reader, header.first_sequence, oldest.sequence, last, options,
                     [](Sequence, const domain::Event&) { return true; });
}

/// One that is dropped while it is read is not missed.
std::expected<void, RecoveryError> read_left_behind(
    journal::Reader& reader, const std::vector<journal::Snapshot>& snapshots) {
  const auto go_on = [](std::uint64_t, std::string_view) { return true; };
  for (const journal::Snapshot& snapshot : snapshots) {
    const auto read = reader.read_snapshot(snapshot.sequence, go_on);
    if (!read && read.error().fault != journal::Fault::kMissing) {
      // No sequence is at fault: all that history still has can be read.
      return std::unexpected(RecoveryError{.message = read.error().message});
    }
  }
  return {};
}

std::expected<void, RecoveryError> check(journal::Reader& reader, const journal::Header& header,
                                         const domain::State& state,
                                         const journal::Snapshot& snapshot) {
  const auto kept = load_snapshot(reader, header, snapshot);
  if (!kept) return std::unexpected(kept.error());
  if (kept->digest == state.digest) return {};
  return std::unexpected(
      corrupt(snapshot.sequence, "the snapshot of it is not what the events fold to",
              domain::sentence("its digest is ", domain::digest_text(kept->digest), " instead of ",
                               domain::digest_text(state.digest))));
}

std::expected<domain::State, RecoveryError> attempt(journal::Reader& reader,
                                                    const journal::Header& header,
                                                    const RecoveryOptions& options) {
  const Sequence last = std::min(header.last_sequence, options.up_to);
  const auto way = route(reader, header, last, options.from);
  if (!way) return std::unexpected(way.error());
  domain::State state;
  state.fence_base = header.fence_base;
  if (const auto& from = way->from) {
    if (options.from == RecoverFrom::kOldest) {
      const auto before = read_before(reader, header, *from, last, options);
      if (!before) return std::unexpected(before.error());
    }
    auto loaded = load_snapshot(reader, header, *from);
    if (!loaded) return loaded;
    state = std::move(*loaded);
  }
  for (const journal::Snapshot& snapshot : way->checks) {
    const auto folded = fold_records(reader, state, snapshot.sequence, last, options);
    if (!folded) return std::unexpected(folded.error());
    const auto checked = check(reader, header, state, snapshot);
    if (!checked) return std::unexpected(checked.error());
  }
  const auto folded = fold_records(reader, state, last, last, options);
  if (!folded) return std::unexpected(folded.error());
  const auto read = read_left_behind(reader, way->left_behind);
  if (!read) return std::unexpected(read.error());
  return state;
}

}  // namespace

std::expected<domain::State, RecoveryError> recover(journal::Reader& reader,
                                                    const journal::Header& header,
                                                    const RecoveryOptions& options) {
  journal::Header known = header;
  for (;;) {
    auto state = attempt(reader, known, options);
    if (state) return state;
    // A live daemon trims beside its readers: what was there at the beginning may be gone.
    const auto now = reader.header();
    if (!now || now->first_sequence <= known.first_sequence) return state;
    known.first_sequence = now->first_sequence;
  }
}

}  // namespace muster::coordinator
