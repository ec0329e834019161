#include "tools/status.h"

#include <doctest/doctest.h>

#include <memory>

using namespace muster;
using namespace muster::tools;

namespace {

wire::StatusReplyT some_status() {
  wire::StatusReplyT status;
  status.version = "0.1.0";
  status.journal_id = "6f1d";
  status.boot = 3;
  status.sequence = 120;
  status.durable_sequence = 118;
  status.state_digest = "00ffab0123456789";
  status.groups = 2;
  status.members = 5;
  status.connections = 6;
  status.uptime_ms = 3'723'000;
  return status;
}

}  // namespace

TEST_CASE("status as JSON has the fields that others build on, the digest as the server's text") {
  const Json json = status_json(some_status());
  CHECK(json["version"] == "0.1.0");
  CHECK(json["journal_id"] == "6f1d");
  CHECK(json["sequence"] == 120);
  CHECK(json["durable_sequence"] == 118);
  CHECK(json["state_digest"] == "00ffab0123456789");
  CHECK(json["groups"] == 2);
  CHECK(json["members"] == 5);
  CHECK(json["connections"] == 6);
  CHECK(json["uptime_ms"] == 3'723'000);
}

TEST_CASE("status as text begins with one line that says who, where and for how long") {
  const std::string text = status_text(some_status(), "127.0.0.1:7461", 0);
  CHECK(text.starts_with("musterd 0.1.0 at 127.0.0.1:7461, up 1 h 2 m\n"));
}

TEST_CASE("a full disk stands in the first line of the status") {
  wire::StatusReplyT status = some_status();
  status.storage_full = true;
  const std::string text = status_text(status, "x", 0);
  CHECK(text.substr(0, text.find('\n')).find("STORAGE FULL") != std::string::npos);
}

TEST_CASE("status says how far back the journal goes, and what it takes") {
  wire::StatusReplyT status = some_status();
  std::string text = status_text(status, "x", 1'000'000);
  CHECK(text.find("newest snapshot   none") != std::string::npos);
  CHECK(status_json(status)["snapshot_sequence"].is_null());
  status.first_sequence = 41;
  status.first_time_ms = 1'000'000 - 310'000;
  status.snapshot_sequence = 100;
  status.snapshot_time_ms = 1'000'000 + 5;  // the clock was set back
  status.journal_bytes = 3 << 20;
  text = status_text(status, "x", 1'000'000);
  CHECK(text.find("oldest event      41, 5 m 10 s ago") != std::string::npos);
  CHECK(text.find("newest snapshot   100, 0 ms ago") != std::string::npos);
  CHECK(text.find("journal size      3.0 MiB") != std::string::npos);
  CHECK(status_json(status)["first_sequence"] == 41);
  CHECK(status_json(status)["snapshot_time_ms"] == 1'000'005);
  CHECK(status_json(status)["journal_bytes"] == 3 << 20);
}

TEST_CASE("status shows every limit by its option's name, and what is in use of it") {
  wire::StatusReplyT status = some_status();
  const auto add = [&](const char* name, std::uint64_t most, std::int64_t used) {
    status.limits.push_back(std::make_unique<wire::LimitInfoT>());
    status.limits.back()->name = name;
    status.limits.back()->most = most;
    status.limits.back()->used = used;
  };
  add("max-groups", 1'000'000, 2);
  add("max-frame-bytes", 4 << 20, -1);
  const std::string text = status_text(status, "x", 0);
  CHECK(text.find("max-groups       1000000       2\n") != std::string::npos);
  CHECK(text.find("max-frame-bytes  4.0 MiB       -\n") != std::string::npos);
  const Json json = status_json(status);
  CHECK(json["limits"]["max-groups"]["most"] == 1'000'000);
  CHECK(json["limits"]["max-groups"]["used"] == 2);
  CHECK(json["limits"]["max-frame-bytes"]["used"].is_null());
}
