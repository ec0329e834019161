// The same load on what people use instead: so many connections, each with so many requests in
// flight, of which each makes one offset (redis-hash: fifty) durable.
//
//   load_peer PEER HOST:PORT CONNECTIONS IN_FLIGHT SECONDS
//
// PEER is echo, redis, redis-hash, etcd or postgres. The generator is the one of `muster bench`:
// one thread, one read and one write a connection a batch. etcd is spoken to in gRPC, PostgreSQL in
// its extended protocol with a prepared statement. Prints one line of JSON.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "client/src/address.h"
#include "tools/bench/latency_histogram.h"
#include "tools/bench/streams.h"

namespace muster::tools {
namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void give_up(const std::string& why) {
  std::fprintf(stderr, "load_peer: %s\n", why.c_str());
  std::exit(1);
}

/// What one connection says and hears.
class Peer {
 public:
  virtual ~Peer() = default;
  /// What has to be said first; `ready` answers count before the load begins.
  virtual std::string greeting() { return {}; }
  virtual bool ready() const { return true; }
  /// One more request, valid until the next. `key` says which offset, `offset` which value.
  virtual std::string_view request(std::size_t key, std::uint64_t offset) = 0;
  /// Takes bytes; how many requests they answer. `answer` gets what has to be said to them.
  virtual std::size_t take(std::string_view bytes, std::string& answer) = 0;
};

class Echo : public Peer {
 public:
  std::string_view request(std::size_t, std::uint64_t) override { return frame_; }
  std::size_t take(std::string_view bytes, std::string&) override {
    came_ += bytes.size();
    const std::size_t whole = came_ / kFrameBytes;
    came_ %= kFrameBytes;
    return whole;
  }

 private:
  static constexpr std::size_t kFrameBytes = 100;
  const std::string frame_ = std::string(kFrameBytes, 'm');
  std::size_t came_ = 0;
};

std::string bulk(std::string_view text) {
  return "$" + std::to_string(text.size()) + "\r\n" + std::string(text) + "\r\n";
}

std::string offset_key(std::size_t key) { return "offset:billing:outbox:" + std::to_string(key); }

/// SET, or HSET of so many fields. Their replies are one line each. A request is encoded once and
/// sent with other values again, as muster's are.
class Redis : public Peer {
 public:
  explicit Redis(std::size_t fields) : fields_(fields) {}
  std::string_view request(std::size_t key, std::uint64_t offset) override {
    auto [known, is_new] = requests_.try_emplace(key);
    if (is_new) known->second = encode(key);
    std::array<char, kDigits> digits;
    for (std::size_t i = digits.size(); i-- > 0; offset /= 10) {
      digits[i] = static_cast<char>('0' + offset % 10);
    }
    Request& request = known->second;
    for (const std::size_t at : request.values) {
      std::memcpy(request.text.data() + at, digits.data(), digits.size());
    }
    return request.text;
  }
  std::size_t take(std::string_view bytes, std::string&) override {
    if ((at_line_start_ && bytes.starts_with('-')) || bytes.find("\n-") != bytes.npos) {
      give_up("Redis said " + std::string(bytes));
    }
    at_line_start_ = bytes.ends_with('\n');
    return static_cast<std::size_t>(std::ranges::count(bytes, '\n'));
  }

 private:
  static constexpr std::size_t kDigits = 9;
  struct Request {
    std::string text;
    std::vector<std::size_t> values;  // where they stand
  };

  Request encode(std::size_t key) const {
    Request request;
    const auto add_value = [&] {
      const std::string value = bulk(std::string(kDigits, '0'));
      request.values.push_back(request.text.size() + value.find("\r\n") + 2);
      request.text += value;
    };
    request.text = fields_ == 0 ? "*3\r\n" + bulk("SET") + bulk(offset_key(key))
                                : "*" + std::to_string(2 + 2 * fields_) + "\r\n" + bulk("HSET") +
                                      bulk(offset_key(key));
    if (fields_ == 0) add_value();
    for (std::size_t i = 0; i < fields_; ++i) {
      request.text += bulk(std::to_string(i));
      add_value();
    }
    return request;
  }

