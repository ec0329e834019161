// What commands write, on its way to where `muster run` writes: whole lines, so that those of one
// command never tear another's.
#pragma once

#include <poll.h>
#include <sys/types.h>

#include <array>
#include <expected>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "journal/file_descriptor.h"
#include "muster/error.hpp"
#include "tools/line_buffer.h"
#include "tools/line_writer.h"

namespace muster::tools {

/// A longer line is passed on in pieces, each with an end.
inline constexpr std::size_t kLineBytesMax = std::size_t{256} << 10;

/// Both outputs of a command, between the pipes and its start.
struct OutputPipes {
  struct Pipe {
    journal::FileDescriptor read;
    journal::FileDescriptor write;  // the command's end
  };
  Pipe output;
  Pipe errors;

  static std::expected<OutputPipes, Error> open();
};

/// One thread only. While a reader takes nothing, neither does the relay: then commands wait in
/// their writes, as they would without it.
class OutputRelay {
 public:
  OutputRelay(LineWriter& output, LineWriter& errors) : output_(output), errors_(errors) {}

  /// Sees each whole line of standard output first; true: it is taken, and not passed on.
  using Take = std::function<bool(std::string_view line)>;
  /// Called when the command ends in a line without its newline.
  using Unended = std::function<void(std::string_view rest)>;

  struct Source {
    std::string prefix = {};  // before each line
    Take take = {};           // may be empty
    Unended unended = {};     // may be empty
  };
  void add(pid_t pid, OutputPipes pipes, Source source);
  /// The command has ended: passes on what it has left, and forgets it.
  void remove(pid_t pid);

  void watch(std::vector<pollfd>& watched) const;
  /// Passes on what is there, of what poll has found readable.
  void pass_on(std::span<const pollfd> polled);

 private:
  struct Stream {
    journal::FileDescriptor read;
    LineBuffer lines{kLineBytesMax};
    bool ended = false;
  };
  struct Command {
    Source source;
    Stream output;
    Stream errors;
  };

  void pass_on(Command& command, Stream& stream, std::size_t bytes_max);
  void pass_on(Command& command, bool is_output, const Line& line);

  LineWriter& output_;
  LineWriter& errors_;
  std::map<pid_t, Command> commands_;
  std::string gathered_;  // of the stream that is being passed on
};

}  // namespace muster::tools
