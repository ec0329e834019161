// A record's value as the journal's files have it: the checksum, then the event's bytes
// (journal/record.h).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "journal/little_endian.h"
#include "journal/record.h"

namespace muster::fakes {

inline std::string record_value(const journal::JournalId& id, std::uint64_t sequence,
                                std::string_view bytes) {
  std::string value;
  journal::append_little_endian(value, journal::record_checksum(id, sequence, bytes));
  value += bytes;
  return value;
}

}  // namespace muster::fakes
