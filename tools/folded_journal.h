// A state folded from a journal that answers as a server with this journal would, so that commands
// show both by the same code. There are no sessions and no end offsets: neither is journaled.
#pragma once

#include <limits>
#include <utility>

#include "coordinator/queries.h"
#include "tools/output.h"

namespace muster::tools {

class FoldedJournal {
 public:
  /// Refers to the state.
  explicit FoldedJournal(const domain::State& state)
      : view_{.state = state,
              .sessions = sessions_,
              .ends = ends_,
              .limits = limits_,
              .max_frame_bytes = std::numeric_limits<std::size_t>::max(),
              .now_ms = 0} {}
  FoldedJournal(const FoldedJournal&) = delete;  // the view refers to its neighbours
  FoldedJournal& operator=(const FoldedJournal&) = delete;

  /// As ServerLink::ask.
  template <typename Reply, typename Request>
  std::expected<Reply, Error> ask(const Request& request) {
    auto answer = coordinator::answer(view_, request);
    if (!answer) return std::unexpected(make_error(answer.error().code, answer.error().message));
    return std::move(*static_cast<Reply*>(answer->value));
  }

  /// As ServerLink::ask_pages.
  template <typename Reply, typename Request, typename Take>
  std::expected<void, Error> ask_pages(Request request, Take take) {
    for (bool more = true; more;) {
      auto reply = ask<Reply>(request);
      if (!reply) return std::unexpected(std::move(reply.error()));
      more = reply->more;
      take(*reply, request);
    }
    return {};
  }

 private:
  coordinator::Sessions sessions_;
  coordinator::EndOffsets ends_;
  Limits limits_;
  coordinator::View view_;
};

}  // namespace muster::tools
