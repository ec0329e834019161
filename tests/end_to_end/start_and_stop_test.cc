// How the daemon starts, refuses to start, and ends.
#include <doctest/doctest.h>
#include <lmdb.h>

#include <csignal>
#include <filesystem>

#include "end_to_end/command_line.h"
#include "end_to_end/daemon.h"
#include "end_to_end/member.h"

namespace muster::e2e {
namespace {

// Starts musterd where it can't start; its exit status and what it said.
CommandResult start_in_vain(const std::string& data_directory, const std::string& listen,
                            const std::vector<std::string>& arguments = {}) {
  const TemporaryDirectory directory;
  const ProcessOptions options{.command = daemon_command(data_directory, listen, arguments),
                               .environment = {},
                               .stdout_path = directory / "stdout",
                               .stderr_path = directory / "stderr"};
  Process process(options);
  const std::optional<int> status = process.wait();
  REQUIRE_MESSAGE(status.has_value(), "it started");
  return {.status = *status,
          .out = read_file(options.stdout_path),
          .err = read_file(options.stderr_path)};
}

TEST_CASE("a second daemon on a data directory is refused, the first goes on") {
  const Daemon daemon;
  const CommandResult second = start_in_vain(daemon.data_directory(), "127.0.0.1:0");
  CHECK(second.status == 1);
  CHECK((second.out + second.err).find(daemon.data_directory()) != std::string::npos);
  WireClient client(daemon.address());
  create_topic(client, "orders", 1);
}

TEST_CASE("a port in use is refused with its number") {
  const Daemon daemon;
  const TemporaryDirectory directory;
  const CommandResult second = start_in_vain(directory / "data", daemon.address());
  CHECK(second.status == 1);
  CHECK((second.out + second.err).find(daemon.address()) != std::string::npos);
}

TEST_CASE("more connections than file descriptors are refused at start") {
  const TemporaryDirectory directory;
  const CommandResult result =
      start_in_vain(directory / "data", "127.0.0.1:0", {"--max-connections", "100000000"});
  CHECK(result.status != 0);
  CHECK((result.out + result.err).find("100000000") != std::string::npos);
}

TEST_CASE("SIGTERM and SIGINT end it cleanly, and everything is there at the next start") {
  Daemon daemon;
  Member member(daemon.address(), {.member_id = "m", .topics = {"orders"}});
  create_topic(member.client(), "orders", 3);
  member.join();
  REQUIRE(pump_until({&member}, [&] { return member.held().size() == 3; }));
  REQUIRE_FALSE(member.commit({"orders", 1}, 17).has_value());
  const Held held = member.held();

  SUBCASE("SIGTERM") { CHECK(daemon.terminate() == 0); }
  SUBCASE("SIGINT") {
    daemon.process().signal(SIGINT);
    CHECK(daemon.process().wait() == 0);
  }
  const auto closing = member.client().closing();
  REQUIRE(closing.has_value());
  CHECK(closing->name == "SHUTTING_DOWN");
  CHECK(closing->retriable);

  daemon.start();
  member.reconnect();
  CHECK(member.held() == held);
  CHECK(committed(member.client(), "group", {"orders", 1}) == 17);
  require_digest_equals_replay(daemon);
}

TEST_CASE("it serves a Unix socket beside TCP, and a stale socket file does not stop it") {
  const TemporaryDirectory directory;
  const std::string listen = "unix:" + directory / "socket";
  Daemon daemon({"--listen", listen});
  {
    WireClient by_unix(listen);
    create_topic(by_unix, "orders", 2);
  }
  WireClient by_tcp(daemon.address());
  wire::DescribeTopicT describe;
  describe.name = "orders";
  CHECK(by_tcp.ask<wire::TopicReplyT>(std::move(describe)).topic->partitions == 2);
  daemon.kill9();
  daemon.start();
  WireClient again(listen);
}

TEST_CASE("usage errors exit with 2, and say what is wrong") {
  const TemporaryDirectory directory;
  CHECK(start_in_vain(directory / "data", "127.0.0.1:notaport").status == 2);
  CHECK(start_in_vain(directory / "data", "127.0.0.1:0", {"--no-such-option"}).status == 2);
}

}  // namespace
}  // namespace muster::e2e
