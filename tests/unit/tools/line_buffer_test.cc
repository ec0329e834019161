#include "tools/line_buffer.h"

#include <doctest/doctest.h>

#include <vector>

using namespace muster::tools;

namespace {

struct Cut {
  LineBuffer buffer{8};
  std::vector<std::string> lines;
  std::vector<bool> whole;

  LineBuffer::Each each() {
    return [this](const Line& line) {
      lines.emplace_back(line.text);
      whole.push_back(line.whole);
    };
  }
  void add(std::string_view bytes) { buffer.add(bytes, each()); }
};

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("lines come out when their end has come, however they were written") {
  Cut cut;
  cut.add("on");
  CHECK(cut.lines.empty());
  cut.add("e\ntwo\n\nth");
  CHECK(cut.lines == Texts{"one", "two", ""});
  cut.add("ree\n");
  CHECK(cut.lines.back() == "three");
  CHECK(cut.whole == std::vector<bool>{true, true, true, true});
}

TEST_CASE("what no newline ends comes out at the end, as a piece") {
  Cut cut;
  cut.add("one\ntw");
  cut.buffer.end(cut.each());
  CHECK(cut.lines == Texts{"one", "tw"});
  CHECK(cut.whole == std::vector<bool>{true, false});
  cut.buffer.end(cut.each());
  CHECK(cut.lines.size() == 2);
}

TEST_CASE("a line that is too long comes in pieces, and its end is no line by itself") {
  Cut cut;
  cut.add("12345678");
  cut.add("9\n1\n");
  CHECK(cut.lines == Texts{"12345678", "9", "1"});
  CHECK(cut.whole == std::vector<bool>{false, false, true});
}
