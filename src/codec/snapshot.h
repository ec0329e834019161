// A state as bytes, and back: what a snapshot of the journal holds (schemas/snapshot.fbs). What is
// derived in a state is left out, and derived again when it is read (domain/rebuild.h).
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "domain/state.h"

namespace muster::codec {

/// Takes one chunk, in order. False: that was enough.
using ChunkSink = std::function<bool(std::string chunk)>;

/// Hands the state out in chunks of about 256 KiB; only a subscription of thousands of names makes
/// a larger one. The fence base is the journal's and left out. Equal states give equal chunks.
/// False when `sink` said that it was enough.
bool encode_snapshot(const domain::State& state, const ChunkSink& sink);

/// The chunks are not a whole snapshot of this format version, or contradict each other.
struct SnapshotError {
  std::string message;  // what is wrong with it, as the rest of a sentence
};

/// Takes the chunks of one snapshot in order, each verified before it is read. After an error it is
/// of no more use.
class SnapshotDecoder {
 public:
  SnapshotDecoder();
  ~SnapshotDecoder();
  SnapshotDecoder(const SnapshotDecoder&) = delete;
  SnapshotDecoder& operator=(const SnapshotDecoder&) = delete;

  /// `bytes` may have any alignment.
  std::expected<void, SnapshotError> take(std::string_view bytes);
  /// The state, with all that is derived, its digest too, and a fence base of 0.
  std::expected<domain::State, SnapshotError> finish();

 private:
  class Reading;
  std::unique_ptr<Reading> reading_;
};

}  // namespace muster::codec