  std::size_t fields_;
  std::unordered_map<std::size_t, Request> requests_;  // by key
  bool at_line_start_ = true;
};

/// KV.Put over HTTP/2, with headers that use no table, so that no frame depends on another.
class Etcd : public Peer {
 public:
  std::string greeting() override {
    std::string settings;
    append_number(settings, 4, 2);  // SETTINGS_INITIAL_WINDOW_SIZE
    append_number(settings, kWindow, 4);
    std::string window;
    append_number(window, kWindow - 65'535, 4);
    return "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(kSettings, 0, 0, settings) +
           frame(kWindowUpdate, 0, 0, window);
  }
  bool ready() const override { return settled_; }
  std::string_view request(std::size_t key, std::uint64_t offset) override {
    const std::string name = offset_key(key);
    const std::string value = std::to_string(offset);
    // PutRequest{bytes key = 1; bytes value = 2}, behind a byte and a length of gRPC.
    std::string put = {'\x0a', static_cast<char>(name.size())};
    put += name + '\x12' + static_cast<char>(value.size()) + value;
    std::string data(1, '\0');
    append_number(data, put.size(), 4);
    stream_ += 2;
    request_ = frame(kHeaders, kEndHeaders, stream_, headers()) +
               frame(kData, kEndStream, stream_, data + put);
    return request_;
  }
  std::size_t take(std::string_view bytes, std::string& answer) override {
    unread_ += bytes;
    std::size_t answered = 0;
    std::size_t at = 0;
    while (unread_.size() - at >= kFrameHeaderBytes) {
      const std::size_t size = number_at(at, 3);
      if (unread_.size() - at < kFrameHeaderBytes + size) break;
      answered += take_frame(at, size, answer);
      at += kFrameHeaderBytes + size;
    }
    unread_.erase(0, at);
    return answered;
  }

 private:
  static constexpr std::size_t kFrameHeaderBytes = 9;
  static constexpr std::size_t kWindow = 0x3fff'ffff;
  static constexpr unsigned kData = 0, kHeaders = 1, kReset = 3, kSettings = 4, kPing = 6,
                            kGoAway = 7, kWindowUpdate = 8;
  static constexpr unsigned kEndStream = 1, kAck = 1, kEndHeaders = 4;

  static void append_number(std::string& to, std::size_t number, int bytes) {
    for (int i = bytes - 1; i >= 0; --i) to += static_cast<char>(number >> (8 * i) & 0xff);
  }
  std::size_t number_at(std::size_t at, std::size_t bytes) const {
    std::size_t number = 0;
    for (std::size_t i = 0; i < bytes; ++i) {
      number = number << 8 | static_cast<unsigned char>(unread_[at + i]);
    }
    return number;
  }
  static std::string frame(unsigned type, unsigned flags, std::size_t stream,
                           const std::string& payload) {
    std::string text;
    append_number(text, payload.size(), 3);
    text += static_cast<char>(type);
    text += static_cast<char>(flags);
    append_number(text, stream, 4);
    return text + payload;
  }
  static void append_header(std::string& to, std::string_view name, std::string_view value) {
    to += '\0';  // literal, not to be remembered, name not from the table
    to += static_cast<char>(name.size());
    to += name;
    to += static_cast<char>(value.size());
    to += value;
  }
  static const std::string& headers() {
    static const std::string text = [] {
      std::string all = "\x83\x86";  // :method POST, :scheme http, of the static table
      append_header(all, ":path", "/etcdserverpb.KV/Put");
      append_header(all, ":authority", "127.0.0.1");
      append_header(all, "content-type", "application/grpc");
      append_header(all, "te", "trailers");
      return all;
    }();
    return text;
  }
  std::size_t take_frame(std::size_t at, std::size_t size, std::string& answer) {
    const auto type = static_cast<unsigned>(number_at(at + 3, 1));
    const auto flags = static_cast<unsigned>(number_at(at + 4, 1));
    if (type == kReset || type == kGoAway) give_up("etcd ended a request or the connection");
    if (type == kSettings && (flags & kAck) == 0) {
      answer += frame(kSettings, kAck, 0, "");
      settled_ = true;
    }
    if (type == kPing && (flags & kAck) == 0) {
      answer += frame(kPing, kAck, 0, unread_.substr(at + kFrameHeaderBytes, size));
    }
    if (type == kData) {
      ++data_frames_;
      consumed_ += size;
      if (consumed_ > kWindow / 2) {
        std::string window;
        append_number(window, std::exchange(consumed_, 0), 4);
        answer += frame(kWindowUpdate, 0, 0, window);
      }
    }
    if (type != kHeaders || (flags & kEndStream) == 0) return 0;
    // A call that failed has no data before its trailers.
    if (data_frames_-- == 0) give_up("etcd refused a put");
    return 1;
  }

  std::string request_;
  std::string unread_;
  std::size_t stream_ = static_cast<std::size_t>(-1);
  std::size_t consumed_ = 0;
  bool settled_ = false;
  std::size_t data_frames_ = 0;  // whose trailers are still to come
};

/// An upsert by a prepared statement.
class Postgres : public Peer {
 public:
  std::string greeting() override {
    std::string startup;
    append_number(startup, 3 << 16, 4);
    startup += std::string("user\0postgres\0database\0postgres\0\0", 33);
    std::string framed;
    append_number(framed, startup.size() + 4, 4);
    const std::string statement =
        "insert into offsets values ($1::bigint, $2::bigint) on conflict (key) do update set "
        "value = excluded.value";
    return framed + startup +
           message('P', std::string("put\0", 4) + statement + std::string("\0\0\0", 3)) +
           message('S', "");
  }
  bool ready() const override { return ready_; }
  std::string_view request(std::size_t key, std::uint64_t offset) override {
    std::string bind = std::string("\0put\0", 5);
    append_number(bind, 0, 2);  // as text
    append_number(bind, 2, 2);
    for (const std::string& value : {std::to_string(key), std::to_string(offset)}) {
      append_number(bind, value.size(), 4);
      bind += value;
    }
    append_number(bind, 0, 2);
    request_ = message('B', bind) + message('E', std::string("\0\0\0\0\0", 5)) + message('S', "");
    return request_;
  }
  std::size_t take(std::string_view bytes, std::string&) override {
    unread_ += bytes;
    std::size_t answered = 0;
    std::size_t at = 0;
    while (unread_.size() - at >= 5) {
      std::size_t size = 0;
      for (std::size_t i = 1; i < 5; ++i) {
        size = size << 8 | static_cast<unsigned char>(unread_[at + i]);
      }
      if (unread_.size() - at < 1 + size) break;
      if (unread_[at] == 'E') give_up("PostgreSQL said " + unread_.substr(at + 5, size - 4));
      // Ready for query: once after the start, once after the statement was prepared.
      if (unread_[at] == 'Z') answered += ready_ ? 1 : 0;
      if (unread_[at] == 'Z' && !ready_) ready_ = ++greeted_ == 2;
      at += 1 + size;
    }
    unread_.erase(0, at);
    return answered;
  }

