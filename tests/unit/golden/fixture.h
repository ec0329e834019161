// A golden fixture: named pieces of bytes, as hexadecimal digits in a text file.
//
//   # for people
//   name
//     0a0b0c ...   (any number of lines)
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace muster::golden {

class Fixture {
 public:
  /// A file of the folder of today's format; throws when it can't be read.
  explicit Fixture(const std::string& file);

  /// The names in the order of the file.
  std::vector<std::string> names() const;
  /// Throws when there is none of that name.
  const std::string& bytes(const std::string& name) const;

  /// Fails the test case, unless the fixture has exactly these bytes under the name. The message
  /// says what a changed format means, and shows the bytes of today.
  void require_same(const std::string& name, const std::string& bytes_today) const;

 private:
  std::string path_;
  std::vector<std::pair<std::string, std::string>> pieces_;
};

}  // namespace muster::golden
