// Writes the fuzzers' first inputs: a life of a topic, a group and its members, as requests and as
// the events that come of them, in the journal and in an export; the snapshot of a state that has
// come of such events; a question to `muster plan` with all that it can hold; and files as people
// write them.
//
//   write_seeds DIRECTORY: a directory in it for each fuzzer

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "codec/event.h"
#include "codec/export_line.h"
#include "codec/frame.h"
#include "codec/snapshot.h"
#include "codec/wire.h"
#include "domain/assert.h"
#include "domain/fold.h"
#include "tests/fuzz/life.h"
#include "tests/fuzz/pieces.h"

namespace muster::fuzz {
namespace {

class Requests {
 public:
  template <typename Body>
  void add(Body body) {
    std::string payload =
        codec::encode_request(++correlation_, std::move(body)).substr(codec::kFrameHeaderBytes);
    if (payload.size() % 2 != 0) payload.push_back('\0');
    append_piece(input, payload);
  }
  std::string input;

 private:
  std::uint64_t correlation_ = 0;
};

std::string requests() {
  Requests all;
  wire::HelloT hello;
  hello.oldest_version = hello.newest_version = 1;
  hello.client_id = "seed";
  all.add(hello);
  wire::CreateTopicT topic;
  topic.name = "t";
  topic.partitions = 3;
  all.add(topic);
  wire::JoinT join;
  join.group = "g";
  join.topics = {"t"};
  for (const char* member : {"a", "b"}) {
    join.member_id = member;
    join.incarnation = static_cast<std::uint64_t>(member[0]);
    all.add(join);
  }
  wire::CommitT commit;
  commit.group = "g";
  commit.items.push_back(std::make_unique<wire::CommitItemT>());
  commit.items.back()->topic = "t";
  commit.items.back()->offset = 7;
  commit.items.back()->fence = 5;
  all.add(commit);
  commit.items.clear();
  commit.topics.push_back(std::make_unique<wire::TopicOffsetsT>());
  commit.topics.back()->topic = "t";
  commit.topics.back()->offsets.emplace_back(/*offset=*/8, /*fence=*/5, /*end=*/9, /*partition=*/0);
  all.add(commit);
  wire::ReleaseT release;
  release.group = "g";
  release.member_id = "a";
  release.incarnation = 'a';
  release.items.push_back(std::make_unique<wire::ReleaseItemT>());
  release.items.back()->topic = "t";
  release.items.back()->fence = 5;
  all.add(release);
  wire::HeartbeatT beat;
  beat.group = "g";
  beat.member_id = "b";
  beat.incarnation = 'b';
  all.add(beat);
  wire::DescribeGroupT describe;
  describe.group = "g";
  all.add(describe);
  wire::ResetOffsetsT reset;
  reset.group = "g";
  reset.live = true;
  reset.topics.push_back(std::make_unique<wire::ResetTopicT>());
  reset.topics.back()->topic = "t";
  reset.topics.back()->offsets.push_back(std::make_unique<wire::ResetOffsetT>());
  reset.topics.back()->offsets.back()->offset = 3;
  all.add(reset);
  wire::ReportEndsT report;
  report.items.push_back(std::make_unique<wire::EndReportT>());
  report.items.back()->topic = "t";
  report.items.back()->end = 12;
  all.add(report);
  wire::DeleteOffsetsT forget;
  forget.group = "g";
  forget.topic = "t";
  all.add(forget);
  wire::FetchOffsetsT fetch;
  fetch.group = "g";
  all.add(fetch);
  wire::ExpandTopicT expand;
  expand.name = "t";
  expand.partitions = 5;
  all.add(expand);
  wire::LeaveT leave;
  leave.group = "g";
  leave.member_id = "b";
  leave.incarnation = 'b';
  all.add(leave);
  wire::DeleteTopicT erase;
  erase.name = "t";
  all.add(erase);
  all.add(wire::StatusT());
  return all.input;
}

std::string events() {
  std::string input;
  for (const domain::EventBody& body : life()) {
    append_piece(input, codec::encode_event(event_of(body)));
  }
  // Offsets without metadata are written otherwise, one or many.
  const domain::OffsetValue numbers{.at = {1, 1}, .offset = 9, .fence = 4};
  for (const std::size_t count : {1, 4}) {
    append_piece(input, codec::encode_event(event_of(domain::OffsetsCommitted{
                            .group = "g", .offsets = std::vector(count, numbers)})));
  }
  return input;
}

/// After the commit: with a member, a plan, a grant and an offset.
std::string snapshot() {
  constexpr std::size_t kEvents = 5;
  domain::State state;
  for (const domain::EventBody& body : life()) {
    if (state.sequence == kEvents) break;
    MUSTER_ASSERT(domain::fold(state, state.sequence + 1, event_of(body)).has_value());
  }
  std::string input;
  const auto take = [&](const std::string& chunk) {
    append_piece(input, chunk);
    return true;
  };
  MUSTER_ASSERT(codec::encode_snapshot(state, take));
  return input;
}

std::string plan_input() {
  return R"({"strategy":"sticky","topics":{"t":6,"u-1":2},
 "members":[{"id":"a","topics":["t"],"patterns":["u-.*"],"owned":{"t":[0,1],"u-1":[0]}},
            {"id":"b","draining":true,"topics":["t"],"owned":{"t":[5]}}],
 "owned":{"gone":{"t":[2]}},"pins":{"t":{"3":"a"}}})";
}

