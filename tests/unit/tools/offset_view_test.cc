#include "tools/offset_view.h"

#include <doctest/doctest.h>

using namespace muster;
using namespace muster::tools;

TEST_CASE("a committed offset as JSON has offset and metadata; nothing committed is null") {
  wire::CommittedOffsetT offset;
  offset.topic = "outbox";
  offset.partition = 3;
  offset.offset = 100;
  offset.metadata = "note";
  CHECK(offset_json(offset)["offset"] == 100);
  CHECK(offset_json(offset)["metadata"] == "note");
  offset.offset = -1;
  offset.metadata = "";
  CHECK(offset_json(offset)["offset"].is_null());
  CHECK(offset_json(offset)["metadata"] == "");
  CHECK(offset_text("billing", offset) == "Group billing has committed nothing of outbox/3 yet.\n");
}

TEST_CASE("offset 0 is a committed offset") {
  wire::CommittedOffsetT offset;
  offset.offset = 0;
  CHECK(offset_json(offset)["offset"] == 0);
}

TEST_CASE("times are shown in UTC with milliseconds") {
  CHECK(time_text(1'700'000'000'123) == "2023-11-14T22:13:20.123Z");
  CHECK(time_text(0) == "-");
}
