// Error codes: one a cause, the same number on the wire, in the client and in the tools. Apart from
// errors.h because the client's public headers carry it: it includes the standard library only.
#pragma once

#include <cstdint>

namespace muster {

/// Numbers are part of the protocol: append, never renumber.
enum class ErrorCode : std::uint16_t {
  kNone = 0,
  kMalformedRequest = 1,
  kInternalError = 2,
  kUnknownResource = 3,  // group, topic or partition
  kUnknownMember = 4,
  kFenced = 5,
  kMemberIdInUse = 6,
  kMemberRemoved = 7,
  kNotBound = 8,
  kTopicExists = 9,
  kInvalidName = 10,
  kInvalidPartitionCount = 11,
  kInvalidOffset = 12,
  kMetadataTooLarge = 13,
  kInvalidTimeout = 14,
  kLimitReached = 15,
  kGroupNotEmpty = 16,
  kPartitionOwned = 17,
  kStorageFull = 18,
  kUnsupportedVersion = 19,
  kHelloRequired = 20,
  kFrameTooLarge = 21,
  kTooManyConnections = 22,
  kShuttingDown = 23,
  kDuplicateCorrelationId = 24,
  kSlowReader = 25,
  kInvalidStrategy = 26,
  kInvalidPattern = 27,
  kGroupFull = 28,  // its own max_members
  kNotLeader = 29,
  kStalePlan = 30,        // made for a membership that is past, or that nobody asked for
  kInvalidPlan = 31,      // incomplete, doubled, or naming strangers
  kOffsetConflict = 32,   // compare and set: something else is committed
  kGroupSubscribed = 33,  // members of the group subscribe to the topic
  kResetUnderWay = 34,    // another live reset of the group waits for its partitions

  // From here on: the client's own, never on the wire.
  kUnavailable = 100,  // no server of the list answers
  kTimedOut = 101,     // no reply in time: it may have happened or not
  kClosed = 102,       // this client or consumer was closed
  kNotOwned = 103,     // the consumer does not own that partition
  kLeaseLapsed = 104,  // paused: no commits until the session is resumed
  kNotJoined = 105,
  kInvalidArgument = 106,
  kJournalUnreadable = 107,  // of the command line: missing, damaged or of a newer format
  kQuietTime = 108,          // why a join waits: the journal was restored from a backup
  kInvalidImport = 109,      // of the command line: the text is no export of a journal
  kJournalExists = 110,      // of the command line: a new journal was to be made where one is
  kEndUnknown = 111,         // of the command line: nobody has reported where a partition ends
  kHistoryTrimmed = 112,     // of the command line: the events that are needed were trimmed
  kJournalUnwritable = 113,  // of the command line: a new journal can't be made where it was to be
};

}  // namespace muster