constexpr const char* kCsv =
    "topic,partition,offset,metadata\n"
    "t,0,41,plain\n"
    "\"with,comma\",2,,\"says \"\"hello\"\",\r\nand more\"\n";
constexpr const char* kJson =
    R"({"group":"g","offsets":[{"topic":"t","partition":0,"offset":41,"metadata":"m"},
 {"topic":"t","partition":1,"offset":null}]})";

constexpr const char* kConfiguration = R"(# /etc/muster.toml
data-dir = "/var/lib/muster"
listen = ["127.0.0.1:0", 'unix:/run/m.sock',
          "[::1]:7461"]  # three
log-format = json
log-level = "debug"
session-timeout-default-ms = 45000
gathering-window-ms = 0
max-connections = 5000
max-frame-bytes = 4194304
history-max-age-ms = 86400000
)";

/// The lines of an export: of a whole history, and of one that begins with a snapshot.
std::string exported() {
  codec::ExportText text;
  std::string lines;
  const auto add = [&](const codec::ExportLine& what) {
    const auto line = text.line(what);
    MUSTER_ASSERT(line.has_value());
    lines += *line + "\n";
  };
  const std::vector<domain::EventBody> bodies = life();
  add(codec::ExportHead{.journal_id = "00112233445566778899aabbccddeeff",
                        .fence_base = 7,
                        .boot = 2,
                        .last_sequence = bodies.size()});
  add(codec::ExportChunk{.snapshot = 1, .number = 0, .bytes = "chunk"});
  add(codec::ExportSnapshot{.sequence = 1, .chunks = 1, .bytes = 5, .digest = 9, .time_ms = 1});
  Sequence sequence = 0;
  for (const domain::EventBody& body : bodies) {
    add(codec::ExportEvent{.sequence = ++sequence, .bytes = codec::encode_event(event_of(body))});
  }
  return lines;
}

void write(const std::filesystem::path& folder, const char* name, const std::string& input) {
  std::filesystem::create_directories(folder);
  std::ofstream file(folder / name, std::ios::binary);
  file << input;
  MUSTER_ASSERT(file.flush());
}

/// Pieces of fuzz_journal: bytes of the file, and an event in the place of another.
std::string journal_changes() {
  std::string input;
  append_piece(input, std::string{kBytesPiece, '\x10', '\x20', '\0'} + "x");
  append_piece(input, std::string{kEventPiece, '\4'} + codec::encode_event(event_of(life()[4])));
  return input;
}

/// What earlier runs added to these is thrown away.
void write_all(const std::filesystem::path& folder) {
  for (const char* fuzzer :
       {"wire", "events", "journal", "snapshot", "plan", "offsets", "export", "configuration"}) {
    std::filesystem::remove_all(folder / fuzzer);
  }
  write(folder / "wire", "life", requests());
  write(folder / "events", "life", events());
  write(folder / "journal", "sound", std::string(2, '\0'));
  write(folder / "journal", "changed", journal_changes());
  write(folder / "snapshot", "life", snapshot());
  write(folder / "plan", "question", plan_input());
  write(folder / "offsets", "csv", kCsv);
  write(folder / "offsets", "json", kJson);
  write(folder / "export", "life", exported());
  write(folder / "configuration", "file", kConfiguration);
}

}  // namespace
}  // namespace muster::fuzz

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  muster::fuzz::write_all(argv[1]);
  return 0;
}
