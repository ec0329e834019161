// Reading a journal, as the coordinator and the tools see it.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <string_view>

#include "journal/error.h"
#include "journal/header.h"

namespace muster::journal {

class Reader {
 public:
  /// `bytes` are valid during the call only. False: stop reading, it is enough.
  using Sink = std::function<bool(std::uint64_t sequence, std::string_view bytes)>;

  virtual ~Reader() = default;

  /// As it is now: beside a live daemon it moves on.
  virtual std::expected<Header, Error> header() = 0;

  /// Hands each record from `from` up to `to` to `sink`, in order; those that come after the call
  /// began are left out. Both may lie outside of what the journal holds, but a `from` before its
  /// first record is an error. Stops at the first record that is missing or damaged, with its
  /// sequence; all before it were handed out.
  virtual std::expected<void, Error> read(std::uint64_t from, std::uint64_t to,
                                          const Sink& sink) = 0;
};

}  // namespace muster::journal
