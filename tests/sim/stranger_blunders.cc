// Requests that must be refused, and bytes that are none.

#include <utility>

#include "codec/frame.h"
#include "tests/sim/asked_offsets.h"
#include "tests/sim/names.h"
#include "tests/sim/stranger.h"

namespace muster::sim {

void Stranger::blunder_in_join(Random& random) {
  wire::JoinT join = a_join(random);
  join.resume = false;
  switch (random.below(8)) {
    case 0:
      join.session_timeout_ms = 3;
      break;
    case 1:
      join.rebalance_timeout_ms = 7;
      break;
    case 2:
      join.incarnation = 0;
      break;
    case 3:
      join.topics.clear();
      break;
    case 4:
      join.topics.assign(20, "no such topic");
      for (std::size_t i = 0; i < join.topics.size(); ++i) join.topics[i] += std::to_string(i);
      break;
    case 5:
      join.member_id = "line\nbreak";
      break;
    case 6:
      join.group = std::string(300, 'g');
      break;
    default:
      join.topics = {"no such topic"};
  }
  send(std::move(join));
}

void Stranger::blunder_in_commit(Random& random, std::uint64_t kind) {
  const Place place = a_place(random);
  wire::CommitT commit;
  commit.group = place.group;
  const std::size_t items = kind == 0 ? 0 : kind == 1 ? 60 : kind == 2 ? 2 : 1;
  for (std::size_t i = 0; i < items; ++i) {
    auto item = std::make_unique<wire::CommitItemT>();
    item->topic = place.topic;
    item->partition = place.partition;
    item->fence = place.fence;
    if (kind == 3) item->offset = -5;
    if (kind == 4) item->metadata = std::string(5'000, 'm');
    if (kind == 5) item->partition = 99'999;
    if (kind == 6) item->fence = place.fence + 1'000'000;
    if (kind == 7) item->fence = 0;
    commit.items.push_back(std::move(item));
  }
  if (random.chance(500)) write_by_topic(commit);
  send(std::move(commit));
}

void Stranger::blunder(std::uint64_t number) {
  Random random(number);
  switch (random.below(8)) {
    case 0: {
      wire::CreateTopicT create;
      create.name = random.chance(500) ? std::string() : a_topic(random);
      create.partitions = random.chance(500) ? 0 : 5'000;
      return send(std::move(create));
    }
    case 1: {
      wire::CreateTopicT create;
      create.name = "one more " + std::to_string(random.below(9));
      create.partitions = 1;
      return send(std::move(create));
    }
    case 2:
    case 3:
      return blunder_in_join(random);
    case 4: {
      wire::CommitT commit;
      commit.group = "group too many " + std::to_string(random.below(5));
      commit.items.push_back(std::make_unique<wire::CommitItemT>());
      commit.items.back()->topic = a_topic(random);
      return send(std::move(commit));
    }
    case 5: {
      wire::DescribeGroupT describe;
      describe.group = "no such group";
      return send(std::move(describe));
    }
    default:
      return blunder_in_commit(random, random.below(8));
  }
}

void Stranger::make_noise(std::uint64_t number) {
  coverage_.fault(Fault::kGarbage);
  Random random(number);
  const std::string status = codec::encode_request(++correlation_, wire::StatusT());
  const std::uint64_t kind = random.below(8);
  if (kind < 3) hang_up();
  switch (kind) {
    case 0: {  // no hello
      greets_ = false;
      return send_bytes(status);
    }
    case 1: {
      greets_ = false;
      wire::HelloT hello;
      hello.oldest_version = 70;
      hello.newest_version = 71;
      hello.client_id = name_;
      return send_bytes(codec::encode_request(++correlation_, std::move(hello)));
    }
    case 2: {
      greets_ = false;
      return send_bytes("GET / HTTP/1.1\r\n\r\n");
    }
    case 3: {
      wire::HelloT hello;  // a second one
      hello.oldest_version = hello.newest_version = 1;
      hello.client_id = name_;
      return send_bytes(codec::encode_request(++correlation_, std::move(hello)));
    }
    case 4: {  // the same correlation id twice: a change, so that the first still waits for the
               // disk
      wire::CreateTopicT create;
      create.name = a_topic(random);
      create.partitions = 2;
      return send_bytes(codec::encode_request(correlation_, create) +
                        codec::encode_request(correlation_, create));
    }
    case 5:
      return send_bytes(codec::encode_request(0, wire::StatusT()));
    case 6: {  // a frame that lies in the middle
      std::string broken = status;
      for (std::size_t i = codec::kFrameHeaderBytes; i < broken.size(); ++i) {
        if (random.chance(200)) broken[i] = static_cast<char>(random.below(256));
      }
      return send_bytes(std::move(broken));
    }
    default: {  // more requests than may be in flight
      std::string flood;
      for (std::uint64_t i = random.between(20, 60); i > 0; --i) {
        flood += codec::encode_request(++correlation_, wire::StatusT());
      }
      return send_bytes(std::move(flood));
    }
  }
}

}  // namespace muster::sim
