// The example's sink: what outdated owners write is refused there, by the token.
#include <doctest/doctest.h>
#include <sqlite3.h>

#include <algorithm>
#include <csignal>

#include "end_to_end/daemon.h"
#include "end_to_end/member.h"
#include "end_to_end/worker_process.h"

namespace muster::e2e {
namespace {

// The sink's database, seen from outside.
class SinkDatabase {
 public:
  explicit SinkDatabase(const std::string& path) {
    REQUIRE(sqlite3_open(path.c_str(), &database_) == SQLITE_OK);
    sqlite3_busy_timeout(database_, static_cast<int>(kPatience.count()));
  }
  ~SinkDatabase() { sqlite3_close(database_); }
  SinkDatabase(const SinkDatabase&) = delete;
  SinkDatabase& operator=(const SinkDatabase&) = delete;

  void run(const std::string& sql) {
    REQUIRE_MESSAGE(sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK,
                    sqlite3_errmsg(database_));
  }
  // The one number that the query gives; -1 when it is NULL.
  std::int64_t number(const std::string& sql) {
    std::int64_t found = -1;
    const auto take = [](void* into, int, char** values, char**) {
      if (values[0] != nullptr) *static_cast<std::int64_t*>(into) = std::stoll(values[0]);
      return 0;
    };
    REQUIRE_MESSAGE(sqlite3_exec(database_, sql.c_str(), take, &found, nullptr) == SQLITE_OK,
                    sqlite3_errmsg(database_));
    return found;
  }

 private:
  sqlite3* database_ = nullptr;
};

// A topic of one partition, and workers that write into one database.
struct SinkSetting {
  Daemon daemon{{"--gathering-window-ms", "0"}};
  WireClient client{daemon.address()};
  TemporaryDirectory directory;
  std::string path = directory / "sink.db";

  SinkSetting() { create_topic(client, "orders", 1); }

  std::unique_ptr<WorkerProcess> worker(const std::string& name) const {
    return std::make_unique<WorkerProcess>(
        std::vector<std::string>{EXAMPLE_SQLITE_SINK, path, daemon.address(), name, "1000"});
  }
};

TEST_CASE("a zombie's write is refused by the sink, and each record takes effect once") {
  const SinkSetting setting;
  auto zombie = setting.worker("a-zombie");
  REQUIRE(zombie->says("wrote orders/0 3"));
  auto heir = setting.worker("b-heir");  // by its name it gets nothing yet
  SinkDatabase sink(setting.path);
  // While the sink is locked the zombie gets no further than into its next write.
  sink.run("BEGIN IMMEDIATE");
  REQUIRE(wait_until([&] { return zombie->said().back().starts_with("writing"); }));
  const std::string record = zombie->last("writing orders/0 ");
  zombie->process().signal(SIGSTOP);
  sink.run("COMMIT");
  REQUIRE(heir->says("wrote orders/0 " + record));  // its session ended, the heir has it

  const std::string token = heir->last("assigned orders/0 ");

  zombie->process().signal(SIGCONT);
  CHECK(zombie->says("refused orders/0 " + record));
  CHECK(zombie->says("lost orders/0"));
  CHECK(std::ranges::count(zombie->said(), "wrote orders/0 " + record) == 0);
  // It joins anew, by itself, and in time writes under a token of its own.
  CHECK(wait_until([&] { return zombie->count("assigned") == 2; }));

  const std::string of_record = " FROM effects WHERE record = " + record;
  CHECK(sink.number("SELECT count(*)" + of_record) == 1);
  CHECK(sink.number("SELECT fence" + of_record) == std::stoll(token));
  CHECK(sink.number("SELECT max(record) + 1 - count(*) FROM effects") == 0);  // none is missing
  // Tokens rise with the records: whoever was outdated wrote nothing afterwards.
  CHECK(sink.number("SELECT count(*) FROM effects a JOIN effects b ON b.record = a.record + 1"
                    " WHERE b.fence < a.fence") == 0);
}

TEST_CASE(
    "workers on the sink are killed in the middle of their work, and each record counts once") {
  const SinkSetting setting;
  for (int round = 0; round < 5; ++round) {
    auto worker = setting.worker("pod-0");  // a named one: back at once
    const std::string from = [&] {
      REQUIRE(worker->says("wrote"));
      return worker->last("wrote orders/0 ");
    }();
    REQUIRE(wait_until([&] { return worker->last("wrote orders/0 ") != from; }));
    worker->process().kill9();
  }
  SinkDatabase sink(setting.path);
  CHECK(sink.number("SELECT count(*) FROM effects") >= 10);
  CHECK(sink.number("SELECT max(record) + 1 - count(*) FROM effects") == 0);
  CHECK(sink.number("SELECT next - (SELECT count(*) FROM effects) FROM owners") == 0);
}

}  // namespace
}  // namespace muster::e2e
