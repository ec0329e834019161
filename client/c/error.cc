// Errors and strings of the C interface.
#include <muster_version.h>

#include <cstdlib>
#include <cstring>

#include "client/c/handles.h"

namespace muster::c {
namespace {

/// Made before memory can run out, and never freed.
muster_error& out_of_memory() {
  static muster_error error{make_error(
      ErrorCode::kInternalError,
      "There is no memory for this call. Nothing was changed, unless an answer had no room.")};
  return error;
}
[[maybe_unused]] const muster_error& out_of_memory_made = out_of_memory();

}  // namespace

int fail(muster_error** error, Error why) noexcept {
  const int code = static_cast<int>(why.code);
  if (error == nullptr) return code;
  auto* given = new (std::nothrow) muster_error{std::move(why)};
  *error = given == nullptr ? &out_of_memory() : given;
  return code;
}

int fail_out_of_memory(muster_error** error) noexcept {
  if (error != nullptr) *error = &out_of_memory();
  return MUSTER_ERROR_INTERNAL;
}

Error null_handle() {
  return invalid_argument(
      "A handle that the call needs is NULL. Pass what a ..._new function has given.");
}

Error incomplete_handle() {
  return make_error(ErrorCode::kInternalError,
                    "There was no memory for something that was set or added before. Make the "
                    "options or commits anew.");
}

char* copied(const std::string& string) noexcept {
  auto* copy = static_cast<char*>(std::malloc(string.size() + 1));
  if (copy != nullptr) std::memcpy(copy, string.c_str(), string.size() + 1);
  return copy;
}

}  // namespace muster::c

using muster::c::read_or;

extern "C" {

const char* muster_version(void) { return MUSTER_VERSION; }

void muster_string_free(char* string) { std::free(string); }

int muster_error_code(const muster_error* error) {
  return read_or(error, int{MUSTER_OK}, [](const auto& value) { return value.code; });
}
const char* muster_error_name(const muster_error* error) {
  return error == nullptr ? "NONE" : error->value.name.c_str();
}
const char* muster_error_message(const muster_error* error) {
  return error == nullptr ? "" : error->value.message.c_str();
}
bool muster_error_retriable(const muster_error* error) {
  return error != nullptr && error->value.retriable;
}
uint32_t muster_error_retry_after_ms(const muster_error* error) {
  return error == nullptr ? 0 : error->value.retry_after_ms;
}
uint64_t muster_error_current_fence(const muster_error* error) {
  return error == nullptr ? 0 : error->value.current_fence;
}
void muster_error_free(muster_error* error) {
  if (error != &muster::c::out_of_memory()) delete error;
}

}  // extern "C"
