// A sink that refuses outdated owners: effects, the fencing token and the position stand in one
// SQLite database and change in one transaction. Each record takes effect once, whoever crashes,
// hangs or wakes up when: nothing has to be repeated, and a zombie's write is refused by its token.
//
//   muster topic create orders --partitions 4
//   example_sqlite_sink DATABASE [SERVER [NAME [SESSION_MS]]]      start several, stop and kill
//   some
#include <sqlite3.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <map>
#include <memory>
#include <muster/muster.hpp>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>

using namespace std::chrono_literals;

namespace {

using Place = std::pair<std::string, muster::PartitionIndex>;

/// A prepared statement, bound, run to its end, and gone.
class Statement {
 public:
  Statement(sqlite3* database, const char* sql) : database_(database) {
    must(sqlite3_prepare_v2(database, sql, -1, &statement_, nullptr));
  }
  ~Statement() { sqlite3_finalize(statement_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  Statement& bind(int at, std::int64_t value) {
    must(sqlite3_bind_int64(statement_, at, value));
    return *this;
  }
  Statement& bind(int at, const std::string& value) {
    must(sqlite3_bind_text(statement_, at, value.c_str(), -1, SQLITE_TRANSIENT));
    return *this;
  }
  /// Rows changed.
  int run() {
    must(sqlite3_step(statement_));
    return sqlite3_changes(database_);
  }
  std::int64_t number() {
    must(sqlite3_step(statement_));
    return sqlite3_column_int64(statement_, 0);
  }

 private:
  /// An example ends when its database is broken.
  void must(int result) {
    if (result == SQLITE_OK || result == SQLITE_DONE || result == SQLITE_ROW) return;
    std::fprintf(stderr, "sqlite: %s\n", sqlite3_errmsg(database_));
    std::exit(1);
  }

  sqlite3* database_;
  sqlite3_stmt* statement_ = nullptr;
};

/// The sink. One thread at a time.
class FencedSink {
 public:
  explicit FencedSink(const char* path) {
    if (sqlite3_open(path, &database_) != SQLITE_OK) {
      std::fprintf(stderr, "%s: %s\n", path, sqlite3_errmsg(database_));
      std::exit(1);
    }
    sqlite3_busy_timeout(database_, 60'000);  // others write, too
    // So that a process that is stopped while it reads keeps nobody from writing.
    while (sqlite3_exec(database_, "PRAGMA journal_mode = WAL", nullptr, nullptr, nullptr) ==
           SQLITE_BUSY) {
      std::this_thread::sleep_for(10ms);
    }
    run("CREATE TABLE IF NOT EXISTS owners (topic TEXT, partition INTEGER, fence INTEGER NOT NULL,"
        " next INTEGER NOT NULL, PRIMARY KEY (topic, partition))");
    run("CREATE TABLE IF NOT EXISTS effects (topic TEXT, partition INTEGER, record INTEGER,"
        " value TEXT, fence INTEGER, PRIMARY KEY (topic, partition, record))");
  }
  ~FencedSink() { sqlite3_close(database_); }
  FencedSink(const FencedSink&) = delete;
  FencedSink& operator=(const FencedSink&) = delete;

  /// To be called before the first write under a token: from now on the writes of former owners
  /// are refused. Where to go on; nothing when there is a newer owner already.
  std::optional<std::int64_t> claim(const Place& at, std::int64_t fence) {
    run("BEGIN IMMEDIATE");
    const int claimed = on(at,
                           "INSERT INTO owners VALUES (?1, ?2, ?3, 0) ON CONFLICT DO UPDATE"
                           " SET fence = ?3 WHERE fence <= ?3")
                            ->bind(3, fence)
                            .run();
    std::optional<std::int64_t> next;
    if (claimed > 0) {
      next = on(at, "SELECT next FROM owners WHERE topic = ?1 AND partition = ?2")->number();
    }
    run("COMMIT");
    return next;
  }

  /// The record's effect and the position after it, or neither: false when the token is outdated.
  bool write(const Place& at, std::int64_t fence, std::int64_t record, const std::string& value) {
    run("BEGIN IMMEDIATE");
    const int moved = on(at,
                         "UPDATE owners SET next = ?4 + 1 WHERE topic = ?1 AND partition = ?2"
                         " AND fence = ?3 AND next = ?4")
                          ->bind(3, fence)
                          .bind(4, record)
                          .run();
    if (moved > 0) {
      on(at, "INSERT INTO effects VALUES (?1, ?2, ?4, ?5, ?3)")
          ->bind(3, fence)
          .bind(4, record)
          .bind(5, value)
          .run();
    }
    run("COMMIT");
    return moved > 0;
  }

 private:
  void run(const char* sql) { Statement(database_, sql).run(); }
  std::unique_ptr<Statement> on(const Place& at, const char* sql) {
    auto statement = std::make_unique<Statement>(database_, sql);
    statement->bind(1, at.first).bind(2, at.second);
    return statement;
  }

  sqlite3* database_ = nullptr;
};

void say(const char* what, const Place& at, std::int64_t number) {
  std::printf("%s %s/%d %lld\n", what, at.first.c_str(), at.second, static_cast<long long>(number));
  std::fflush(stdout);
}

/// Works on what it has, one record after the other. The lock is held while a record is in hand:
/// whoever takes a partition away waits for it.
class Work {
 public:
  Work(muster::GroupConsumer& consumer, const char* database)
      : consumer_(consumer), sink_(database) {}

  void take(const muster::Partition& p) {
    const std::lock_guard lock(mutex_);
    const Place at{p.topic, p.index};
    const auto fence = static_cast<std::int64_t>(p.fence);
    // The sink's position counts, not the committed offset: effects and position never differ
    // there.
    const auto next = sink_.claim(at, fence);
    if (!next) return say("refused", at, fence);
    held_[at] = {.fence = fence, .next = *next};
    say("assigned", at, fence);
  }
  void give(const muster::Partition& p) {
    const std::lock_guard lock(mutex_);
    const auto held = held_.find({p.topic, p.index});
    if (held == held_.end()) return;
    commit(held->first, held->second.next);
    held_.erase(held);
  }
  void abandon(const muster::Partition& p) {
    const std::lock_guard lock(mutex_);
    held_.erase({p.topic, p.index});
    say("lost", {p.topic, p.index}, static_cast<std::int64_t>(p.fence));
  }
  void pause(const muster::Partition& p, bool paused) {
    const std::lock_guard lock(mutex_);
    const auto held = held_.find({p.topic, p.index});
    if (held != held_.end()) held->second.paused = paused;
  }
  /// One record of each partition.
  void step() {
    const std::lock_guard lock(mutex_);
    for (auto held = held_.begin(); held != held_.end();) {
      const bool ours = held->second.paused || step(held->first, held->second);
      held = ours ? std::next(held) : held_.erase(held);
    }
  }
  void finish() {
    const std::lock_guard lock(mutex_);
    for (const auto& [at, held] : held_) commit(at, held.next);
    held_.clear();
  }

 private:
  struct Held {
    std::int64_t fence = 0;
    std::int64_t next = 0;
    bool paused = false;
  };

  /// Whether it is still ours.
  bool step(const Place& at, Held& held) {
    say("writing", at, held.next);
    if (!sink_.write(at, held.fence, held.next, "record " + std::to_string(held.next))) {
      say("refused", at, held.next);  // by the sink: somebody else has it under a higher token
      return false;
    }
    say("wrote", at, held.next);
    ++held.next;
    if (held.next % 10 == 0) commit(at, held.next);  // for the others to see; the sink knows better
    return true;
  }
  void commit(const Place& at, std::int64_t next) {
    if (const auto done = consumer_.commit_offset(at.first, at.second, next); !done) {
      std::fprintf(stderr, "%s\n", done.error().message.c_str());
    }
  }

  muster::GroupConsumer& consumer_;
  FencedSink sink_;
  std::mutex mutex_;
  std::map<Place, Held> held_;
};

volatile std::sig_atomic_t told_to_end = 0;

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "example_sqlite_sink DATABASE [SERVER [NAME [SESSION_MS]]]\n");
    return 2;
  }
  std::signal(SIGTERM, [](int) { told_to_end = 1; });
  std::signal(SIGINT, [](int) { told_to_end = 1; });

