// How long a snapshot of many committed offsets takes to be encoded and to become a state again,
// beside copying its bytes in the same run. Prints Markdown.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "codec/snapshot.h"
#include "domain/assert.h"
#include "domain/fold.h"

namespace muster {
namespace {

double ms_of(auto&& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
      .count();
}

void fold_next(domain::State& state, domain::EventBody body) {
  const domain::Event event{.time_ms = 1, .cause = {}, .body = std::move(body)};
  MUSTER_ASSERT(domain::fold(state, state.sequence + 1, event).has_value());
}

domain::State committed(std::size_t groups, std::int32_t partitions, const std::string& metadata) {
  domain::State state;
  fold_next(state, domain::TopicCreated{.name = "t", .partition_count = partitions});
  for (std::size_t g = 0; g < groups; ++g) {
    domain::OffsetsCommitted commit{.group = "group-" + std::to_string(g), .offsets = {}};
    for (std::int32_t i = 0; i < partitions; ++i) {
      commit.offsets.push_back({.at = {1, i}, .offset = i, .fence = 0, .metadata = metadata});
    }
    fold_next(state, std::move(commit));
  }
  return state;
}

void measure(std::size_t groups, std::int32_t partitions, const std::string& metadata) {
  const domain::State state = committed(groups, partitions, metadata);
  std::vector<std::string> chunks;
  const double encode_ms = ms_of([&] {
    MUSTER_ASSERT(codec::encode_snapshot(state, [&](std::string chunk) {
      chunks.push_back(std::move(chunk));
      return true;
    }));
  });
  double decode_ms = 0;
  std::optional<domain::State> again;
  decode_ms = ms_of([&] {
    codec::SnapshotDecoder decoder;
    for (const std::string& chunk : chunks) MUSTER_ASSERT(decoder.take(chunk).has_value());
    again = decoder.finish().value();
  });
  MUSTER_ASSERT(again->digest == state.digest);
  std::size_t bytes = 0;
  for (const std::string& chunk : chunks) bytes += chunk.size();
  std::vector<std::string> copy;
  const double copy_ms = ms_of([&] { copy = chunks; });
  std::printf("| %zu | %d | %zu | %zu | %.1f | %.0f | %.0f | %.0f |\n", groups, partitions,
              metadata.size(), chunks.size(), static_cast<double>(bytes) / 1e6, encode_ms,
              decode_ms, decode_ms / copy_ms);
}

}  // namespace
}  // namespace muster

int main() {
  std::printf(
      "| groups | offsets each | metadata bytes | chunks | MB | encode ms | decode ms | ratio |\n");
  std::printf("|--:|--:|--:|--:|--:|--:|--:|--:|\n");
  muster::measure(10'000, 100, "");
  muster::measure(10'000, 100, "processed by pod-17");
  muster::measure(1, 1'000'000, "");
}
