// Any bytes as the file of `muster offset import`, CSV or JSON: refused with a message that names
// the file, or read; and what was read comes back of either format as it was.

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "domain/assert.h"
#include "domain/names.h"
#include "tools/offset_file.h"

namespace muster::fuzz {
namespace {

tools::CommittedOffsets committed(const std::vector<tools::OffsetWish>& wishes) {
  tools::CommittedOffsets offsets;
  for (const tools::OffsetWish& wish : wishes) {
    auto& one = *offsets.emplace_back(std::make_unique<wire::CommittedOffsetT>());
    one.topic = wish.at.topic;
    one.partition = wish.at.partition;
    one.offset = wish.offset;
    one.metadata = wish.metadata;
  }
  return offsets;
}

void run(std::string_view text) {
  const auto wishes = tools::read_offsets(text, "offsets.csv");
  if (!wishes) {
    MUSTER_ASSERT(wishes.error().code == ErrorCode::kInvalidArgument);
    MUSTER_ASSERT(wishes.error().message.contains("'offsets.csv'"));
    return;
  }
  bool is_text = true;
  for (const tools::OffsetWish& wish : *wishes) {
    MUSTER_ASSERT(!wish.at.topic.empty() && wish.at.partition >= 0 && wish.offset >= -1);
    is_text = is_text && domain::is_printable_utf8(wish.at.topic + wish.metadata);
  }
  const tools::CommittedOffsets offsets = committed(*wishes);
  const auto from_csv = tools::read_offsets(tools::offsets_csv(offsets), "again");
  MUSTER_ASSERT(from_csv && *from_csv == *wishes);
  MUSTER_ASSERT(!tools::offsets_text("g", offsets).empty());
  if (!is_text) return;  // JSON is text; CSV keeps whatever bytes the metadata has
  const auto from_json = tools::read_offsets(tools::offsets_json("g", offsets).dump(), "again");
  MUSTER_ASSERT(from_json && *from_json == *wishes);
}

}  // namespace
}  // namespace muster::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  muster::fuzz::run({reinterpret_cast<const char*>(data), size});
  return 0;
}
