// What there is to look at: a daemon with topic "orders", group "billing" with member "pod-0", and
// an empty group "audit".
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "end_to_end/command_line.h"
#include "end_to_end/daemon.h"
#include "end_to_end/member.h"

namespace muster::e2e {

struct BillingScene {
  Daemon daemon{{"--gathering-window-ms", "0"}};
  Member member{daemon.address(), {.group = "billing", .member_id = "pod-0", .topics = {"orders"}}};

  BillingScene() {
    create_topic(member.client(), "orders", 2);
    member.join();
    REQUIRE(pump_until({&member}, [&] { return member.held().size() == 2; }));
    muster({"--server", daemon.address(), "group", "configure", "audit", "--strategy", "sticky"});
  }

  std::vector<std::string> command(std::vector<std::string> words) const {
    words.insert(words.begin(), {MUSTER_BINARY, "--server", daemon.address()});
    return words;
  }
};

}  // namespace muster::e2e
