#include "tests/sim/coverage.h"

#include <wire_generated.h>

#include <utility>

#include "domain/errors.h"
#include "domain/events.h"

namespace muster::sim {
namespace {

constexpr std::array kFaultNames{
    "crash before the batch is durable",
    "crash after the batch is durable",
    "crash while idle",
    "crash with staged events",
    "crash that cuts replies",
    "graceful restart",
    "coordinator stopped",
    "host suspended",
    "wall clock jump",
    "slow disk",
    "full disk",
    "connection reset",
    "half-open connection",
    "split bytes",
    "joined bytes",
    "delayed bytes",
    "slow reader",
    "worker killed",
    "worker vanished",
    "worker stopped",
    "worker left",
    "worker closed",
    "twin",
    "takeover",
    "garbage",
    "reply lost",
    "lease lapsed",
    "worker stuck",
    "stuck worker gives back",
    "stuck worker goes on",
    "tight disk",
    "leader late",
    "leader wrong",
    "leader gone while asked",
    "leader unable",
    "leader asked again",
    "plan in slices",
    "plan outdated when it was done",
    "plan cut off between slices",
    "plan lost while it was computed",
    "restored from a backup",
    "rotten byte",
    "start from a snapshot",
    "trimmed history",
    "trimmed history listed",
    "owner rewinds",
    "live reset by a fence",
    "live reset by an owner that is gone",
    "live reset across a restart",
};
static_assert(kFaultNames.size() == static_cast<std::size_t>(Fault::kCount));

/// Not the coordinator's to say (the listener's), a defect if it is ever said, or (SLOW_READER)
/// beyond these small worlds: replies stop before the limit, so only pushes of very large groups
/// exceed it. back_pressure_test.cc and the end-to-end tests provoke that one.
bool is_out_of_reach(ErrorCode code) {
  return code == ErrorCode::kNone || code == ErrorCode::kInternalError ||
         code == ErrorCode::kTooManyConnections || code == ErrorCode::kSlowReader;
}

template <std::size_t Kind>
void append_event_names(std::vector<std::string>& names) {
  if constexpr (Kind < std::variant_size_v<domain::EventBody>) {
    const domain::EventBody body(std::in_place_index<Kind>);
    names.emplace_back(domain::event_name(body));
    append_event_names<Kind + 1>(names);
  }
}

void accumulate(auto& counts, const auto& others) {
  for (std::size_t i = 0; i < counts.size(); ++i) counts[i] += others[i];
}

}  // namespace

void Coverage::add(const Coverage& other) {
  accumulate(events_, other.events_);
  accumulate(refusals_, other.refusals_);
  accumulate(requests_, other.requests_);
  accumulate(messages_, other.messages_);
  for (const auto& [name, count] : other.strategies_) strategies_[name] += count;
  accumulate(faults_, other.faults_);
}

template <typename Visit>
void Coverage::each(Visit visit) const {
  std::vector<std::string> event_names;
  append_event_names<0>(event_names);
  for (std::size_t i = 0; i < event_names.size(); ++i) visit("event " + event_names[i], events_[i]);
  for (std::size_t i = 0; i < static_cast<std::size_t>(ErrorCode::kUnavailable); ++i) {
    const auto code = static_cast<ErrorCode>(i);
    if (traits_of(code).code != code || is_out_of_reach(code)) continue;
    visit("refusal " + std::string(traits_of(code).name), refusals_.at(i));
  }
  for (const wire::RequestBody kind : wire::EnumValuesRequestBody()) {
    if (kind == wire::RequestBody::NONE) continue;
    visit("request " + std::string(wire::EnumNameRequestBody(kind)),
          requests_.at(static_cast<std::size_t>(kind)));
  }
  for (const wire::ServerBody kind : wire::EnumValuesServerBody()) {
    if (kind == wire::ServerBody::NONE) continue;
    visit("message " + std::string(wire::EnumNameServerBody(kind)),
          messages_.at(static_cast<std::size_t>(kind)));
  }
  for (const char* name : {"round_robin", "range", "sticky", "leader"}) {
    const auto found = strategies_.find(name);
    visit("strategy " + std::string(name), found == strategies_.end() ? 0 : found->second);
  }
  for (std::size_t i = 0; i < faults_.size(); ++i) {
    visit("fault: " + std::string(kFaultNames[i]), faults_[i]);
  }
}

std::vector<std::string> Coverage::missing() const {
  std::vector<std::string> names;
  each([&](const std::string& name, std::uint64_t count) {
    if (count == 0) names.push_back(name);
  });
  return names;
}

std::string Coverage::table() const {
  std::string lines;
  each([&](const std::string& name, std::uint64_t count) {
    lines += "  " + name + ": " + std::to_string(count) + "\n";
  });
  return lines;
}

}  // namespace muster::sim
