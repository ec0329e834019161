// Reads the records of the simulated disk as the product's reader reads those of a file: each value
// is a checksum and the event's bytes, and a value whose checksum does not match is damaged.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "domain/message.h"
#include "journal/record.h"
#include "tests/fakes/record_value.h"
#include "tests/fakes/records_reader.h"

namespace muster::sim {

class CheckedReader final : public fakes::RecordsReader {
 public:
  using RecordsReader::RecordsReader;

  static std::string value_of(std::uint64_t sequence, std::string_view bytes) {
    return fakes::record_value({}, sequence, bytes);
  }
  /// The event's bytes in a value, sound or not.
  static std::string_view bytes_of(std::string_view value) {
    return value.substr(journal::kRecordChecksumBytes);
  }

  std::expected<void, journal::Error> read(std::uint64_t from, std::uint64_t to,
                                           const Sink& sink) override {
    std::optional<journal::Error> damaged;
    const auto read =
        RecordsReader::read(from, to, [&](std::uint64_t sequence, std::string_view value) {
          const auto bytes = journal::checked_bytes({}, sequence, value);
          if (bytes) return sink(sequence, *bytes);
          damaged = journal::Error{.fault = journal::Fault::kCorrupt,
                                   .message = domain::sentence("Record ", sequence, " is damaged."),
                                   .first_bad_sequence = sequence};
          return false;
        });
    if (damaged) return std::unexpected(std::move(*damaged));
    return read;
  }
};

}  // namespace muster::sim
