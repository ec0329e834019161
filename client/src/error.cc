#include "muster/error.hpp"

#include <utility>

#include "domain/errors.h"

namespace muster {

Error make_error(ErrorCode code, std::string message) {
  const ErrorTraits& traits = traits_of(code);
  Error error;
  error.code = code;
  error.name = traits.name;
  error.message = std::move(message);
  error.retriable = traits.retriable;
  return error;
}

}  // namespace muster