 private:
  static void append_number(std::string& to, std::size_t number, int bytes) {
    for (int i = bytes - 1; i >= 0; --i) to += static_cast<char>(number >> (8 * i) & 0xff);
  }
  static std::string message(char type, const std::string& payload) {
    std::string text(1, type);
    append_number(text, payload.size() + 4, 4);
    return text + payload;
  }

  std::string request_;
  std::string unread_;
  int greeted_ = 0;
  bool ready_ = false;
};

std::unique_ptr<Peer> make_peer(std::string_view name) {
  if (name == "echo") return std::make_unique<Echo>();
  if (name == "redis") return std::make_unique<Redis>(0);
  if (name == "redis-hash") return std::make_unique<Redis>(50);
  if (name == "etcd") return std::make_unique<Etcd>();
  if (name == "postgres") return std::make_unique<Postgres>();
  give_up("no peer is called " + std::string(name));
}

class PeerLoad {
 public:
  PeerLoad(Streams streams, std::string_view peer, std::size_t in_flight)
      : streams_(std::move(streams)), in_flight_(in_flight) {
    for (std::size_t i = 0; i < streams_.count(); ++i) {
      connections_.push_back({.peer = make_peer(peer), .sent = {}});
    }
  }

  void greet() {
    for (std::size_t i = 0; i < connections_.size(); ++i) {
      streams_.send(i, connections_[i].peer->greeting());
    }
    while (
        !std::ranges::all_of(connections_, [](const auto& each) { return each.peer->ready(); })) {
      wait();
    }
  }

