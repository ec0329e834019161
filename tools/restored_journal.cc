#include "tools/restored_journal.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "codec/event.h"
#include "tools/arguments.h"
#include "tools/journal.h"
#include "tools/time_argument.h"

namespace muster::tools {
namespace {

/// More events than a journal takes in its life: half a million a second for a year.
constexpr FencingToken kLostFuture = FencingToken{1} << 44;

/// No journal takes more than 2 million events a second (LMDB takes 1.25), so by this clock a
/// restore begins above whatever was appended before it. Below 2^53, where JSON readers begin to
/// round, until the year 2109.
constexpr FencingToken kTokensAMillisecond = 2'048;

constexpr std::uint32_t kShortestDefaultMs = 30'000;

}  // namespace

/// The first term alone is not enough: a backup that is restored twice, because the first restore
/// was lost too, would give the same tokens twice. The second alone would trust the clock.
FencingToken next_fence_base(const journal::Header& former, std::int64_t wall_ms) {
  const FencingToken by_clock =
      static_cast<FencingToken>(std::max<std::int64_t>(wall_ms, 0)) * kTokensAMillisecond;
  return std::max(former.fence_base + former.last_sequence + kLostFuture, by_clock);
}

std::uint32_t default_quiet_time_ms(const domain::State& state) {
  std::uint32_t longest_ms = kShortestDefaultMs;
  for (const auto& [name, group] : state.groups) {
    for (const auto& [seat, member] : group.members) {
      longest_ms = std::max(longest_ms, domain::lease_ms(member.settings));
    }
  }
  return longest_ms;
}

std::expected<Restored, Error> make_restored(journal::Reader& from, const journal::Header& former,
                                             const domain::State& state,
                                             const RestoreOptions& options, NewJournal& made) {
  const std::int64_t now_ms = wall_clock_ms();
  const std::uint32_t quiet_time_ms = options.quiet_time_ms.value_or(default_quiet_time_ms(state));
  const journal::Header header{.journal_id = journal::draw_journal_id(),
                               .fence_base = next_fence_base(former, now_ms),
                               .boot = 0,
                               .first_sequence = options.range.first_sequence};
  auto builder = made.build(header);
  if (!builder) return std::unexpected(builder.error());
  auto written = copy_journal(from, options.range, *builder);
  if (written) {
    written = builder->append(codec::encode_event(
        {.time_ms = now_ms,
         .cause = {.kind = domain::CauseKind::kOperator, .who = "muster journal", .from = {}},
         .body = domain::JournalRestored{.former_journal_id = journal::text(former.journal_id),
                                         .former_last_sequence = options.range.last_sequence,
                                         .fence_base = header.fence_base,
                                         .quiet_time_ms = quiet_time_ms}}));
  }
  if (written) written = builder->finish();
  if (!written) return std::unexpected(new_journal_error(written.error()));
  const auto restored = verify_copy(made.draft_directory());
  if (!restored) return std::unexpected(restored.error());
  if (auto placed = made.put_in_place(); !placed) return std::unexpected(placed.error());
  return Restored{.header = builder->header(),
                  .quiet_time_ms = quiet_time_ms,
                  .state_digest = restored->digest};
}

void put_restored(Json& json, const Restored& restored) {
  json["journal_id"] = journal::text(restored.header.journal_id);
  json["fence_base"] = restored.header.fence_base;
  json["first_sequence"] = restored.header.first_sequence;
  json["last_sequence"] = restored.header.last_sequence;
  json["quiet_time_ms"] = restored.quiet_time_ms;
  json["state_digest"] = domain::digest_text(restored.state_digest);
}

std::string restored_text(const Restored& restored) {
  return fmt::format(
      "Journal {}: sequences {} to {}, tokens above {}, state digest {}.\n"
      "Every member and token has ended. Quiet time {}: so long after its start musterd assigns\n"
      "nothing, until no worker of the time before can still be at work. That is the longest "
      "lease\n"
      "in the backup, at least 30s, unless --quiet-time said otherwise: say a longer one if "
      "workers\n"
      "with longer leases may have joined since the backup.\n",
      journal::text(restored.header.journal_id), restored.header.first_sequence,
      restored.header.last_sequence, restored.header.fence_base,
      domain::digest_text(restored.state_digest), duration_text(restored.quiet_time_ms));
}

void add_quiet_time_option(CLI::App& command, std::optional<std::uint32_t>& quiet_time_ms) {
  command
      .add_option_function<std::string>(
          "--quiet-time",
          [&quiet_time_ms](const std::string& text) {
            quiet_time_ms = text == "0" ? std::optional<std::uint32_t>(0) : parse_duration_ms(text);
            if (!quiet_time_ms) {
              throw CLI::ValidationError("--quiet-time", "use a duration, as 30s or 2m, or 0");
            }
          },
          "How long musterd assigns nothing after its start (default: the longest lease of a "
          "member, "
          "at least 30s; 0: only tokens protect from workers of the time before)")
      ->type_name("DURATION");
}

}  // namespace muster::tools
