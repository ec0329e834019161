// Whatever comes over a socket, the daemon stays up and other clients don't notice.
#include <doctest/doctest.h>

#include <random>

#include "end_to_end/daemon.h"
#include "end_to_end/member.h"

namespace muster::e2e {
namespace {

// A server, and a member that works while others send rubbish.
struct GarbageSetting {
  Daemon daemon{{"--gathering-window-ms", "0"}};
  Member worker{daemon.address(), {.member_id = "worker", .topics = {"orders"}}};
  std::int64_t offset = 0;

  GarbageSetting() {
    WireClient client(daemon.address());
    create_topic(client, "orders", 1);
    worker.join();
    REQUIRE(pump_until({&worker}, [&] { return worker.held().size() == 1; }));
  }

  void undisturbed() {
    worker.pump();
    REQUIRE_FALSE(worker.commit({"orders", 0}, ++offset).has_value());
    REQUIRE(worker.held().size() == 1);
    REQUIRE(worker.asked_back().empty());
    REQUIRE(daemon.process().running());
  }
};

std::string random_bytes(std::mt19937_64& random, std::size_t count) {
  std::string bytes(count, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

std::string valid_request() {
  wire::JoinT join;
  join.group = "elsewhere";  // however its bits are flipped, not the worker's group
  join.member_id = "someone";
  join.incarnation = 5;
  join.topics = {"orders"};
  return codec::encode_request(1, std::move(join));
}

TEST_CASE("random bytes close the connection that sent them, and disturb nobody else") {
  GarbageSetting setting;
  std::mt19937_64 random(20'261'124);
  for (int round = 0; round < 200; ++round) {
    WireClient client(setting.daemon.address(), /*says_hello=*/round % 2 == 0);
    client.send_bytes(random_bytes(random, 1 + random() % 4'096));
    if (round % 10 == 0) setting.undisturbed();
  }
  setting.undisturbed();
}

TEST_CASE("a frame of random bytes is refused as malformed") {
  GarbageSetting setting;
  std::mt19937_64 random(7);
  for (int round = 0; round < 200; ++round) {
    WireClient client(setting.daemon.address());
    client.send_bytes(codec::frame(random_bytes(random, 1 + random() % 600)));
    const auto error = client.closing();
    REQUIRE(error.has_value());
    CHECK(error->name == "MALFORMED_REQUEST");
    CHECK(client.ended());
  }
  setting.undisturbed();
}

TEST_CASE("a valid request with flipped bits is answered or closes, and disturbs nobody else") {
  GarbageSetting setting;
  std::mt19937_64 random(11);
  const std::string good = valid_request();
  for (int round = 0; round < 500; ++round) {
    WireClient client(setting.daemon.address());
    std::string bad = good;
    for (std::uint64_t flips = 1 + random() % 4; flips > 0; --flips) {
      const std::size_t at = codec::kFrameHeaderBytes + random() % (bad.size() - 4);
      bad[at] = static_cast<char>(bad[at] ^ (1 << (random() % 8)));
    }
    client.send_bytes(bad);
    client.send_bytes(codec::encode_request(2, wire::StatusT{}));
    // Either the stream goes on, or the connection ends; never silence.
    CHECK((client.reply(2).has_value() || client.ended()));
    if (round % 50 == 0) setting.undisturbed();
  }
  setting.undisturbed();
}

TEST_CASE("a frame cut short waits, and its connection's end is no one's trouble") {
  GarbageSetting setting;
  const std::string good = valid_request();
  for (std::size_t length = 1; length < good.size(); ++length) {
    WireClient client(setting.daemon.address());
    client.send_bytes(good.substr(0, length));
    client.close();
  }
  setting.undisturbed();
}

TEST_CASE("frames arrive in pieces of any size") {
  GarbageSetting setting;
  WireClient client(setting.daemon.address());
  const std::string request = codec::encode_request(900, wire::StatusT{});
  for (const char byte : request) client.send_bytes({&byte, 1});
  CHECK(client.reply(900).has_value());
}

TEST_CASE("an empty frame is refused as malformed or too large, and closes") {
  GarbageSetting setting;
  WireClient client(setting.daemon.address());
  client.send_bytes(std::string(4, '\0'));
  CHECK(client.closing().has_value());
  CHECK(client.ended());
  setting.undisturbed();
}

TEST_CASE("a server's message is no request") {
  GarbageSetting setting;
  WireClient client(setting.daemon.address());
  client.send_bytes(codec::encode_server_message(5, 1, wire::DoneT{}));
  CHECK((client.closing().has_value() || client.ended()));
  setting.undisturbed();
}

TEST_CASE("a second hello on a connection is refused") {
  GarbageSetting setting;
  WireClient client(setting.daemon.address());
  wire::HelloT hello;
  hello.oldest_version = 1;
  hello.newest_version = 1;
  hello.client_id = "again";
  CHECK(client.refusal(std::move(hello)).name == "MALFORMED_REQUEST");
}

TEST_CASE("values out of range are refused with a typed error, on a connection that goes on") {
  GarbageSetting setting;
  WireClient client(setting.daemon.address());

  SUBCASE("correlation id 0") {
    client.send_bytes(codec::encode_request(0, wire::StatusT{}));
    const auto error = client.closing();
    REQUIRE(error.has_value());
    CHECK(error->name == "MALFORMED_REQUEST");
    setting.undisturbed();
    return;
  }
  SUBCASE("partition counts") {
    for (const std::int32_t count : {0, -1, INT32_MIN, 100'001, INT32_MAX}) {
      wire::CreateTopicT create;
      create.name = "new";
      create.partitions = count;
      CHECK(client.refusal(std::move(create)).name == "INVALID_PARTITION_COUNT");
    }
  }
  SUBCASE("names") {
    for (const std::string& name :
         {std::string(), std::string(256, 'n'), std::string("tab\t"), std::string("\xff\xfe"),
          std::string("\xc0\x80"), std::string("nul\0l", 5), std::string("\xed\xa0\x80")}) {
      wire::CreateTopicT create;
      create.name = name;
      create.partitions = 1;
      CHECK(client.refusal(std::move(create)).name == "INVALID_NAME");
    }
  }
  SUBCASE("partition numbers") {
    for (const std::int32_t partition : {-1, 1, INT32_MIN, INT32_MAX}) {
      wire::CheckFenceT check;
      check.group = "group";
      check.topic = "orders";
      check.partition = partition;
      check.fence = 1;
      CHECK(client.refusal(std::move(check)).name == "UNKNOWN_GROUP_TOPIC_OR_PARTITION");
    }
  }
  SUBCASE("timeouts") {
    for (const std::uint32_t timeout : {1U, 999U, 30U * 60 * 1'000 + 1, UINT32_MAX}) {
      wire::JoinT join;
      join.group = "group";
      join.member_id = "m";
      join.incarnation = 1;
      join.topics = {"orders"};
      join.session_timeout_ms = timeout;
      CHECK(client.refusal(std::move(join)).name == "INVALID_TIMEOUT");
    }
  }
  SUBCASE("offsets") {
    for (const std::int64_t offset : {std::int64_t{-1}, INT64_MIN}) {
      const auto refused = setting.worker.commit({"orders", 0}, offset);
      REQUIRE(refused.has_value());
      CHECK(refused->name == "INVALID_OFFSET");
    }
  }
  SUBCASE("page limits") {
    wire::ListTopicsT list;
    list.limit = UINT32_MAX;
    CHECK(client.ask<wire::TopicsReplyT>(std::move(list)).topics.size() == 1);
  }
  setting.undisturbed();
  client.ask<wire::StatusReplyT>(wire::StatusT{});
}

}  // namespace
}  // namespace muster::e2e
