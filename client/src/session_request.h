// Requests that name the member, ready to be sent. Shared by the session's own files.
#pragma once

#include <utility>

#include "client/src/session.h"

namespace muster {

template <typename Body>
Body Session::speaking_as_member() const {
  Body body;
  body.group = options_.group;
  body.member_id = options_.member_id;
  body.incarnation = incarnation_;
  return body;
}

template <typename Body>
void Session::request(std::uint64_t now_ms, RequestKind kind, Body body, InFlight details) {
  details.kind = kind;
  details.sent_at_ms = now_ms;
  details.incarnation = incarnation_;
  SessionRequest& request = requests_.emplace_back();
  request.id = ++last_request_;
  request.body.Set(std::move(body));
  in_flight_.emplace(request.id, std::move(details));
}

}  // namespace muster
