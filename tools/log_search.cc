#include "tools/log_search.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "codec/event.h"
#include "tools/journal.h"

namespace muster::tools {
namespace {

// What a page holds at most, besides the event that goes beyond it.
constexpr std::size_t kPageEvents = 4'096;
constexpr std::size_t kPageBytes = std::size_t{4} << 20;

// A step back holds a number for each event in it.
constexpr Sequence kMostStep = Sequence{1} << 20;

constexpr std::uint64_t kProgressEvery = 10'000;

}  // namespace

LogSearch::LogSearch(journal::Reader& reader, const LogFilter& filter)
    : reader_(reader),
      filter_(filter),
      look_up_(reader),
      names_([this](TopicId topic) { return look_up_.name_of(topic); }) {}

std::expected<FoundPage, Error> LogSearch::next(Sequence from, Sequence to) {
  FoundPage page{.events = {}, .reached = from - 1};
  std::optional<Error> wrong;
  std::size_t page_bytes = 0;
  const auto take = [&](std::uint64_t sequence, std::string_view bytes) {
    auto event = codec::decode_event(bytes);
    if (!event) {
      wrong = undecodable(sequence, event.error().message);
      return false;
    }
    page.reached = sequence;
    if (++looked_at_ % kProgressEvery == 0 && progress_) progress_(looked_at_);
    if (!filter_.may_want(*event)) return true;
    page.events.push_back({.sequence = sequence, .event = std::move(*event)});
    page_bytes += bytes.size();
    return page.events.size() < kPageEvents && page_bytes < kPageBytes;
  };
  const auto read = reader_.read(from, to, take);
  // What was found before the damage is shown; the next page begins with it.
  if (page.reached < from) {
    if (wrong) return std::unexpected(std::move(*wrong));
    if (!read) return std::unexpected(journal_error(read.error().message));
  }
  std::erase_if(page.events,
                [&](const FoundEvent& found) { return !filter_.wants(found.event, names_); });
  return page;
}

std::expected<std::optional<Sequence>, Error> LogSearch::start_of_last(Sequence from, Sequence to,
                                                                       std::uint64_t count) {
  // Backwards in growing steps, forwards within each.
  std::optional<Sequence> start;
  std::uint64_t left = count;
  Sequence step = kPageEvents;
  for (Sequence end = to; end >= from && end > 0 && left > 0;
       step = std::min(2 * step, kMostStep)) {
    const Sequence begin = end - from < step ? from : end - step + 1;
    std::vector<Sequence> wanted;
    for (Sequence next_one = begin; next_one <= end;) {
      const auto page = next(next_one, end);
      if (!page) return std::unexpected(page.error());
      if (page->reached < next_one) break;  // the journal ends before
      next_one = page->reached + 1;
      for (const FoundEvent& found : page->events) wanted.push_back(found.sequence);
    }
    if (!wanted.empty()) start = wanted[wanted.size() - std::min<std::size_t>(wanted.size(), left)];
    left -= std::min<std::uint64_t>(wanted.size(), left);
    end = begin - 1;
  }
  return start;
}

}  // namespace muster::tools