  muster::Client client({.servers = {argc > 2 ? argv[2] : "127.0.0.1:7461"}});
  muster::GroupConsumer consumer(
      client,
      {.group_id = "sink",
       .consumer_id = argc > 3 ? argv[3] : "",
       .topics = {"orders"},
       .session_timeout = std::chrono::milliseconds(argc > 4 ? std::atoi(argv[4]) : 10'000)});
  Work work(consumer, argv[1]);
  consumer.on_assigned([&](const muster::Partition& p) { work.take(p); });
  consumer.on_revoked([&](const muster::Partition& p) { work.give(p); });  // then it is released
  consumer.on_lost([&](const muster::Partition& p) { work.abandon(p); });
  consumer.on_paused([&](const muster::Partition& p) { work.pause(p, true); });
  consumer.on_resumed([&](const muster::Partition& p) { work.pause(p, false); });
  consumer.on_ended([](const muster::Error& why) {
    std::printf("ended: %s\n", why.message.c_str());
    told_to_end = 1;
  });

  if (auto joined = consumer.join_group(); !joined) {
    std::fprintf(stderr, "%s\n", joined.error().message.c_str());
    return 1;
  }
  while (told_to_end == 0) {
    work.step();
    std::this_thread::sleep_for(10ms);
  }
  work.finish();
  if (auto left = consumer.leave_group(); !left) {
    std::fprintf(stderr, "%s\n", left.error().message.c_str());
  }
  // The callbacks use `work`, which ends before the consumer.
  consumer.close();
  return 0;
}
