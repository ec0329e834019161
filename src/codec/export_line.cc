#include "codec/export_line.h"

#include <absl/strings/escaping.h>
#include <event_schema.h>
#include <export_generated.h>
#include <export_schema.h>
#include <flatbuffers/idl.h>

#include <charconv>
#include <optional>
#include <vector>

#include "codec/event.h"

namespace muster::codec {
namespace {

constexpr char kFormatName[] = "muster journal";
constexpr std::uint32_t kFormatVersion = 1;

std::unexpected<ExportError> wrong(const std::string& message) {
  return std::unexpected(ExportError{.message = message});
}

std::string hexadecimal(std::uint64_t number) {
  std::string digits(16, '0');
  for (std::size_t i = digits.size(); i-- > 0; number >>= 4)
    digits[i] = "0123456789abcdef"[number & 15];
  return digits;
}

std::optional<std::uint64_t> from_hexadecimal(std::string_view digits) {
  std::uint64_t number = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), number, 16);
  const bool whole = read.ec == std::errc() && read.ptr == digits.data() + digits.size();
  if (digits.size() != 16 || !whole) return std::nullopt;
  return number;
}

std::string field(const char* name, std::uint64_t value) {
  return std::string("\"") + name + "\":" + std::to_string(value);
}

// These three have numbers, hexadecimal digits and base64 only: nothing to escape.

std::string text_of(const ExportHead& head) {
  return std::string(R"({"journal":{"format":")") + kFormatName + "\"," +
         field("version", kFormatVersion) + R"(,"journal_id":")" + head.journal_id + "\"," +
         field("fence_base", head.fence_base) + "," + field("boot", head.boot) + "," +
         field("first_sequence", head.first_sequence) + "," +
         field("last_sequence", head.last_sequence) + "}}";
}

std::string text_of(const ExportChunk& chunk) {
  return R"({"chunk":{)" + field("snapshot", chunk.snapshot) + "," + field("number", chunk.number) +
         R"(,"base64":")" + std::string(absl::Base64Escape(chunk.bytes)) + "\"}}";
}

std::string text_of(const ExportSnapshot& snapshot) {
  return R"({"snapshot":{)" + field("sequence", snapshot.sequence) + "," +
         field("chunks", snapshot.chunks) + "," + field("bytes", snapshot.bytes) +
         R"(,"digest":")" + hexadecimal(snapshot.digest) + R"(","time_ms":)" +
         std::to_string(snapshot.time_ms) + "}}";
}

std::expected<ExportLine, ExportError> read(const exported::Journal& journal) {
  if (journal.format()->string_view() != kFormatName) {
    return wrong("it is no export of a journal: use a file that muster journal export has written");
  }
  if (journal.version() != kFormatVersion) {
    return wrong("the export has version " + std::to_string(journal.version()) +
                 ", this program reads version " + std::to_string(kFormatVersion) +
                 ": use the muster that wrote it, or a newer one");
  }
  return ExportHead{.journal_id = journal.journal_id()->str(),
                    .fence_base = journal.fence_base(),
                    .boot = journal.boot(),
                    .first_sequence = journal.first_sequence(),
                    .last_sequence = journal.last_sequence()};
}

std::expected<ExportLine, ExportError> read(const exported::Chunk& chunk) {
  ExportChunk read{.snapshot = chunk.snapshot(), .number = chunk.number(), .bytes = {}};
  const auto text = chunk.base64()->string_view();
  if (!absl::Base64Unescape(absl::string_view(text.data(), text.size()), &read.bytes)) {
    return wrong("the chunk's bytes are no base64");
  }
  return read;
}

std::expected<ExportLine, ExportError> read(const exported::Snapshot& snapshot) {
  const auto digest = from_hexadecimal(snapshot.digest()->string_view());
  if (!digest) return wrong("the snapshot's digest has not 16 hexadecimal digits");
  return ExportSnapshot{.sequence = snapshot.sequence(),
                        .chunks = snapshot.chunks(),
                        .bytes = snapshot.bytes(),
                        .digest = *digest,
                        .time_ms = snapshot.time_ms()};
}

