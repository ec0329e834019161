// Any bytes as the file that `musterd --config` names: refused with a message that names the line,
// or read so that nothing contradicts, and so that the same options as flags are the same
// configuration.

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <string>
#include <string_view>
#include <vector>

#include "daemon/configuration.h"
#include "daemon/configuration_lines.h"
#include "daemon/reload.h"
#include "domain/assert.h"

namespace muster::fuzz {
namespace {

using daemon::Configuration;

/// A file in memory, with a path of its own.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view content) : descriptor_(::memfd_create("configuration", 0)) {
    MUSTER_ASSERT(descriptor_ >= 0);
    MUSTER_ASSERT(::write(descriptor_, content.data(), content.size()) ==
                  static_cast<ssize_t>(content.size()));
  }
  ~MemoryFile() { ::close(descriptor_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

std::string in_quotes(const std::string& value) {
  std::string quoted = "\"";
  for (const char byte : value) {
    if (byte == '"' || byte == '\\') quoted += '\\';
    quoted += byte;
  }
  return quoted + "\"";
}

/// What was read is what is written: the same lines come of them in another form.
void write_and_read_again(const std::vector<daemon::ConfigurationLine>& lines) {
  std::string text;
  for (const daemon::ConfigurationLine& line : lines) {
    text += "  " + line.name + "=[";
    for (const std::string& value : line.values) text += in_quotes(value) + " ,";
    text += "] # comment\n";
  }
  const auto again = daemon::read_configuration_lines(text);
  MUSTER_ASSERT(again && again->size() == lines.size());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    MUSTER_ASSERT((*again)[i].name == lines[i].name && (*again)[i].values == lines[i].values);
  }
}

/// By flags and without the file.
Configuration by_flags(const std::vector<daemon::ConfigurationLine>& lines) {
  std::vector<std::string> flags;
  for (const daemon::ConfigurationLine& line : lines) {
    for (const std::string& value : line.values) flags.push_back("--" + line.name + "=" + value);
  }
  flags.emplace_back("--data-dir=d");
  const auto told = daemon::parse_configuration(flags);
  MUSTER_ASSERT(told.has_value());
  return *told;
}

void run(std::string_view content) {
  auto lines = daemon::read_configuration_lines(content);
  if (!lines) {
    MUSTER_ASSERT(lines.error().starts_with("line "));
    return;  // the options alone take a hundred times as long
  }
  write_and_read_again(*lines);
  const MemoryFile file(content);
  const auto told = daemon::parse_configuration({"--data-dir=d", "--config", file.path()});
  if (!told) {
    MUSTER_ASSERT(told.error().exit_status == 2);
    MUSTER_ASSERT(told.error().text.starts_with("musterd: "));
    return;
  }
  MUSTER_ASSERT(!daemon::contradiction(*told));
  MUSTER_ASSERT(told->data_dir == "d");  // flags win
  std::erase_if(*lines, [](const auto& line) { return line.name == "data-dir"; });
  const Configuration flags = by_flags(*lines);
  MUSTER_ASSERT(flags.settings.size() == told->settings.size());
  for (std::size_t i = 0; i < told->settings.size(); ++i) {
    MUSTER_ASSERT(flags.settings[i].value == told->settings[i].value);
    MUSTER_ASSERT(flags.settings[i].given == told->settings[i].given);
  }
  const auto reloaded = daemon::reload(flags, *told);
  MUSTER_ASSERT(reloaded && reloaded->changed.empty() && reloaded->left.empty());
}

}  // namespace
}  // namespace muster::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  muster::fuzz::run({reinterpret_cast<const char*>(data), size});
  return 0;
}
