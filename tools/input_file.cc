#include "tools/input_file.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace muster::tools {
namespace {

struct CloseInput {
  void operator()(std::FILE* file) const {
    if (file != stdin) std::fclose(file);
  }
};
using File = std::unique_ptr<std::FILE, CloseInput>;

}  // namespace

std::expected<std::string, Error> read_input(const std::string& path, std::size_t bytes_max,
                                             std::string_view instead) {
  const auto failed = [&] {
    return std::unexpected(make_error(ErrorCode::kInvalidArgument,
                                      "The input '" + path + "' can't be read (" +
                                          std::strerror(errno) + "): give a file that can" +
                                          std::string(instead) + "."));
  };
  const File file(path == "-" ? stdin : std::fopen(path.c_str(), "rb"));
  if (file == nullptr) return failed();
  constexpr std::size_t kPiece = std::size_t{1} << 20;
  std::string text;
  while (text.size() <= bytes_max) {
    const std::size_t before = text.size();
    text.resize(before + kPiece);
    const std::size_t count = std::fread(text.data() + before, 1, kPiece, file.get());
    text.resize(before + count);
    if (std::ferror(file.get()) != 0) return failed();
    if (count == 0) break;
  }
  return text;
}

}  // namespace muster::tools
