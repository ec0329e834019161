#include "tools/interrupted_files.h"

#include <unistd.h>

#include <utility>

namespace muster::tools {
namespace {

const InterruptedFiles* in_charge = nullptr;

}  // namespace

InterruptedFiles::InterruptedFiles(std::vector<std::string> files,
                                   std::vector<std::string> directories)
    : files_(std::move(files)), directories_(std::move(directories)) {
  if (in_charge != nullptr) return;
  in_charge = this;
  struct sigaction action{};
  action.sa_handler = remove;
  for (const int signal : kSignals) ::sigaddset(&action.sa_mask, signal);
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    ::sigaction(kSignals[i], nullptr, &former_[i]);
    if (former_[i].sa_handler != SIG_IGN) ::sigaction(kSignals[i], &action, nullptr);
  }
}

InterruptedFiles::~InterruptedFiles() {
  if (in_charge != this) return;
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    ::sigaction(kSignals[i], &former_[i], nullptr);
  }
  in_charge = nullptr;
}

/// Nothing but calls that a signal's handler may make.
void InterruptedFiles::remove(int signal) {
  for (const std::string& file : in_charge->files_) ::unlink(file.c_str());
  for (const std::string& directory : in_charge->directories_) ::rmdir(directory.c_str());
  struct sigaction action{};
  action.sa_handler = SIG_DFL;
  ::sigaction(signal, &action, nullptr);
  ::raise(signal);  // when this returns
}

InterruptsHeld::InterruptsHeld() {
  sigset_t held;
  ::sigemptyset(&held);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::sigaddset(&held, signal);
  ::pthread_sigmask(SIG_BLOCK, &held, &former_);
}

InterruptsHeld::~InterruptsHeld() { ::pthread_sigmask(SIG_SETMASK, &former_, nullptr); }

}  // namespace muster::tools
