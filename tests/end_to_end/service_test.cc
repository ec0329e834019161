// musterd as a service: checked, notified about, and told to read its configuration again.
#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string_view>

#include "end_to_end/command_line.h"
#include "end_to_end/daemon.h"
#include "end_to_end/member.h"

namespace muster::e2e {
namespace {

void write_file(const std::string& path, const std::string& content) {
  std::ofstream(path) << content;
}

CommandResult check_config(const std::vector<std::string>& arguments) {
  std::vector<std::string> command = {MUSTERD_BINARY, "--check-config"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return run_to_end(command);
}

/// A service manager's socket.
class Manager {
 public:
  explicit Manager(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof(address.sun_path) - 1);
    REQUIRE(bind(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
  }
  ~Manager() { close(descriptor_); }
  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;

  /// The next datagram that begins so.
  bool hears(const std::string& beginning) const {
    return wait_until([&] {
      std::array<char, 4096> buffer{};
      const ssize_t count = recv(descriptor_, buffer.data(), buffer.size(), MSG_DONTWAIT);
      return count > 0 && std::string_view(buffer.data(), static_cast<std::size_t>(count))
                              .starts_with(beginning);
    });
  }

 private:
  int descriptor_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
};

TEST_CASE("--check-config says what is set, starts nothing, and makes no directory") {
  const TemporaryDirectory directory;
  write_file(directory / "muster.toml", "max-groups = 7\n");
  const std::string data = directory / "data";
  const CommandResult good =
      check_config({"--data-dir", data, "--config", directory / "muster.toml"});
  CHECK(good.status == 0);
  CHECK(good.out == "The configuration is good.\ndata-dir = " + data + "\nmax-groups = 7\n");
  CHECK_FALSE(std::filesystem::exists(data));

  write_file(directory / "muster.toml", "max-gruops = 7\n");
  const CommandResult wrong =
      check_config({"--data-dir", data, "--config", directory / "muster.toml"});
  CHECK(wrong.status == 2);
  CHECK(wrong.err.contains("'max-gruops' is unknown. Did you mean 'max-groups'?"));

  const CommandResult too_many = check_config({"--data-dir", data, "--max-connections", "1000000"});
  CHECK((too_many.status == 0 || too_many.err.contains("LimitNOFILE=")));
}

TEST_CASE("systemd knows every setting of the unit, and finds the service well shut in") {
  const std::string analyze = "/usr/bin/systemd-analyze";
  if (!std::filesystem::exists(analyze)) {
    MESSAGE("no systemd-analyze here: the unit is not verified");
    return;
  }
  const TemporaryDirectory directory;
  const std::filesystem::path musterd = MUSTERD_BINARY;
  std::string unit = read_file(musterd.parent_path() / "musterd.service");
  // The built one, for none is installed.
  const std::string installed = "/bin/musterd ";
  REQUIRE(unit.contains(installed));
  for (std::size_t at = 0; (at = unit.find(installed, at)) != std::string::npos;) {
    const std::size_t path = unit.rfind('=', at) + 1;
    unit.replace(path, at + installed.size() - 1 - path, musterd);
    at = path + musterd.string().size();
  }
  write_file(directory / "musterd.service", unit);
  const CommandResult verified =
      run_to_end({analyze, "verify", "--man=no", directory / "musterd.service"});
  CHECK(verified.err == "");
  CHECK(verified.status == 0);
  const CommandResult exposure = run_to_end(
      {analyze, "security", "--offline=true", "--threshold=20", directory / "musterd.service"});
  CAPTURE(exposure.out);
  CHECK(exposure.status == 0);
}

TEST_CASE("a service manager hears when it is ready, reloads and stops") {
  const TemporaryDirectory directory;
  const Manager manager(directory / "notify");
  Process daemon({.command = daemon_command(directory / "data", "127.0.0.1:0", {}),
                  .environment = {{"NOTIFY_SOCKET", directory / "notify"}},
                  .stdout_path = directory / "stdout",
                  .stderr_path = directory / "stderr"});
  CHECK(manager.hears("READY=1\n"));
  CHECK(read_file(directory / "stderr").contains("listening on 127.0.0.1:"));
  daemon.signal(SIGHUP);
  CHECK(manager.hears("RELOADING=1\n"));
  CHECK(manager.hears("READY=1\n"));
  daemon.signal(SIGTERM);
  CHECK(manager.hears("STOPPING=1\n"));
  CHECK(daemon.wait() == 0);
}

TEST_CASE("SIGHUP at any moment of the start is a reload, and ends nothing") {
  const TemporaryDirectory directory;
  for (int i = 0; i < 20; ++i) {
    Process daemon({.command = daemon_command(directory / "data", "127.0.0.1:0", {}),
                    .environment = {},
                    .stdout_path = directory / "stdout",
                    .stderr_path = directory / ("stderr-" + std::to_string(i))});
    // Until its program runs and has held the signal back, it is this test's own that would die.
    REQUIRE(wait_until([&] {
      return read_file("/proc/" + std::to_string(daemon.pid()) + "/status")
                 .contains("SigBlk:\t0000000000000001") ||
             read_file(directory / ("stderr-" + std::to_string(i))).contains("musterd");
    }));
    daemon.signal(SIGHUP);
    REQUIRE(wait_until([&] {
      return read_file(directory / ("stderr-" + std::to_string(i))).contains("was read again");
    }));
    daemon.signal(SIGTERM);
    CHECK(daemon.wait() == 0);
  }
}

TEST_CASE("SIGHUP takes over limits at once, says what takes a restart, and refuses nonsense") {
  const TemporaryDirectory directory;
  const std::string file = directory / "muster.toml";
  write_file(file, "max-topics = 1\n");
  Daemon daemon({"--config", file});
  WireClient client(daemon.address());
  create_topic(client, "first", 1);
  const auto create_another = [&] {
    return muster({"--server", daemon.address(), "topic", "create", "second", "--partitions", "1"});
  };
  CHECK(create_another().err.contains("LIMIT_REACHED"));

  write_file(file, "max-topics = 2\nmax-frame-bytes = 4000000\nlog-level = debug\n");
  daemon.process().signal(SIGHUP);
  REQUIRE(wait_until([&] { return daemon.log().contains("max-topics is 2 now, it was 1"); }));
  CHECK(daemon.log().contains("log-level is debug now, it was info"));
  REQUIRE(wait_until([&] {
    return daemon.log().contains("max-frame-bytes is another now: that takes a restart");
  }));
  CHECK(create_another().status == 0);
  CHECK(muster_json(daemon, {"status"})["limits"]["max-topics"] ==
        nlohmann::json{{"most", 2}, {"used", 2}});

  write_file(file, "max-topcis = 3\n");
  daemon.process().signal(SIGHUP);
  REQUIRE(wait_until([&] { return daemon.log().contains("Did you mean 'max-topics'?"); }));
  CHECK(daemon.log().contains("nothing changes"));
  CHECK(daemon.terminate() == 0);
}

}  // namespace
}  // namespace muster::e2e
