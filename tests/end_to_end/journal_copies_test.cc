// Backups of a live journal, and the worlds that are made of them, among workers that know nothing
// of it.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "end_to_end/command_line.h"
#include "end_to_end/daemon.h"
#include "end_to_end/member.h"
#include "end_to_end/worker_process.h"

namespace muster::e2e {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

json run_json(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"--output", "json", "journal"});
  const CommandResult result = muster(arguments);
  CAPTURE(result.err);
  REQUIRE(result.status == 0);
  return json::parse(result.out);
}

std::string digest_of_journal(const std::string& directory) {
  return run_json({"verify", "--data-dir", directory}).at("state_digest");
}

/// The daemon's disk is lost: it has `directory` instead when it is started again.
void put_in_place(const Daemon& daemon, const std::string& directory) {
  fs::remove_all(daemon.data_directory());
  fs::rename(directory, daemon.data_directory());
}

TEST_CASE(
    "workers of a lost future are fenced after a restore, and nobody is granted anything "
    "before the quiet time is over") {
  Daemon daemon({"--gathering-window-ms", "0"});
  const TemporaryDirectory directory;
  Member early(daemon.address(), {.member_id = "early", .topics = {"orders"}});
  create_topic(early.client(), "orders", 2);
  create_topic(early.client(), "payments", 1);
  early.join();
  REQUIRE(pump_until({&early}, [&] { return early.held().size() == 2; }));
  run_json({"backup", "--data-dir", daemon.data_directory(), "--to", directory / "backup"});

  // What the backup knows nothing of: another member, and a worker on the client library.
  Member late(daemon.address(), {.member_id = "late", .topics = {"orders"}});
  late.join();
  REQUIRE(pump_until({&early, &late}, [&] { return late.held().size() == 1; }));
  const auto [partition, lost_token] = *late.held().begin();
  CHECK_FALSE(late.commit(partition, 41).has_value());
  const WorkerProcess worker(daemon,
                             {.consumer_id = "worker", .group = "other", .topic = "payments"});
  REQUIRE(worker.says("committed payments/0"));

  daemon.kill9();
  constexpr Milliseconds kQuiet{3'000};
  const json restored = run_json({"restore", directory / "backup", "--data-dir",
                                  directory / "restored", "--quiet-time", "3s"});
  CHECK(restored.at("quiet_time_ms") == kQuiet.count());
  CHECK(restored.at("fence_base").get<std::uint64_t>() > lost_token);
  put_in_place(daemon, directory / "restored");
  const SteadyClock::time_point started = SteadyClock::now();
  daemon.start();

  // They go on as if nothing had happened, and are told.
  Member fresh(daemon.address(), {.member_id = "fresh", .topics = {"orders"}});
  CHECK(fresh.join().quiet_remaining_ms > 0);
  const auto commit_with = [&](std::uint64_t token) {
    const auto refused = fresh.commit(partition, 42, token);
    return refused ? refused->name : "applied";
  };
  CHECK(commit_with(lost_token) == "FENCED");
  CHECK(commit_with(early.held().begin()->second) == "FENCED");
  CHECK(fresh.client().refusal(late.join_request(true)).name == "UNKNOWN_MEMBER");
  CHECK(committed(fresh.client(), "group", partition) == -1);
  const json status = muster_json(daemon, {"status"});
  CHECK(status.at("quiet_remaining_ms") > 0);
  CHECK(muster({"--server", daemon.address(), "group", "describe", "group"})
            .out.find("Quiet time: ") != std::string::npos);
  CHECK(worker.says("lost payments/0"));

  REQUIRE(pump_until({&fresh}, [&] { return fresh.held().size() == 2; }));
  CHECK(since(started) >= kQuiet);
  for (const auto& [at, token] : fresh.held()) CHECK(token > lost_token);
  CHECK_FALSE(fresh.commit(partition, 42).has_value());
  CHECK(commit_with(lost_token) == "FENCED");

  bool quiet = false;
  for (const json& event : journal_log(daemon)) {
    const std::string type = event.at("type");
    if (type == "JournalRestored") quiet = true;
    if (type == "QuietTimeEnded") quiet = false;
    CAPTURE(event.dump());
    CHECK_FALSE((quiet && (type == "PlanMade" || type == "PartitionsGranted")));
  }
  CHECK_FALSE(quiet);
  require_digest_equals_replay(daemon);
  CHECK(muster_json(daemon, {"status"}).at("quiet_remaining_ms") == 0);

  // The worker on the client library has dropped everything and begun anew, under another token.
  CHECK(wait_until([&] { return worker.count("assigned payments/0") == 2; }));
}

TEST_CASE("a backup beside a daemon under load is whole, and is not served") {
  Daemon daemon({"--gathering-window-ms", "0"});
  const TemporaryDirectory directory;
  WireClient client(daemon.address());
  create_topic(client, "orders", 4);
  const WorkerProcess worker(daemon, {.consumer_id = "a"});
  REQUIRE(worker.says("committed orders/0"));
  const json backup =
      run_json({"backup", "--data-dir", daemon.data_directory(), "--to", directory / "backup"});
  CHECK(digest_of_journal(directory / "backup") == backup.at("state_digest").get<std::string>());
  const json then = run_json(
      {"state", "--data-dir", daemon.data_directory(), "--at", backup.at("last_sequence").dump()});
  CHECK(then.at("state_digest") == backup.at("state_digest"));
  Process served({.command = daemon_command(directory / "backup", "127.0.0.1:0", {}),
                  .environment = {},
                  .stdout_path = directory / "out",
                  .stderr_path = directory / "err"});
  CHECK(served.wait() == 1);
  CHECK((read_file(directory / "out") + read_file(directory / "err"))
            .find("muster journal restore") != std::string::npos);
}

TEST_CASE(
    "a live journal goes through text and comes back as the same, or is refused with a line") {
  Daemon daemon({"--gathering-window-ms", "0"});
  const TemporaryDirectory directory;
  Member member(daemon.address(), {.member_id = "m", .topics = {"orders"}});
  create_topic(member.client(), "orders", 3);
  member.join();
  REQUIRE(pump_until({&member}, [&] { return member.held().size() == 3; }));
  for (const auto& [at, token] : member.held()) CHECK_FALSE(member.commit(at, 7).has_value());
  const CommandResult exported =
      muster({"journal", "export", "--data-dir", daemon.data_directory()});
  REQUIRE(exported.status == 0);
  for (std::size_t at = 0; at < exported.out.size(); at = exported.out.find('\n', at) + 1) {
    CHECK(json::accept(exported.out.substr(at, exported.out.find('\n', at) - at)));
  }
  std::ofstream(directory / "text") << exported.out;
  const json imported = run_json({"import", directory / "text", "--data-dir", directory / "copy"});
  CHECK(imported.at("state_digest") == digest_of_journal(daemon.data_directory()));
  CHECK(muster({"journal", "log", "--data-dir", directory / "copy"}).out ==
        muster({"journal", "log", "--data-dir", daemon.data_directory()}).out);

  std::string broken = exported.out;
  broken.replace(broken.find("\"sequence\":3"), 12, "\"sequence\":9");
  std::ofstream(directory / "broken") << broken;
  const CommandResult refused =
      muster({"journal", "import", directory / "broken", "--data-dir", directory / "other"});
  CHECK(refused.status == 1);
  CHECK(refused.err.find("INVALID_IMPORT: Line 4: ") != std::string::npos);
  CHECK_FALSE(fs::exists(directory / "other"));
}

TEST_CASE("a daemon refuses a damaged journal, and serves what repair saves of it") {
  Daemon daemon({"--gathering-window-ms", "0"});
  const TemporaryDirectory directory;
  WireClient client(daemon.address());
  for (const char* name : {"first", "second", "third"}) create_topic(client, name, 1);
  daemon.kill9();
  const std::string file = daemon.data_directory() + "/data.mdb";
  std::string bytes = read_file(file);
  for (std::size_t at = bytes.find("third"); at != std::string::npos;
       at = bytes.find("third", at)) {
    bytes[at] = 'X';
  }
  std::ofstream(file, std::ios::binary) << bytes;
  const json shown = run_json({"repair", "--data-dir", daemon.data_directory()});
  CHECK(shown.at("saved_to") == 2);
  CHECK(shown.at("lost_events") == 1);
  run_json({"repair", "--data-dir", daemon.data_directory(), "--to", directory / "saved",
            "--execute", "--quiet-time", "0"});
  put_in_place(daemon, directory / "saved");
  daemon.start();
  CHECK(muster_json(daemon, {"status"}).at("topics") == 2);
}

/// An import that waits for more of its input, interrupted by this signal.
void interrupt_import(const TemporaryDirectory& directory, int signal) {
  const std::string pipe = directory / "pipe";
  fs::remove(pipe);
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  const std::fstream writer(pipe, std::ios::in | std::ios::out);  // who reads it waits
  Process import(
      {.command = {MUSTER_BINARY, "journal", "import", pipe, "--data-dir", directory / "new"},
       .environment = {},
       .stdout_path = directory / "stdout",
       .stderr_path = directory / "stderr"});
  REQUIRE(wait_until([&] { return fs::exists(directory / "new/unfinished"); }));
  import.signal(signal);
  CHECK(import.wait() == 128 + signal);
}

TEST_CASE("a copy that is interrupted leaves nothing of itself behind") {
  const TemporaryDirectory directory;
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    interrupt_import(directory, signal);
    CHECK_FALSE(fs::exists(directory / "new"));
  }
  // A directory that was there before stays, with the lock's file, which another may hold next.
  fs::create_directory(directory / "new");
  interrupt_import(directory, SIGINT);
  CHECK(fs::exists(directory / "new"));
  CHECK_FALSE(fs::exists(directory / "new/unfinished"));
}

}  // namespace
}  // namespace muster::e2e
