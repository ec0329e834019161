// What musterd was told: flags, and the file that --config names, with the same names. Flags win.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "coordinator/pipeline.h"
#include "daemon/listen_address.h"
#include "daemon/logging.h"
#include "journal/gathering.h"
#include "journal/retention.h"

namespace muster::daemon {

/// One option as it was told, for those who compare and show.
struct Setting {
  std::string name;    // without dashes
  std::string value;   // several are separated by commas
  bool given = false;  // by a flag or the file; false: the default
};

struct Configuration {
  bool check_only = false;  // nothing is to be started
  std::string data_dir;
  std::vector<ListenAddress> listen;  // at least one
  LogFormat log_format = LogFormat::kText;
  std::string log_level = "info";

  coordinator::Settings coordinator;

  std::size_t max_connections = 20'000;
  bool max_connections_asked = false;  // false: a default, lowered to what fits
  std::uint32_t hello_timeout_ms = 10'000;
  std::uint32_t shutdown_timeout_ms = 10'000;

  journal::BatchLimits batch;
  /// The most that the journal's file may come to; address space, which costs nothing until used.
  std::uint64_t max_journal_bytes = std::uint64_t{1} << 40;
  /// Kept free for releases, leaves, fences and trimming when everything else is refused.
  std::uint64_t journal_reserve_bytes = std::uint64_t{64} << 20;
  journal::RetentionSettings retention;

  std::vector<Setting> settings;  // all that may stand in a file
};

/// Why there is nothing to run: help or version was asked for (status 0), or the arguments are
/// wrong (status 2).
struct NothingToRun {
  int exit_status = 0;
  std::string text;  // for stdout when the status is 0, for stderr otherwise
};

/// musterd(8), written from the options.
std::string manual_page();

/// What no single option can see. Returns a sentence, or nothing when all fits together.
std::optional<std::string> contradiction(const Configuration& told);

/// `arguments` without the program's name.
std::expected<Configuration, NothingToRun> parse_configuration(std::vector<std::string> arguments);

}  // namespace muster::daemon
