#include "daemon/descriptors.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>

#include "domain/assert.h"

namespace muster::daemon {

std::size_t raise_descriptor_limit(std::size_t wanted) {
  rlimit limit{};
  const int result = getrlimit(RLIMIT_NOFILE, &limit);
  MUSTER_ASSERT(result == 0);
  if (limit.rlim_cur >= wanted) return limit.rlim_cur;
  // The hard limit may be raised by a privileged process only; anybody may go up to it.
  const rlimit raised_hard{.rlim_cur = std::max<rlim_t>(wanted, limit.rlim_max),
                           .rlim_max = std::max<rlim_t>(wanted, limit.rlim_max)};
  if (setrlimit(RLIMIT_NOFILE, &raised_hard) == 0) return raised_hard.rlim_cur;
  const rlimit raised_soft{.rlim_cur = limit.rlim_max, .rlim_max = limit.rlim_max};
  if (setrlimit(RLIMIT_NOFILE, &raised_soft) == 0) return raised_soft.rlim_cur;
  return limit.rlim_cur;
}

std::expected<std::size_t, std::string> fit_connections(std::size_t asked, bool asked_explicitly,
                                                        std::size_t descriptors) {
  const std::size_t fitting =
      descriptors > kReservedDescriptors ? descriptors - kReservedDescriptors : 0;
  if (asked <= fitting) return asked;
  if (!asked_explicitly && fitting > 0) return fitting;
  return std::unexpected(fmt::format(
      "max-connections is {}, but this process may open {} files (RLIMIT_NOFILE), of which {} are "
      "kept for the journal, the log and the listeners, so {} connections fit. Lower "
      "--max-connections to {}, or raise the limit to {} (ulimit -n, or LimitNOFILE= of systemd).",
      asked, descriptors, kReservedDescriptors, fitting, fitting, asked + kReservedDescriptors));
}

}  // namespace muster::daemon
