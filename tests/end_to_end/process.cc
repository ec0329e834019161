#include "end_to_end/process.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace muster::e2e {
namespace {

// Between fork and exec: async-signal-safe calls only.
[[noreturn]] void become(const ProcessOptions& options, char* const* arguments, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);
  const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
  const int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC;
  const int out = open(options.stdout_path.c_str(), flags, 0600);
  const int err = open(options.stderr_path.c_str(), flags, 0600);
  dup2(null, STDIN_FILENO);
  dup2(out, STDOUT_FILENO);
  dup2(err, STDERR_FILENO);
  // As for a person's own: whoever runs the tests may ignore them.
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) ::signal(number, SIG_DFL);
  execv(arguments[0], arguments);
  _exit(127);
}

/// Set in this process while it lives.
class Surroundings {
 public:
  explicit Surroundings(const std::map<std::string, std::string>& environment) {
    for (const auto& [name, value] : environment) {
      const char* set = getenv(name.c_str());
      former_[name] = set == nullptr ? std::nullopt : std::optional<std::string>(set);
      setenv(name.c_str(), value.c_str(), 1);
    }
  }
  ~Surroundings() {
    for (const auto& [name, value] : former_) {
      if (value) setenv(name.c_str(), value->c_str(), 1);
      if (!value) unsetenv(name.c_str());
    }
  }
  Surroundings(const Surroundings&) = delete;
  Surroundings& operator=(const Surroundings&) = delete;

 private:
  std::map<std::string, std::optional<std::string>> former_;
};

}  // namespace

Process::Process(const ProcessOptions& options)
    : program_(options.command.front()),
      stderr_path_(options.stderr_path),
      stderr_before_(read_file(stderr_path_).size()) {
  std::vector<char*> arguments;
  arguments.reserve(options.command.size() + 1);
  for (const std::string& argument : options.command) {
    arguments.push_back(const_cast<char*>(argument.c_str()));
  }
  arguments.push_back(nullptr);
  const Surroundings surroundings(options.environment);
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ == 0) become(options, arguments.data(), parent);
  if (pid_ < 0) throw std::runtime_error("fork failed for " + options.command.front());
}

Process::~Process() { kill9(); }

void Process::signal(int number) const {
  if (!status_) kill(pid_, number);
}

std::optional<int> Process::wait(Milliseconds patience) {
  wait_until(
      [this] {
        int raw = 0;
        if (status_ || waitpid(pid_, &raw, WNOHANG) != pid_) return status_.has_value();
        status_ = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
        look_for_reports();
        return true;
      },
      patience);
  return status_;
}

void Process::kill9() {
  signal(SIGKILL);
  wait();
}

void Process::look_for_reports() const {
  const std::string written = read_file(stderr_path_);
  const std::string report = report_in(written.substr(std::min(stderr_before_, written.size())));
  if (!report.empty()) FAIL_CHECK(program_, " reported:\n", report);
}

std::string read_file(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

std::string report_in(const std::string& written) {
  std::size_t first = std::string::npos;
  for (const char* mark : {"Sanitizer", "runtime error:", "assertion failed:"}) {
    first = std::min(first, written.find(mark));
  }
  if (first == std::string::npos) return "";
  const std::size_t end_before = written.rfind('\n', first);
  return written.substr(end_before == std::string::npos ? 0 : end_before + 1);
}

}  // namespace muster::e2e
