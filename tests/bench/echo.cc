// A bare echo server on libuv: what comes is sent back, one write a read. The limit for any server
// of one thread on this machine's network, to hold others against. Prints its port.
#include <uv.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

constexpr int kBacklog = 4'096;
constexpr std::size_t kReadBytes = std::size_t{64} * 1024;

struct Connection {
  uv_tcp_t socket{};
  char buffer[kReadBytes];
};

struct Reply {
  uv_write_t write{};
  char* bytes = nullptr;
};

void check(int status) {
  if (status >= 0) return;
  std::fprintf(stderr, "echo: %s\n", uv_strerror(status));
  std::exit(1);
}

void forget(uv_handle_t* handle) { delete static_cast<Connection*>(handle->data); }

void give_buffer(uv_handle_t* handle, std::size_t /*suggested*/, uv_buf_t* buffer) {
  *buffer = uv_buf_init(static_cast<Connection*>(handle->data)->buffer, kReadBytes);
}

void note_written(uv_write_t* write, int /*status*/) {
  auto* reply = static_cast<Reply*>(write->data);
  std::free(reply->bytes);
  delete reply;
}

void send_back(uv_stream_t* stream, char* bytes, std::size_t size) {
  uv_buf_t buffer = uv_buf_init(bytes, static_cast<unsigned>(size));
  const int written = uv_try_write(stream, &buffer, 1);
  const std::size_t done = written > 0 ? static_cast<std::size_t>(written) : 0;
  if (done == size) return;
  auto* reply = new Reply;
  reply->bytes = static_cast<char*>(std::malloc(size - done));
  std::memcpy(reply->bytes, bytes + done, size - done);
  reply->write.data = reply;
  buffer = uv_buf_init(reply->bytes, static_cast<unsigned>(size - done));
  check(uv_write(&reply->write, stream, &buffer, 1, note_written));
}

void take(uv_stream_t* stream, ssize_t count, const uv_buf_t* buffer) {
  if (count > 0) send_back(stream, buffer->base, static_cast<std::size_t>(count));
  if (count < 0) uv_close(reinterpret_cast<uv_handle_t*>(stream), forget);
}

void accept(uv_stream_t* server, int status) {
  check(status);
  auto* connection = new Connection;
  connection->socket.data = connection;
  check(uv_tcp_init(server->loop, &connection->socket));
  auto* stream = reinterpret_cast<uv_stream_t*>(&connection->socket);
  check(uv_accept(server, stream));
  check(uv_tcp_nodelay(&connection->socket, 1));
  check(uv_read_start(stream, give_buffer, take));
}

}  // namespace

int main() {
  uv_loop_t* loop = uv_default_loop();
  uv_tcp_t server;
  sockaddr_in address;
  check(uv_tcp_init(loop, &server));
  check(uv_ip4_addr("127.0.0.1", 0, &address));
  check(uv_tcp_bind(&server, reinterpret_cast<const sockaddr*>(&address), 0));
  check(uv_listen(reinterpret_cast<uv_stream_t*>(&server), kBacklog, accept));
  int size = sizeof(address);
  check(uv_tcp_getsockname(&server, reinterpret_cast<sockaddr*>(&address), &size));
  std::printf("%d\n", ntohs(address.sin_port));
  std::fflush(stdout);
  return uv_run(loop, UV_RUN_DEFAULT);
}
