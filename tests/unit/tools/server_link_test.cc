#include "tools/server_link.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <unistd.h>

#include <functional>
#include <string>
#include <thread>

using namespace muster;
using namespace muster::tools;

namespace {

/// Accepts one connection, and answers each request with what `answer` makes of it; an empty
/// answer closes the connection.
class ScriptedServer {
 public:
  using Answer = std::function<std::string(const wire::RequestT&)>;

  explicit ScriptedServer(Answer answer) : answer_(std::move(answer)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    REQUIRE(::bind(listener_, generic, size) == 0);
    REQUIRE(::listen(listener_, 1) == 0);
    ::getsockname(listener_, generic, &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~ScriptedServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  void serve() {
    const int connection = ::accept(listener_, nullptr, nullptr);
    if (connection < 0) return;
    codec::FrameReader frames;
    char buffer[4096];
    for (ssize_t size = 0; (size = ::recv(connection, buffer, sizeof(buffer), 0)) > 0;) {
      frames.feed({buffer, static_cast<std::size_t>(size)});
      if (!answer_all(connection, frames)) break;
    }
    ::close(connection);
  }
  bool answer_all(int connection, codec::FrameReader& frames) {
    while (const auto payload = *frames.next()) {
      const std::string answer = answer_(*codec::decode_request(*payload));
      if (answer.empty()) return false;
      if (::send(connection, answer.data(), answer.size(), MSG_NOSIGNAL) < 0) return false;
    }
    return true;
  }

  Answer answer_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

std::string hello_reply(const wire::RequestT& request, std::uint16_t version = 1) {
  wire::HelloReplyT reply;
  reply.version = version;
  reply.server_version = "9.9.9";
  return codec::encode_server_message(request.correlation_id, 0, std::move(reply));
}

std::string refusal(std::uint64_t correlation_id, ErrorCode code, std::string message) {
  return codec::encode_server_message(
      correlation_id, 0, codec::to_wire({.code = code, .message = std::move(message)}));
}

}  // namespace

TEST_CASE("a request is answered after the hello, which names the operator") {
  std::string client_id;
  ScriptedServer server([&](const wire::RequestT& request) {
    if (const auto* hello = request.body.AsHello()) {
      client_id = hello->client_id;
      return hello_reply(request);
    }
    wire::StatusReplyT status;
    status.sequence = 42;
    return codec::encode_server_message(request.correlation_id, 42, std::move(status));
  });
  const auto status = ask_once<wire::StatusReplyT>(server.address(), wire::StatusT{});
  REQUIRE(status);
  CHECK(status->sequence == 42);
  CHECK(client_id.starts_with("muster:"));
}

TEST_CASE("of several addresses the first that answers is taken; what is wrong is said of each") {
  CHECK(addresses_of("a:1,unix:/b") == std::vector<std::string>{"a:1", "unix:/b"});
  ScriptedServer server([](const wire::RequestT& request) { return hello_reply(request); });
  CHECK(ServerLink::open("unix:/nonexistent/a," + server.address()).has_value());
  const auto nobody = ServerLink::open("unix:/nonexistent/a,unix:/nonexistent/b");
  REQUIRE_FALSE(nobody);
  CHECK(nobody.error().code == ErrorCode::kUnavailable);
  CHECK(nobody.error().message.find("unix:/nonexistent/a") != std::string::npos);
  CHECK(nobody.error().message.find("unix:/nonexistent/b") != std::string::npos);
  CHECK(nobody.error().message.ends_with("with --server or MUSTER_SERVER."));
  const auto wrong = ServerLink::open("nonsense," + server.address());
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().code == ErrorCode::kInvalidArgument);
}

TEST_CASE("the server's refusal is handed on as it is") {
  ScriptedServer server([](const wire::RequestT& request) {
    return request.body.AsHello()
               ? hello_reply(request)
               : refusal(request.correlation_id, ErrorCode::kStorageFull, "full");
  });
  const auto status = ask_once<wire::StatusReplyT>(server.address(), wire::StatusT{});
  REQUIRE_FALSE(status);
  CHECK(status.error().code == ErrorCode::kStorageFull);
  CHECK(status.error().name == "STORAGE_FULL");
  CHECK(status.error().message == "full");
  CHECK(status.error().retriable);
}

TEST_CASE("a server that closes says why, and that is the error") {
  ScriptedServer server([](const wire::RequestT& request) {
    if (request.body.AsHello()) return hello_reply(request);
    wire::ClosingT closing;
    closing.error = std::make_unique<wire::ErrorT>(
        codec::to_wire({.code = ErrorCode::kShuttingDown, .message = "going down"}));
    return codec::encode_server_message(0, 0, std::move(closing));
  });
  const auto status = ask_once<wire::StatusReplyT>(server.address(), wire::StatusT{});
  REQUIRE_FALSE(status);
  CHECK(status.error().code == ErrorCode::kShuttingDown);
}

TEST_CASE("pushes that come before the reply are passed over") {
  ScriptedServer server([](const wire::RequestT& request) {
    if (request.body.AsHello()) return hello_reply(request);
    wire::AssignedT push;
    return codec::encode_server_message(0, 0, std::move(push)) +
           codec::encode_server_message(request.correlation_id, 0, wire::StatusReplyT{});
  });
  CHECK(ask_once<wire::StatusReplyT>(server.address(), wire::StatusT{}).has_value());
}

TEST_CASE("a server of another protocol version is named with what to do") {
  ScriptedServer server([](const wire::RequestT& request) { return hello_reply(request, 77); });
  const auto link = ServerLink::open(server.address());
  REQUIRE_FALSE(link);
  CHECK(link.error().code == ErrorCode::kUnsupportedVersion);
  CHECK(link.error().message.find("77") != std::string::npos);
  CHECK(link.error().message.find("9.9.9") != std::string::npos);
}

TEST_CASE("what is no musterd is said to be none") {
  ScriptedServer server(
      [](const wire::RequestT&) { return std::string("HTTP/1.1 400 Bad Request\r\n\r\n"); });
  const auto link = ServerLink::open(server.address());
  REQUIRE_FALSE(link);
  CHECK(link.error().message.find("does not speak the protocol") != std::string::npos);
}

TEST_CASE("a connection that ends before the answer is an error that a retry can help") {
  ScriptedServer server([](const wire::RequestT& request) {
    return request.body.AsHello() ? hello_reply(request) : std::string();
  });
  const auto status = ask_once<wire::StatusReplyT>(server.address(), wire::StatusT{});
  REQUIRE_FALSE(status);
  CHECK(status.error().code == ErrorCode::kUnavailable);
  CHECK(status.error().retriable);
}

TEST_CASE("nobody at the address: what was tried, and where to say another") {
  const auto link = ServerLink::open("unix:/nonexistent/muster.sock");
  REQUIRE_FALSE(link);
  CHECK(link.error().code == ErrorCode::kUnavailable);
  CHECK(link.error().message.find("/nonexistent/muster.sock") != std::string::npos);
  CHECK(link.error().message.find("--server") != std::string::npos);
}

TEST_CASE("pages are asked for until there are no more") {
  ScriptedServer server([](const wire::RequestT& request) {
    if (request.body.AsHello()) return hello_reply(request);
    const std::string after = request.body.AsListTopics()->after;
    wire::TopicsReplyT page;
    auto topic = std::make_unique<wire::TopicInfoT>();
    topic->name = after.empty() ? "a" : after + "a";
    page.more = topic->name.size() < 3;
    page.topics.push_back(std::move(topic));
    return codec::encode_server_message(request.correlation_id, 0, std::move(page));
  });
  auto link = ServerLink::open(server.address());
  REQUIRE(link);
  std::vector<std::string> names;
  const auto asked = link->ask_pages<wire::TopicsReplyT>(
      wire::ListTopicsT{}, [&](wire::TopicsReplyT& page, wire::ListTopicsT& request) {
        for (const auto& topic : page.topics) names.push_back(topic->name);
        request.after = names.back();
        return page.topics.size();
      });
  REQUIRE(asked);
  CHECK(names == std::vector<std::string>{"a", "aa", "aaa"});
}

TEST_CASE("a server that announces more and sends nothing is not asked for ever") {
  ScriptedServer server([](const wire::RequestT& request) {
    if (request.body.AsHello()) return hello_reply(request);
    wire::TopicsReplyT page;
    page.more = true;
    return codec::encode_server_message(request.correlation_id, 0, std::move(page));
  });
  auto link = ServerLink::open(server.address());
  REQUIRE(link);
  const auto asked = link->ask_pages<wire::TopicsReplyT>(
      wire::ListTopicsT{},
      [](wire::TopicsReplyT& page, wire::ListTopicsT&) { return page.topics.size(); });
  CHECK_FALSE(asked);
}
