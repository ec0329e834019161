#include "end_to_end/temporary_directory.h"

#include <cstdlib>
#include <stdexcept>
#include <system_error>

namespace muster::e2e {

TemporaryDirectory::TemporaryDirectory() {
  std::string pattern = (std::filesystem::temp_directory_path() / "muster-test-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) {
    throw std::runtime_error("no temporary directory can be made as " + pattern);
  }
  path_ = pattern;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;  // what can't be removed is left to the system's own cleaning
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace muster::e2e
