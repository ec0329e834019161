// A network between clients and a server that delays, goes dead and breaks: a TCP proxy on a free
// port of 127.0.0.1, with a thread of its own.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace muster::soak {

class FlakyNetwork {
 public:
  /// Towards `server`, "HOST:PORT", which may be down.
  FlakyNetwork(std::string server, std::uint64_t seed);
  ~FlakyNetwork();
  FlakyNetwork(const FlakyNetwork&) = delete;
  FlakyNetwork& operator=(const FlakyNetwork&) = delete;

  const std::string& address() const { return address_; }

  /// From now on connections break, delay and go dead by chance, or all goes well.
  void misbehave(bool on) { misbehaves_ = on; }
  /// Breaks every connection.
  void cut() { cut_ = true; }

 private:
  using Clock = std::chrono::steady_clock;

  /// One direction of a connection: what was read and is to be sent on at its time.
  struct Way {
    int from = -1;
    int to = -1;
    std::deque<std::pair<Clock::time_point, std::string>> under_way = {};
    std::size_t queued_bytes = 0;
  };
  struct Connection {
    Way out;
    Way back;
    Clock::time_point dead_until = {};  // nothing passes, and nobody is told
    bool broken = false;
  };

  void run();
  void accept_one();
  void disturb(Connection& connection);
  void read_from(Connection& connection, Way& way);
  void send_on(Connection& connection, Way& way);
  static void close(const Connection& connection);

  std::string server_;
  std::string address_;
  std::mt19937_64 random_;
  int listener_ = -1;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::atomic<bool> misbehaves_ = false;
  std::atomic<bool> cut_ = false;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;  // last: it uses the rest
};

}  // namespace muster::soak
