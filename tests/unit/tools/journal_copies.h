// Journals of topics to be copied, damaged and saved, in a directory of the test.
#pragma once

#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "codec/event.h"
#include "codec/snapshot.h"
#include "domain/fold.h"
#include "journal/builder.h"
#include "journal/file_reader.h"
#include "journal/store.h"
#include "tools/commands.h"
#include "tools/journal_copy.h"

namespace muster::tools {

namespace fs = std::filesystem;

class CopiesDirectory {
 public:
  CopiesDirectory() {
    std::string name = (fs::temp_directory_path() / "muster-copies-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~CopiesDirectory() { fs::remove_all(path_); }
  CopiesDirectory(const CopiesDirectory&) = delete;
  CopiesDirectory& operator=(const CopiesDirectory&) = delete;

  std::string operator/(const std::string& name) const { return path_ / name; }

 private:
  fs::path path_;
};

inline int run_journal(const std::vector<std::string>& arguments) {
  std::vector<const char*> all{"muster", "journal"};
  for (const std::string& argument : arguments) all.push_back(argument.c_str());
  return run_command_line(static_cast<int>(all.size()), all.data());
}

inline constexpr std::uint64_t kEvents = 5;

/// It can be found in a file by its cause, which is in no snapshot.
inline domain::Event topic_event(std::uint64_t sequence) {
  return {.time_ms = 1,
          .cause = {.kind = domain::CauseKind::kOperator,
                    .who = "maker-" + std::to_string(sequence),
                    .from = {}},
          .body = domain::TopicCreated{.name = "topic-" + std::to_string(sequence),
                                       .partition_count = 4}};
}

inline void put_snapshot(journal::Builder& builder, std::uint64_t snapshot) {
  domain::State state;
  for (std::uint64_t sequence = 1; sequence <= snapshot; ++sequence) {
    REQUIRE(domain::fold(state, sequence, topic_event(sequence)).has_value());
  }
  std::uint32_t chunks = 0;
  std::uint64_t bytes = 0;
  CHECK(codec::encode_snapshot(state, [&](const std::string& chunk) {
    bytes += chunk.size();
    return builder.put_snapshot_chunk(snapshot, chunks++, chunk).has_value();
  }));
  REQUIRE(builder
              .put_snapshot(
                  {.sequence = snapshot, .chunks = chunks, .bytes = bytes, .digest = state.digest})
              .has_value());
}

/// The same journal with snapshots, and with history from `first_sequence` on.
inline void make_journal_with_snapshots(const std::string& directory,
                                        const std::vector<std::uint64_t>& snapshots,
                                        std::uint64_t first_sequence) {
  fs::create_directories(directory);
  auto builder = journal::Builder::begin(
      directory, {.journal_id = journal::draw_journal_id(), .first_sequence = first_sequence},
      64 << 20);
  REQUIRE(builder.has_value());
  for (const std::uint64_t snapshot : snapshots) put_snapshot(*builder, snapshot);
  for (std::uint64_t sequence = first_sequence; sequence <= kEvents; ++sequence) {
    REQUIRE(builder->append(codec::encode_event(topic_event(sequence))).has_value());
  }
  REQUIRE(builder->finish().has_value());
}

/// A journal of topics.
inline void make_journal(const std::string& directory, std::uint64_t events = kEvents) {
  auto store = journal::Store::open(directory, {.map_bytes = 64 << 20,
                                                .room = {.reserve_bytes = 1 << 16,
                                                         .full_below_bytes = 1 << 17,
                                                         .clear_above_bytes = 1 << 18}});
  REQUIRE(store.has_value());
  journal::EncodedEvents encoded;
  for (std::uint64_t i = 1; i <= events; ++i) {
    encoded.append(codec::encode_event(topic_event(i)));
  }
  REQUIRE(store->append(1, encoded).has_value());
}

inline std::uint64_t digest_of(const std::string& directory) {
  const auto state = verify_copy(directory);
  REQUIRE_MESSAGE(state.has_value(), state.error().message);
  return state->digest;
}

inline journal::Header header_of(const std::string& directory) {
  auto reader = journal::FileReader::open(directory);
  REQUIRE(reader.has_value());
  return *reader->header();
}

inline std::vector<journal::Snapshot> snapshots_of(const std::string& directory) {
  auto reader = journal::FileReader::open(directory);
  REQUIRE(reader.has_value());
  const auto snapshots = reader->snapshots();
  REQUIRE(snapshots.has_value());
  return *snapshots;
}

inline std::string read_text(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

inline void write_text(const std::string& path, const std::string& text) {
  std::ofstream(path) << text;
}

inline void damage_event(const std::string& directory, std::uint64_t sequence) {
  const std::string path = directory + "/data.mdb";
  std::string bytes = read_text(path);
  const std::string name = "maker-" + std::to_string(sequence);
  for (std::size_t at = bytes.find(name); at != std::string::npos; at = bytes.find(name, at + 1)) {
    bytes[at] = 'X';
  }
  write_text(path, bytes);
}

}  // namespace muster::tools
