// JSON of a fixed shape, read in one pass: what does not fit is refused with its place, before it
// takes memory, and no tree is built of what does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "domain/errors.h"

namespace muster::tools {

enum class JsonKind : std::uint8_t { kObject, kArray, kString, kInteger, kBoolean };

/// A key of an object that has fixed keys.
struct JsonField {
  std::string_view name;
  std::size_t shape = 0;
  bool required = false;
};

/// What may stand in one place. Shapes refer to each other by their number in a table; number 0 is
/// the whole document.
struct JsonShape {
  JsonKind kind = JsonKind::kObject;
  std::string_view wanted;            // "a list of members", for messages
  std::span<const JsonField> fields;  // of an object with fixed keys
  std::size_t each = 0;               // of an array or an object with any keys: shape of its values
};

/// Given the values in the order of the text, each with the number of its shape and its key in its
/// object (empty in an array). What is refused ends the reading; its place is put before it.
class JsonSink {
 public:
  using Refusal = std::optional<Rejection>;
  virtual ~JsonSink() = default;
  /// An object or array begins, ends.
  virtual Refusal begin(std::size_t shape, std::string_view key) = 0;
  virtual Refusal end(std::size_t shape) = 0;
  virtual Refusal text(std::size_t shape, std::string_view key, std::string_view value) = 0;
  virtual Refusal whole(std::size_t shape, std::string_view key, std::int64_t value) = 0;
  virtual Refusal truth(std::size_t shape, std::string_view key, bool value) = 0;
};

/// Nothing when all of the text was given to the sink, otherwise what is wrong at which place.
std::optional<Rejection> read_json(std::string_view text, std::span<const JsonShape> shapes,
                                   JsonSink& sink);

/// "/members/3/owned": one more step on the way to a place, a key as a message may show it.
std::string place_below(std::string_view place, std::string_view key);

}  // namespace muster::tools