  void run(std::chrono::duration<double> wanted) {
    const auto begun = Clock::now();
    for (std::size_t i = 0; i < connections_.size(); ++i) {
      for (std::size_t k = 0; k < in_flight_; ++k) send_next(i, begun);
    }
    while (Clock::now() - begun < wanted) wait();
    ends_ = true;
    while (under_way_ > 0) wait();
    const std::chrono::duration<double> gone = Clock::now() - begun;
    const auto us = [&](LatencyHistogram::Nanoseconds latency) {
      return std::chrono::duration<double, std::micro>(latency).count();
    };
    std::printf(
        "{\"requests_per_s\":%.0f,\"p50_us\":%.1f,\"p99_us\":%.1f,\"max_us\":%.1f,\"errors\":0}\n",
        static_cast<double>(latency_.count()) / gone.count(), us(latency_.at(0.5)),
        us(latency_.at(0.99)), us(latency_.max()));
  }

 private:
  struct Connection {
    std::unique_ptr<Peer> peer;
    std::deque<Clock::time_point> sent;  // answered in turn, or (etcd) in any: then on average
  };

  void send_next(std::size_t number, Clock::time_point now) {
    // As many keys as requests in flight, each connection its own.
    const std::size_t key = number * in_flight_ + turn_++ % in_flight_;
    streams_.send(number, connections_[number].peer->request(key, ++offset_));
    connections_[number].sent.push_back(now);
    ++under_way_;
  }

  void wait() {
    const auto came = streams_.wait(100, [&](std::size_t number, std::string_view bytes) {
      const auto now = Clock::now();
      Connection& connection = connections_[number];
      std::string answer;
      const std::size_t answered = connection.peer->take(bytes, answer);
      if (!answer.empty()) streams_.send(number, answer);
      for (std::size_t i = 0; i < answered; ++i) {
        latency_.record(now - connection.sent.front());
        connection.sent.pop_front();
        --under_way_;
        if (!ends_) send_next(number, now);
      }
    });
    if (!came) give_up(came.error().message);
  }

  Streams streams_;
  std::size_t in_flight_;
  std::vector<Connection> connections_;
  LatencyHistogram latency_;
  std::size_t turn_ = 0;
  std::uint64_t offset_ = 0;
  std::size_t under_way_ = 0;
  bool ends_ = false;
};

int run(int count, char** arguments) {
  if (count != 6) {
    std::fputs("usage: load_peer PEER HOST:PORT CONNECTIONS IN_FLIGHT SECONDS\n", stderr);
    return 2;
  }
  const auto address = parse_address(arguments[2]);
  if (!address) give_up(address.error().message);
  auto streams =
      Streams::open(*address, std::strtoul(arguments[3], nullptr, 10), {}, [] { return true; });
  if (!streams) give_up(streams.error().message);
  PeerLoad load(std::move(*streams), arguments[1], std::strtoul(arguments[4], nullptr, 10));
  load.greet();
  load.run(std::chrono::duration<double>(std::strtod(arguments[5], nullptr)));
  return 0;
}

}  // namespace
}  // namespace muster::tools

int main(int count, char** arguments) { return muster::tools::run(count, arguments); }
