#include "tools/json_shape.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "domain/message.h"
#include "tools/output.h"

namespace muster::tools {
namespace {

using domain::sentence;

constexpr std::size_t kShownColumns = 80;

constexpr std::string_view kind_text(JsonKind kind) {
  switch (kind) {
    case JsonKind::kObject:
      return "an object";
    case JsonKind::kArray:
      return "an array";
    case JsonKind::kString:
      return "a string";
    case JsonKind::kInteger:
      return "a whole number";
    case JsonKind::kBoolean:
      return "true or false";
  }
  return "";
}

/// The parser's events, held against the shapes. Every member returns whether to go on.
class ShapeReader final : public nlohmann::json_sax<nlohmann::json> {
 public:
  ShapeReader(std::span<const JsonShape> shapes, JsonSink& sink) : shapes_(shapes), sink_(sink) {}

  std::optional<Rejection> take_refusal() { return std::move(refusal_); }

  bool null() override { return is_wrong("null"); }
  bool boolean(bool value) override {
    if (!fits(JsonKind::kBoolean)) return is_wrong("true or false");
    return pass(sink_.truth(expected(), key(), value));
  }
  bool number_integer(std::int64_t value) override {
    if (!fits(JsonKind::kInteger)) return is_wrong("a number");
    return pass(sink_.whole(expected(), key(), value));
  }
  bool number_unsigned(std::uint64_t value) override {
    // What is larger than any limit is refused by the sink, whatever it is exactly.
    constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
    return number_integer(static_cast<std::int64_t>(std::min(value, kMost)));
  }
  bool number_float(double, const std::string&) override {
    return is_wrong("a fraction, or a number that is too large");
  }
  bool string(std::string& value) override {
    if (!fits(JsonKind::kString)) return is_wrong("a string");
    return pass(sink_.text(expected(), key(), value));
  }
  bool binary(nlohmann::json::binary_t&) override { return is_wrong("binary data"); }
  bool start_object(std::size_t) override { return start(JsonKind::kObject); }
  bool start_array(std::size_t) override { return start(JsonKind::kArray); }
  bool end_array() override { return end(); }
  bool end_object() override {
    const Frame& frame = frames_.back();
    for (std::size_t i = 0; i < shapes_[frame.shape].fields.size(); ++i) {
      const JsonField& field = shapes_[frame.shape].fields[i];
      if (!field.required || (frame.seen >> i & 1U) != 0) continue;
      return refuse(ErrorCode::kInvalidArgument, place_of(frames_.size() - 1),
                    sentence("\"", field.name, "\" is missing: it must be there."));
    }
    return end();
  }

  bool key(std::string& name) override {
    Frame& frame = frames_.back();
    const std::span<const JsonField> fields = shapes_[frame.shape].fields;
    frame.key = std::move(name);
    if (fields.empty()) {
      frame.value_shape = shapes_[frame.shape].each;
      return true;
    }
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (fields[i].name != frame.key) continue;
      if ((frame.seen >> i & 1U) != 0) {
        return refuse(ErrorCode::kInvalidArgument, place_of(frames_.size()),
                      "this key is given twice: give it once.");
      }
      frame.seen |= std::uint32_t{1} << i;
      frame.value_shape = fields[i].shape;
      return true;
    }
    return refuse_key(frame, fields);
  }

  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::json::exception& error) override {
    // "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error while …"
    std::string_view what = error.what();
    if (const auto prefix = what.find("] "); prefix != std::string_view::npos) {
      what.remove_prefix(prefix + 2);
    }
    refusal_ =
        Rejection{.code = ErrorCode::kInvalidArgument,
                  .message = sentence("The input is no JSON in UTF-8 at byte ", position, ": ",
                                      shortened(what.substr(0, 512), 240), ". Mend it there.")};
    return false;
  }

 private:
  struct Frame {
    std::size_t shape = 0;
    std::size_t value_shape = 0;  // of the value that comes next
    std::string key;              // of that value, in an object
    std::size_t index = 0;        // of that value, in an array
    std::uint32_t seen = 0;       // which of the fixed keys
    bool is_array = false;
  };

  std::size_t expected() const { return frames_.empty() ? 0 : frames_.back().value_shape; }
  std::string_view key() const {
    return frames_.empty() ? std::string_view() : std::string_view(frames_.back().key);
  }
  bool fits(JsonKind kind) const { return shapes_[expected()].kind == kind; }

  /// Of what the innermost `depth` of the open objects and arrays, from outside, are at.
  std::string place_of(std::size_t depth) const {
    std::string place;
    for (std::size_t i = 0; i < depth; ++i) {
      const Frame& frame = frames_[i];
      place = place_below(place, frame.is_array ? std::to_string(frame.index) : frame.key);
    }
    return place;
  }

  bool refuse(ErrorCode code, std::string_view place, std::string_view why) {
    refusal_ = Rejection{
        .code = code,
        .message = sentence("Input, at ", place.empty() ? "its beginning" : place, ": ", why)};
    return false;
  }

  bool refuse_key(const Frame& frame, std::span<const JsonField> fields) {
    std::string known;
    for (const JsonField& field : fields) {
      known += (known.empty() ? "\"" : ", \"") + std::string(field.name) + "\"";
    }
    return refuse(ErrorCode::kInvalidArgument, place_of(frames_.size() - 1),
                  sentence("the key \"", shortened(frame.key, kShownColumns),
                           "\" is unknown. The keys here are ", known, "."));
  }

  bool is_wrong(std::string_view found) {
    const JsonShape& shape = shapes_[expected()];
    return refuse(
        ErrorCode::kInvalidArgument, place_of(frames_.size()),
        sentence("found ", found, ". Give ", kind_text(shape.kind), ": ", shape.wanted, "."));
  }

  /// After a value: the next one, unless the sink refused this one.
  bool pass(JsonSink::Refusal refused) {
    if (refused) return refuse(refused->code, place_of(frames_.size()), refused->message);
    if (!frames_.empty()) ++frames_.back().index;
    return true;
  }

  bool start(JsonKind kind) {
    if (!fits(kind)) return is_wrong(kind_text(kind));
    const std::size_t shape = expected();
    if (auto refused = sink_.begin(shape, key())) {
      return refuse(refused->code, place_of(frames_.size()), refused->message);
    }
    frames_.push_back({.shape = shape,
                       .value_shape = shapes_[shape].each,
                       .key = {},
                       .is_array = kind == JsonKind::kArray});
    return true;
  }

  bool end() {
    const std::size_t shape = frames_.back().shape;
    frames_.pop_back();
    return pass(sink_.end(shape));
  }

  std::span<const JsonShape> shapes_;
  JsonSink& sink_;
  std::vector<Frame> frames_;  // no deeper than the shapes are
  std::optional<Rejection> refusal_;
};

}  // namespace

std::string place_below(std::string_view place, std::string_view key) {
  std::string below(place);
  below += '/';
  for (const char letter : shortened(key, kShownColumns)) {  // escaped as in RFC 6901
    if (letter == '~') {
      below += "~0";
    } else if (letter == '/') {
      below += "~1";
    } else {
      below += letter;
    }
  }
  return below;
}

std::optional<Rejection> read_json(std::string_view text, std::span<const JsonShape> shapes,
                                   JsonSink& sink) {
  ShapeReader reader(shapes, sink);
  nlohmann::json::sax_parse(text.begin(), text.end(), &reader);
  return reader.take_refusal();
}

}  // namespace muster::tools