std::expected<ExportLine, ExportError> read(Sequence sequence, const event::Event& source) {
  const auto event = read_event(source);
  if (!event) return wrong("the event cannot be read: " + event.error().message);
  return ExportEvent{.sequence = sequence, .bytes = encode_event(*event)};
}

std::expected<ExportLine, ExportError> read(const exported::Line& line) {
  const int said = (line.journal() != nullptr) + (line.chunk() != nullptr) +
                   (line.snapshot() != nullptr) + (line.event() != nullptr);
  if (said != 1) return wrong("it has not exactly one of journal, chunk, snapshot and event");
  if ((line.event() != nullptr) != (line.sequence() != 0)) {
    return wrong("an event and its sequence belong together");
  }
  if (line.journal() != nullptr) return read(*line.journal());
  if (line.chunk() != nullptr) return read(*line.chunk());
  if (line.snapshot() != nullptr) return read(*line.snapshot());
  return read(line.sequence(), *line.event());
}

flatbuffers::IDLOptions json_options() {
  flatbuffers::IDLOptions options;
  options.strict_json = true;
  options.indent_step = -1;  // one line
  // The metadata of a commit may be any bytes: what is no UTF-8 is written as \xNN.
  options.allow_non_utf8 = true;
  return options;
}

}  // namespace

class ExportText::Implementation {
 public:
  Implementation() {
    const std::string schema = std::string(schemas::kEventSchema) + schemas::kExportSchema;
    usable_ = parser_.Parse(schema.c_str());
  }

  std::expected<std::string, ExportError> line(const ExportEvent& what) {
    // The text's generator trusts what it is given, and reads it where it lies: see copies.h.
    const auto event = decode_event(what.bytes);
    if (!event) return wrong("the event cannot be read: " + event.error().message);
    const std::string bytes = encode_event(*event);
    std::string text;
    if (!usable_ || !flatbuffers::GenerateTextFromTable(
                        parser_, flatbuffers::GetRoot<flatbuffers::Table>(bytes.data()),
                        "muster.event.Event", &text)) {
      return wrong("the event cannot be written as JSON");
    }
    return "{" + field("sequence", what.sequence) + ",\"event\":" + text + "}";
  }

  std::expected<ExportLine, ExportError> parse(const std::string& text) {
    if (text.find('\0') != std::string::npos) return wrong("it has a byte 0");
    if (!usable_ || !parser_.ParseJson(text.c_str())) return wrong(reason());
    flatbuffers::Verifier verifier(parser_.builder_.GetBufferPointer(), parser_.builder_.GetSize(),
                                   /*max_depth=*/16, /*max_tables=*/1'000'000'000);
    if (!verifier.VerifyBuffer<exported::Line>()) return wrong("its fields contradict the schema");
    return read(*flatbuffers::GetRoot<exported::Line>(parser_.builder_.GetBufferPointer()));
  }

 private:
  /// The parser's message without the place in front, which counts lines by itself.
  std::string reason() const {
    const std::string& error = parser_.error_;
    const std::size_t start = error.find("error: ");
    std::string message = start == std::string::npos ? error : error.substr(start + 7);
    constexpr std::size_t kMostBytes = 200;  // it may quote the whole line
    if (message.size() > kMostBytes) message.resize(kMostBytes);
    return message;
  }

  flatbuffers::Parser parser_{json_options()};
  bool usable_ = false;
};

ExportText::ExportText() : self_(std::make_unique<Implementation>()) {}
ExportText::~ExportText() = default;

std::expected<std::string, ExportError> ExportText::line(const ExportLine& what) {
  if (const auto* event = std::get_if<ExportEvent>(&what)) return self_->line(*event);
  if (const auto* head = std::get_if<ExportHead>(&what)) return text_of(*head);
  if (const auto* chunk = std::get_if<ExportChunk>(&what)) return text_of(*chunk);
  return text_of(std::get<ExportSnapshot>(what));
}

std::expected<ExportLine, ExportError> ExportText::parse(const std::string& text) {
  return self_->parse(text);
}

}  // namespace muster::codec
