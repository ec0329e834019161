#include "tools/why_words.h"

#include <fmt/format.h>

#include <algorithm>

namespace muster::tools {

std::string elapsed_text(std::int64_t elapsed_ms) {
  constexpr std::int64_t kSecond = 1'000;
  constexpr std::int64_t kMinute = 60 * kSecond;
  constexpr std::int64_t kHour = 60 * kMinute;
  constexpr std::int64_t kDay = 24 * kHour;
  const std::int64_t ms = std::max<std::int64_t>(elapsed_ms, 0);
  if (ms < kSecond) return fmt::format("{} ms", ms);
  if (ms < kMinute) {
    const std::int64_t tenths = ms % kSecond / 100;
    return tenths == 0 ? fmt::format("{} s", ms / kSecond)
                       : fmt::format("{}.{} s", ms / kSecond, tenths);
  }
  if (ms < kHour) return fmt::format("{} m {} s", ms / kMinute, ms % kMinute / kSecond);
  if (ms < kDay) return fmt::format("{} h {} m", ms / kHour, ms % kHour / kMinute);
  return fmt::format("{} d {} h", ms / kDay, ms % kDay / kHour);
}

std::string who_text(const domain::Cause& cause) {
  return cause.from.empty() ? cause.who : fmt::format("{} at {}", cause.who, cause.from);
}

std::string listed(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 4;
  std::string text;
  const std::size_t shown = names.size() <= kShown ? names.size() : kShown - 1;
  for (std::size_t i = 0; i < shown; ++i) {
    const bool last = i + 1 == names.size();
    text += fmt::format("{}{}", i == 0 ? "" : last ? " and " : ", ", names[i]);
  }
  if (shown < names.size()) text += fmt::format(" and {} more", names.size() - shown);
  return text;
}

std::string expiry_text(domain::ExpiryReason reason, std::uint32_t session_timeout_ms,
                        std::uint32_t disconnect_grace_ms) {
  if (session_timeout_ms == 0) return "expired";
  if (reason == domain::ExpiryReason::kSilence) {
    return fmt::format("expired: it was silent for its session timeout ({})",
                       elapsed_text(session_timeout_ms));
  }
  return fmt::format(
      "expired: it did not come back within its disconnect grace ({} after its connection ended)",
      elapsed_text(disconnect_grace_ms));
}

}  // namespace muster::tools
