// Requests of the wire as commands of the domain: who asks, and what is asked.
#pragma once

#include <optional>

#include "codec/wire.h"
#include "coordinator/connection.h"
#include "domain/commands.h"

namespace muster::coordinator {

/// The command that a request is. Nothing when it is no command but a question about the state, or
/// speaks of the session alone. Facts about the session are filled in by the pipeline.
std::optional<domain::Command> command_of(wire::RequestBodyUnion& body,
                                          const Connection& connection);

/// Commits come hundreds of thousands of times a second: they are read where they lie.
domain::Command command_of(const wire::Commit& request);

/// Who brought the command about, for the events that come of it.
domain::Cause cause_of(const domain::Command& command, const Connection& connection);

}  // namespace muster::coordinator
