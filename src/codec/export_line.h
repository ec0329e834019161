// A journal's text, line by line (schemas/export.fbs): written and read by FlatBuffers' own JSON,
// so that no field of an event can be forgotten here.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "domain/ids.h"

namespace muster::codec {

/// The first line.
struct ExportHead {
  std::string journal_id;  // 32 hexadecimal digits
  std::uint64_t fence_base = 0;
  std::uint64_t boot = 0;
  Sequence first_sequence = 1;
  Sequence last_sequence = 0;
};
struct ExportChunk {
  Sequence snapshot = 0;
  std::uint32_t number = 0;
  std::string bytes;
};
struct ExportSnapshot {
  Sequence sequence = 0;
  std::uint32_t chunks = 0;
  std::uint64_t bytes = 0;
  std::uint64_t digest = 0;
  std::int64_t time_ms = 0;
};
/// `bytes` as the journal has them; of a line that was parsed, as encode_event gives them.
struct ExportEvent {
  Sequence sequence = 0;
  std::string bytes;
};
using ExportLine = std::variant<ExportHead, ExportChunk, ExportSnapshot, ExportEvent>;

/// What is wrong with a line, as a sentence without its stop.
struct ExportError {
  std::string message;
};

class ExportText {
 public:
  ExportText();
  ~ExportText();
  ExportText(const ExportText&) = delete;
  ExportText& operator=(const ExportText&) = delete;

  /// Without the line's end. Fails for bytes that are no event.
  std::expected<std::string, ExportError> line(const ExportLine& what);

  /// `text` without the line's end. Fields that the schema does not know are errors.
  std::expected<ExportLine, ExportError> parse(const std::string& text);

 private:
  class Implementation;
  std::unique_ptr<Implementation> self_;
};

}  // namespace muster::codec
