// Offsets in files: both formats, and what is said of wrong ones.
#include "tools/offset_file.h"

#include <doctest/doctest.h>

namespace muster::tools {
namespace {

CommittedOffsets some_offsets() {
  CommittedOffsets offsets;
  const auto add = [&](const char* topic, std::int32_t partition, std::int64_t offset,
                       const char* metadata) {
    auto& one = *offsets.emplace_back(std::make_unique<wire::CommittedOffsetT>());
    one.topic = topic;
    one.partition = partition;
    one.offset = offset;
    one.metadata = metadata;
  };
  add("plain", 0, 41, "");
  add("with,comma", 99'999, 9'223'372'036'854'775'807, "says \"hello\",\r\nand more");
  return offsets;
}

std::vector<OffsetWish> some_wishes() {
  return {{.at = {"plain", 0}, .offset = 41, .metadata = ""},
          {.at = {"with,comma", 99'999},
           .offset = 9'223'372'036'854'775'807,
           .metadata = "says \"hello\",\r\nand more"}};
}

std::string refused(std::string_view text) {
  const auto read = read_offsets(text, "f");
  REQUIRE_FALSE(read.has_value());
  CHECK(read.error().code == ErrorCode::kInvalidArgument);
  return read.error().message;
}

bool mentions(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("CSV comes back as it was, commas, quotes and line ends included") {
  const auto read = read_offsets(offsets_csv(some_offsets()), "f");
  REQUIRE_MESSAGE(read.has_value(), read.error().message);
  CHECK(*read == some_wishes());
}

TEST_CASE("JSON comes back as it was") {
  const auto read = read_offsets(offsets_json("g", some_offsets()).dump(), "f");
  REQUIRE_MESSAGE(read.has_value(), read.error().message);
  CHECK(*read == some_wishes());
}

TEST_CASE("CSV of spreadsheets: a byte order mark, CRLF, columns in any order and more of them") {
  const auto read =
      read_offsets("\xEF\xBB\xBFoffset,who,partition,topic\r\n7,me,2,t\r\n\r\n,me,3,t\r\n", "f");
  REQUIRE_MESSAGE(read.has_value(), read.error().message);
  REQUIRE(read->size() == 2);
  CHECK((*read)[0] == OffsetWish{.at = {"t", 2}, .offset = 7, .metadata = ""});
  CHECK((*read)[1].offset == -1);  // nothing committed
}

TEST_CASE("JSON may be an array, and null is nothing committed") {
  const auto read = read_offsets(R"( [{"topic":"t","partition":1,"offset":null}])", "f");
  REQUIRE(read.has_value());
  CHECK((*read)[0].offset == -1);
}

TEST_CASE("A wrong line is named, with what to write") {
  CHECK(mentions(refused(""), "topic,partition,offset,metadata"));
  CHECK(mentions(refused("t,0,1\n"), "topic,partition,offset,metadata"));
  CHECK(mentions(refused("topic,partition,offset\nt,0,1\nt,x,1\n"), "Line 3"));
  CHECK(mentions(refused("topic,partition,offset,metadata\n\"a\nb\",0,1\nt,-1,1\n"), "Line 4"));
  CHECK(mentions(refused("topic,partition,offset\nt,0,-2\n"), "whole number"));
  CHECK(mentions(refused("topic,partition,offset\n,0,2\n"), "names no topic"));
  CHECK(mentions(refused("topic,partition,offset\nt,0,2\nt,0,3\n"), "t/0 twice"));
}

TEST_CASE(
    "A quote that is not closed, or followed by more, is refused and not read as something else") {
  const std::string titles = "topic,partition,offset,metadata\n";
  CHECK(mentions(refused(titles + "t,0,1,m\nt,1,2,\"says\nt,2,3,\n"), "Line 3 of 'f' has a quote"));
  CHECK(mentions(refused(titles + "\"t\"x,0,1,m\n"), "Line 2 of 'f' has a quote"));
  CHECK(mentions(refused(titles + "t,0,1,\"m\"x\n"), "Line 2 of 'f' has a quote"));
  CHECK(read_offsets(titles + "t,0,1,\"m\"", "f").has_value());  // the end ends it
}

TEST_CASE("A wrong entry of JSON is named") {
  CHECK(mentions(refused("{\"offsets\": 3}"), "no JSON with offsets"));
  CHECK(mentions(refused("{\"offsets\": ["), "no JSON with offsets"));
  CHECK(mentions(refused("[{\"topic\":\"t\",\"partition\":0,\"offset\":1},{}]"), "Entry 2"));
  CHECK(mentions(refused("[{\"topic\":\"t\",\"partition\":-1,\"offset\":1}]"), "no partition"));
  CHECK(mentions(refused("[{\"topic\":\"t\",\"partition\":0,\"offset\":1.5}]"), "no offset"));
  CHECK(mentions(refused("[7]"), "is no object"));
  // 2^64 - 1 is not "nothing committed", though its bits are those of -1.
  CHECK(mentions(refused("[{\"topic\":\"t\",\"partition\":0,\"offset\":18446744073709551615}]"),
                 "no offset"));
  CHECK(mentions(refused("[{\"topic\":\"t\",\"partition\":18446744073709551615,\"offset\":1}]"),
                 "no partition"));
}

TEST_CASE("offsets: JSON whose metadata is no text is refused, and null is none") {
  const auto entry = [](const char* metadata) {
    return R"([{"topic": "t", "partition": 0, "offset": 1, "metadata": )" + std::string(metadata) +
           "}]";
  };
  CHECK(mentions(refused(entry("7")), "Entry 1 of 'offsets' in 'f' has metadata that is no text"));
  CHECK(read_offsets(entry("null"), "f").has_value());
}

}  // namespace
}  // namespace muster::tools
