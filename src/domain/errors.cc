#include "domain/errors.h"

#include <array>

namespace muster {
namespace {

constexpr std::array kTraits{
    ErrorTraits{ErrorCode::kNone, "NONE", false},
    ErrorTraits{ErrorCode::kMalformedRequest, "MALFORMED_REQUEST", false},
    ErrorTraits{ErrorCode::kInternalError, "INTERNAL_ERROR", false},
    ErrorTraits{ErrorCode::kUnknownResource, "UNKNOWN_GROUP_TOPIC_OR_PARTITION", false},
    ErrorTraits{ErrorCode::kUnknownMember, "UNKNOWN_MEMBER", false},
    ErrorTraits{ErrorCode::kFenced, "FENCED", false},
    ErrorTraits{ErrorCode::kMemberIdInUse, "MEMBER_ID_IN_USE", true},
    ErrorTraits{ErrorCode::kMemberRemoved, "MEMBER_REMOVED", false},
    ErrorTraits{ErrorCode::kNotBound, "NOT_BOUND", false},
    ErrorTraits{ErrorCode::kTopicExists, "TOPIC_EXISTS", false},
    ErrorTraits{ErrorCode::kInvalidName, "INVALID_NAME", false},
    ErrorTraits{ErrorCode::kInvalidPartitionCount, "INVALID_PARTITION_COUNT", false},
    ErrorTraits{ErrorCode::kInvalidOffset, "INVALID_OFFSET", false},
    ErrorTraits{ErrorCode::kMetadataTooLarge, "METADATA_TOO_LARGE", false},
    ErrorTraits{ErrorCode::kInvalidTimeout, "INVALID_TIMEOUT", false},
    ErrorTraits{ErrorCode::kLimitReached, "LIMIT_REACHED", false},
    ErrorTraits{ErrorCode::kGroupNotEmpty, "GROUP_NOT_EMPTY", false},
    ErrorTraits{ErrorCode::kPartitionOwned, "PARTITION_OWNED", false},
    ErrorTraits{ErrorCode::kStorageFull, "STORAGE_FULL", true},
    ErrorTraits{ErrorCode::kUnsupportedVersion, "UNSUPPORTED_VERSION", false},
    ErrorTraits{ErrorCode::kHelloRequired, "HELLO_REQUIRED", false},
    ErrorTraits{ErrorCode::kFrameTooLarge, "FRAME_TOO_LARGE", false},
    ErrorTraits{ErrorCode::kTooManyConnections, "TOO_MANY_CONNECTIONS", true},
    ErrorTraits{ErrorCode::kShuttingDown, "SHUTTING_DOWN", true},
    ErrorTraits{ErrorCode::kDuplicateCorrelationId, "DUPLICATE_CORRELATION_ID", false},
    ErrorTraits{ErrorCode::kSlowReader, "SLOW_READER", true},
    ErrorTraits{ErrorCode::kInvalidStrategy, "INVALID_STRATEGY", false},
    ErrorTraits{ErrorCode::kInvalidPattern, "INVALID_PATTERN", false},
    ErrorTraits{ErrorCode::kGroupFull, "GROUP_FULL", true},
    ErrorTraits{ErrorCode::kNotLeader, "NOT_LEADER", false},
    ErrorTraits{ErrorCode::kStalePlan, "STALE_PLAN", false},
    ErrorTraits{ErrorCode::kInvalidPlan, "INVALID_PLAN", false},
    ErrorTraits{ErrorCode::kOffsetConflict, "OFFSET_CONFLICT", false},
    ErrorTraits{ErrorCode::kGroupSubscribed, "GROUP_SUBSCRIBED", false},
    ErrorTraits{ErrorCode::kResetUnderWay, "RESET_UNDER_WAY", true},
    ErrorTraits{ErrorCode::kUnavailable, "UNAVAILABLE", true},
    ErrorTraits{ErrorCode::kTimedOut, "TIMED_OUT", true},
    ErrorTraits{ErrorCode::kClosed, "CLOSED", false},
    ErrorTraits{ErrorCode::kNotOwned, "NOT_OWNED", false},
    ErrorTraits{ErrorCode::kLeaseLapsed, "LEASE_LAPSED", true},
    ErrorTraits{ErrorCode::kNotJoined, "NOT_JOINED", false},
    ErrorTraits{ErrorCode::kInvalidArgument, "INVALID_ARGUMENT", false},
    ErrorTraits{ErrorCode::kJournalUnreadable, "JOURNAL_UNREADABLE", false},
    ErrorTraits{ErrorCode::kQuietTime, "QUIET_TIME", true},
    ErrorTraits{ErrorCode::kInvalidImport, "INVALID_IMPORT", false},
    ErrorTraits{ErrorCode::kJournalExists, "JOURNAL_EXISTS", false},
    ErrorTraits{ErrorCode::kEndUnknown, "END_UNKNOWN", false},
    ErrorTraits{ErrorCode::kHistoryTrimmed, "HISTORY_TRIMMED", false},
    ErrorTraits{ErrorCode::kJournalUnwritable, "JOURNAL_UNWRITABLE", false},
};

}  // namespace

const ErrorTraits& traits_of(ErrorCode code) noexcept {
  const ErrorTraits* found = &kTraits[static_cast<std::size_t>(ErrorCode::kInternalError)];
  for (const ErrorTraits& traits : kTraits) {
    if (traits.code == code) found = &traits;
  }
  return *found;
}

}  // namespace muster
