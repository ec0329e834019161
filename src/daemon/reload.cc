#include "daemon/reload.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "domain/assert.h"

namespace muster::daemon {
namespace {

/// By their names in the configuration. The journal's room is shared out by the first four; the
/// frame was told to every connection; sockets and the form of the log are made at start.
constexpr std::array<std::string_view, 9> kFixed{"max-journal-bytes",
                                                 "journal-reserve-bytes",
                                                 "max-pending-journal-bytes",
                                                 "data-dir",
                                                 "listen",
                                                 "log-format",
                                                 "max-frame-bytes",
                                                 "max-batch-events",
                                                 "max-batch-bytes"};

bool is_fixed(std::string_view name) { return std::ranges::find(kFixed, name) != kFixed.end(); }

/// `asked`, with what is fixed as it runs.
Configuration merged(const Configuration& running, Configuration asked) {
  asked.data_dir = running.data_dir;
  asked.listen = running.listen;
  asked.log_format = running.log_format;
  asked.batch = running.batch;
  asked.max_journal_bytes = running.max_journal_bytes;
  asked.journal_reserve_bytes = running.journal_reserve_bytes;
  asked.coordinator.max_frame_bytes = running.coordinator.max_frame_bytes;
  asked.coordinator.max_pending_journal_bytes = running.coordinator.max_pending_journal_bytes;
  return asked;
}

}  // namespace

std::expected<Reload, std::string> reload(const Configuration& running, Configuration asked) {
  MUSTER_ASSERT(running.settings.size() == asked.settings.size());
  Reload done{.configuration = merged(running, std::move(asked)), .changed = {}, .left = {}};
  if (auto found = contradiction(done.configuration)) return std::unexpected(std::move(*found));
  for (std::size_t i = 0; i < running.settings.size(); ++i) {
    Setting& now = done.configuration.settings[i];
    const Setting& before = running.settings[i];
    if (now.value == before.value) continue;
    if (is_fixed(now.name)) {
      done.left.push_back(fmt::format("{} is another now: that takes a restart", now.name));
      now = before;  // so that the next reload says it again
    } else {
      done.changed.push_back(
          fmt::format("{} is {} now, it was {}", now.name, now.value, before.value));
    }
  }
  return done;
}

}  // namespace muster::daemon
