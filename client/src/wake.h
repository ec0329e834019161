// Descriptors that end a poll(2): one that any thread can signal, one that the clock signals.
#pragma once

#include <cstdint>

namespace muster {

/// Milliseconds of CLOCK_BOOTTIME, which goes on while the machine is suspended: a lease must not
/// outlive a closed lid.
std::uint64_t boottime_ms();

/// An eventfd. signal() may be called by any thread.
class Wake {
 public:
  Wake();
  ~Wake();
  Wake(const Wake&) = delete;
  Wake& operator=(const Wake&) = delete;

  void signal();
  void clear();
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

/// A timerfd on CLOCK_BOOTTIME: after a suspend it fires at once, where the timeout of poll(2)
/// would go on from where it stood.
class Alarm {
 public:
  Alarm();
  ~Alarm();
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;

  /// Rings at that time, at once when it is past; UINT64_MAX: never.
  void set(std::uint64_t at_ms);
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

}  // namespace muster
