#include "journal/zeros_ahead.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <string>

#include "journal/file_descriptor.h"
#include "journals.h"
#include "scratch_directory.h"

namespace muster::journal::test {
namespace {

constexpr std::uint64_t kPage = 4'096;

/// A file that is used up to `end`, as it is after a batch.
struct GrowingFile {
  ScratchDirectory scratch;
  FileDescriptor descriptor{
      ::open((scratch.path() / "file").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
  std::uint64_t end = 0;

  void grow_by(std::uint64_t bytes) {
    const std::string used(bytes, 'u');
    REQUIRE(::pwrite(descriptor.number(), used.data(), bytes, static_cast<off_t>(end)) ==
            static_cast<ssize_t>(bytes));
    end += bytes;
  }
  std::string content() const {
    std::string bytes(4 * kMiB, '?');
    const ssize_t read = ::pread(descriptor.number(), bytes.data(), bytes.size(), 0);
    REQUIRE(read >= 0);
    bytes.resize(static_cast<std::size_t>(read));
    return bytes;
  }
  /// What is used, and behind it zeros alone, if anything.
  bool is_sound() const {
    const std::string bytes = content();
    return bytes.find_first_not_of('u') == (bytes.size() == end ? std::string::npos : end) &&
           bytes.find_first_not_of('\0', end) == std::string::npos;
  }
};

}  // namespace

TEST_CASE("zeros lie behind the end alone, and not behind the limit, however the file grows") {
  GrowingFile file;
  ZerosAhead zeros;
  for (int batch = 0; batch < 200; ++batch) {
    file.grow_by(batch % 20 == 19 ? 40 * kPage : kPage);
    zeros.keep(file.descriptor.number(), file.end, kMiB);
    REQUIRE(file.is_sound());
    REQUIRE(file.content().size() <= std::max(file.end, kMiB));
  }
}

TEST_CASE("nothing is written ahead of a file that does not grow, or by large batches") {
  GrowingFile file;
  ZerosAhead zeros;
  file.grow_by(10 * kPage);
  for (int batch = 0; batch < 3; ++batch) zeros.keep(file.descriptor.number(), file.end, kMiB);
  CHECK(file.content().size() == file.end);
  file.grow_by(100 * kPage);
  zeros.keep(file.descriptor.number(), file.end, kMiB);
  CHECK(file.content().size() == file.end);
}

TEST_CASE("what can't be written ahead is no failure") {
  GrowingFile file;
  ZerosAhead zeros;
  file.grow_by(kPage);
  const FileDescriptor read_only(
      ::open((file.scratch.path() / "file").c_str(), O_RDONLY | O_CLOEXEC));
  for (int batch = 0; batch < 3; ++batch) {
    file.grow_by(kPage);
    zeros.keep(read_only.number(), file.end, kMiB);
  }
  CHECK(file.content().size() == file.end);
}

}  // namespace muster::journal::test
