#include "tools/output_relay.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <set>
#include <utility>

namespace muster::tools {
namespace {

constexpr std::size_t kReadBytes = std::size_t{64} << 10;

std::expected<OutputPipes::Pipe, Error> open_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) < 0) {
    return std::unexpected(
        make_error(ErrorCode::kInternalError,
                   std::string("The pipes for the command's output could not be made: ") +
                       std::strerror(errno) + ". Raise the limit on open files (ulimit -n)."));
  }
  OutputPipes::Pipe pipe{.read = journal::FileDescriptor(ends[0]),
                         .write = journal::FileDescriptor(ends[1])};
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);  // this end alone
  return pipe;
}

std::size_t bytes_waiting(const journal::FileDescriptor& pipe) {
  int bytes = 0;
  return ::ioctl(pipe.number(), FIONREAD, &bytes) == 0 ? static_cast<std::size_t>(bytes) : 0;
}

}  // namespace

std::expected<OutputPipes, Error> OutputPipes::open() {
  auto output = open_pipe();
  if (!output) return std::unexpected(std::move(output.error()));
  auto errors = open_pipe();
  if (!errors) return std::unexpected(std::move(errors.error()));
  return OutputPipes{.output = std::move(*output), .errors = std::move(*errors)};
}

void OutputRelay::add(pid_t pid, OutputPipes pipes, Source source) {
  Command command{.source = std::move(source),
                  .output = {.read = std::move(pipes.output.read)},
                  .errors = {.read = std::move(pipes.errors.read)}};
  commands_.emplace(pid, std::move(command));
}

void OutputRelay::remove(pid_t pid) {
  const auto found = commands_.find(pid);
  if (found == commands_.end()) return;
  Command& command = found->second;
  for (Stream* stream : {&command.output, &command.errors}) {
    // What it has left, and no more: a process that made a session of its own may write on.
    pass_on(command, *stream, bytes_waiting(stream->read));
    const bool is_output = stream == &command.output;
    stream->lines.end([&](const Line& line) {
      if (is_output && command.source.unended) command.source.unended(line.text);
      pass_on(command, is_output, line);
    });
    (is_output ? output_ : errors_).write(std::exchange(gathered_, {}));
  }
  commands_.erase(found);
}

void OutputRelay::watch(std::vector<pollfd>& watched) const {
  for (const auto& [pid, command] : commands_) {
    for (const Stream* stream : {&command.output, &command.errors}) {
      const bool full = (stream == &command.output ? output_ : errors_).full();
      if (stream->ended || full) continue;
      watched.push_back({.fd = stream->read.number(), .events = POLLIN, .revents = 0});
    }
  }
}

void OutputRelay::pass_on(std::span<const pollfd> polled) {
  std::set<int> readable;
  for (const pollfd& each : polled) {
    if (each.revents != 0) readable.insert(each.fd);
  }
  for (auto& [pid, command] : commands_) {
    for (Stream* stream : {&command.output, &command.errors}) {
      if (readable.contains(stream->read.number())) pass_on(command, *stream, kReadBytes);
    }
  }
}

void OutputRelay::pass_on(Command& command, Stream& stream, std::size_t bytes_max) {
  const bool is_output = &stream == &command.output;
  std::array<char, kReadBytes> bytes;
  while (bytes_max > 0) {
    const ssize_t size =
        ::read(stream.read.number(), bytes.data(), std::min(bytes_max, bytes.size()));
    if (size < 0 && errno == EINTR) continue;
    if (size == 0) stream.ended = true;
    if (size <= 0) break;
    bytes_max -= static_cast<std::size_t>(size);
    stream.lines.add({bytes.data(), static_cast<std::size_t>(size)},
                     [&](const Line& line) { pass_on(command, is_output, line); });
  }
  if (!gathered_.empty()) (is_output ? output_ : errors_).write(std::exchange(gathered_, {}));
}

void OutputRelay::pass_on(Command& command, bool is_output, const Line& line) {
  const Source& source = command.source;
  if (is_output && line.whole && source.take && source.take(line.text)) return;
  gathered_ += source.prefix;
  gathered_ += line.text;
  gathered_ += '\n';
}

}  // namespace muster::tools
