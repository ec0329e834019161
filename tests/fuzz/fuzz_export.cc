// Any bytes as the lines of `muster journal import`: refused, or read, and then written and read
// again without a difference.

#include <algorithm>
#include <string>
#include <string_view>
#include <variant>

#include "codec/export_line.h"
#include "domain/assert.h"

namespace muster::fuzz {
namespace {

std::string line(codec::ExportText& text, const codec::ExportLine& what) {
  const auto written = text.line(what);
  MUSTER_ASSERT(written.has_value());
  MUSTER_ASSERT(!written->contains('\n'));
  return *written;
}

void run(std::string_view lines) {
  static codec::ExportText text;  // reading the schemas takes longer than a line
  while (!lines.empty()) {
    const std::string_view one = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(lines.size(), one.size() + 1));
    const auto read = text.parse(std::string(one));
    if (!read) {
      MUSTER_ASSERT(!read.error().message.empty() && read.error().message.size() < 1'024);
      continue;
    }
    const std::string written = line(text, *read);
    const auto again = text.parse(written);
    MUSTER_ASSERT(again && again->index() == read->index());
    MUSTER_ASSERT(line(text, *again) == written);
    if (const auto* event = std::get_if<codec::ExportEvent>(&*read)) {
      MUSTER_ASSERT(std::get<codec::ExportEvent>(*again).bytes == event->bytes);
    }
  }
}

}  // namespace
}  // namespace muster::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  muster::fuzz::run({reinterpret_cast<const char*>(data), size});
  return 0;
}
