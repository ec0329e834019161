#include "tools/offset_questions.h"

#include <utility>

namespace muster::tools {

std::expected<CommittedOffsets, Error> ask_offsets(ServerLink& link, const std::string& group) {
  CommittedOffsets offsets;
  wire::FetchOffsetsT first;
  first.group = group;
  const auto asked = link.ask_pages<wire::OffsetsReplyT>(
      std::move(first), [&](wire::OffsetsReplyT& page, wire::FetchOffsetsT& request) {
        for (auto& offset : page.offsets) offsets.push_back(std::move(offset));
        if (!offsets.empty()) {
          request.after_topic = offsets.back()->topic;
          request.after_partition = offsets.back()->partition;
        }
        return page.offsets.size();
      });
  if (!asked) return std::unexpected(asked.error());
  return offsets;
}

}  // namespace muster::tools
