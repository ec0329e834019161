// Questions about the state. They change nothing; their answers are parked like every reply, since
// a read must not show what a crash could take back (durable-before-visible).
#pragma once

#include <cstdint>

#include "coordinator/answer.h"
#include "coordinator/end_offsets.h"
#include "coordinator/sessions.h"
#include "domain/limits.h"
#include "domain/state.h"
#include "journal/reader.h"

namespace muster::coordinator {

/// All that a question may look at.
struct View {
  const domain::State& state;
  const Sessions& sessions;
  const EndOffsets& ends;
  const Limits& limits;
  std::size_t max_frame_bytes;
  std::uint64_t now_ms;                  // of the session clock
  std::uint32_t quiet_remaining_ms = 0;  // of the quiet time after a restore
};

Answer answer(const View& view, const wire::DescribeTopicT& query);
Answer answer(const View& view, const wire::ListTopicsT& query);
Answer answer(const View& view, const wire::FetchOffsetsT& query);
Answer answer(const View& view, const wire::CheckFenceT& query);
Answer answer(const View& view, const wire::ListGroupsT& query);
Answer answer(const View& view, const wire::DescribeGroupT& query);
Answer answer(const View& view, const wire::ListMembersT& query);
Answer answer(const View& view, const wire::ListPartitionsT& query);
Answer answer(const View& view, const wire::HoldingsT& query);

/// What happened, as far as it is durable.
struct History {
  journal::Reader& reader;
  Sequence durable_sequence;
};

/// One page of events. Looks at no more than 2,000 records and half a frame of bytes: the asker
/// goes on from `reached`. INTERNAL_ERROR when the journal can't be read.
Answer answer(const View& view, const History& history, const wire::ListEventsT& query);

/// The reply to a join or resume that succeeded: the member as the state has it now.
wire::JoinReplyT join_reply(const View& view, const domain::Group& group,
                            const domain::Member& member);

/// The reply to whoever asks for a topic, or made or expanded it.
wire::TopicReplyT topic_reply(const domain::State& state, const domain::Topic& topic);

}  // namespace muster::coordinator
