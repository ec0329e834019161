#include "tools/offset_commits.h"

#include <utility>

#include "tools/output.h"

namespace muster::tools {
namespace {

constexpr std::chrono::milliseconds kWaitAfterFailure{500};

/// Digits alone, and too many of them.
bool looks_like_offset(std::string_view line) {
  return !line.empty() && line.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

OutputRelay::Source OffsetCommits::source(const std::vector<Partition>& partitions, bool one) {
  const auto command = std::make_shared<Command>();
  command->one = one;
  for (const Partition& each : partitions) {
    command->works_on[{.topic = each.topic, .partition = each.index}] = each.fence;
  }
  return {.take = [this, command](std::string_view line) { return take(*command, line); },
          .unended =
              [this, command](std::string_view rest) {
                const bool is_offset = command->one ? parse_offset_line(rest).has_value()
                                                    : parse_partition_offset_line(rest).has_value();
                if (!is_offset) return;
                warn(*command, "ended in \"" + std::string(rest) +
                                   "\" without a newline: not committed, for it may be cut off. "
                                   "End each offset with a newline.");
              }};
}

bool OffsetCommits::take(Command& command, std::string_view line) {
  PartitionOffset read;
  if (command.one) {
    const auto offset = parse_offset_line(line);
    if (!offset && looks_like_offset(line)) {
      warn(command, "printed " + shortened(line, 40) +
                        ", which is no offset: the largest is 9223372036854775807. Passed on.");
    }
    if (!offset) return false;
    read = {.place = command.works_on.begin()->first, .offset = *offset};
  } else {
    auto named = parse_partition_offset_line(line);
    if (!named) return false;
    read = std::move(*named);
  }
  const auto told = command.works_on.find(read.place);
  if (told == command.works_on.end()) {
    warn(command, "printed an offset of " + read.place.text() +
                      ", which it was not given: not committed. It may commit the partitions "
                      "that its standard input lists.");
    return true;
  }
  const auto before = printed_.newest(read.place, told->second);
  if (printed_.note(read.place, told->second, read.offset) == PrintedOffsets::Noted::kLower) {
    const std::string of = command.one ? "" : " of " + read.place.text();
    warn(command, "printed offset " + std::to_string(read.offset) + of + " after " +
                      std::to_string(*before) +
                      ": not committed, offsets only rise. Print the next offset to read.");
  }
  return true;
}

void OffsetCommits::warn(Command& command, const std::string& text) {
  if (std::exchange(command.warned, true)) return;
  log_((command.one ? command.works_on.begin()->first.text() + ": " : std::string()) +
       "the command " + text);
}

void OffsetCommits::advance(SteadyTime now) {
  if (again_at_ && now < *again_at_) return;
  again_at_.reset();
  auto batch = printed_.take_batch();
  if (batch.empty()) return;
  errands_.post([this, batch = std::move(batch)] {
    auto outcome = consumer_.commit_offsets(batch);
    inbox_.post([this, outcome = std::move(outcome)] { answered(outcome); });
  });
}

void OffsetCommits::answered(const std::expected<void, Error>& outcome) {
  if (const auto dropped = printed_.answered(outcome)) {
    log_(PartitionArgument{.topic = dropped->topic, .partition = dropped->partition}.text() +
         ": offset " + std::to_string(dropped->offset) +
         " was not committed: " + outcome.error().message);
  } else if (!outcome && outcome.error().retriable) {
    again_at_ = std::chrono::steady_clock::now() + kWaitAfterFailure;
    if (!std::exchange(failing_, true)) {
      log_("offsets wait to be committed: " + outcome.error().name + ": " +
           outcome.error().message);
    }
  } else if (outcome && std::exchange(failing_, false)) {
    log_("offsets are committed again.");
  }
}

}  // namespace muster::tools
