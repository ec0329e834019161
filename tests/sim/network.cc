#include "tests/sim/network.h"

#include <utility>

namespace muster::sim {

Network::Line* Network::find(ConnectionId id) {
  const auto found = lines_.find(id);
  return found == lines_.end() ? nullptr : &found->second;
}

std::uint64_t Network::latency_us(Line& line) {
  if (line.random.chance(weather_.spike_permille)) {
    coverage_.fault(Fault::kDelayedBytes);
    return line.random.between(1'000, weather_.spike_ms_most * 1'000);
  }
  return line.random.between(20, weather_.latency_us_most);
}

void Network::push(ConnectionId id, Line& line, bool to_server, std::string piece) {
  if (to_server ? line.silent_to_server : line.silent_to_client) return;
  std::uint64_t& last_us = to_server ? line.server_last_us : line.client_last_us;
  last_us = std::max(last_us, schedule_.now_us() + latency_us(line));
  (to_server ? line.to_server : line.to_client).push_back(std::move(piece));
  schedule_.at_us(last_us, to_server ? Happening::kToServer : Happening::kToClient, id);
}

void Network::push_in_pieces(ConnectionId id, Line& line, bool to_server, std::string bytes) {
  while (bytes.size() > 1 && line.random.chance(weather_.split_permille)) {
    coverage_.fault(Fault::kSplitBytes);
    const std::size_t cut = line.random.between(1, bytes.size() - 1);
    push(id, line, to_server, bytes.substr(0, cut));
    bytes.erase(0, cut);
  }
  push(id, line, to_server, std::move(bytes));
}

// ---- the client's side -------------------------------------------------------------------------

ConnectionId Network::connect(Endpoint& client) {
  const ConnectionId id = ++last_id_;
  Line& line = lines_[id];
  line.client = &client;
  line.random = Random(mixed(seed_, id));
  schedule_.in_us(latency_us(line), Happening::kToServer, id);
  return id;
}

void Network::send(ConnectionId id, std::string_view bytes) {
  Line* line = find(id);
  if (line == nullptr || line->client == nullptr || bytes.empty()) return;
  push_in_pieces(id, *line, true, std::string(bytes));
}

void Network::close(ConnectionId id) {
  Line* line = find(id);
  if (line == nullptr || line->client == nullptr) return;
  line->client = nullptr;
  push(id, *line, true, {});
}

void Network::vanish(ConnectionId id) {
  go_silent(id, true, true);
  if (Line* line = find(id)) line->client = nullptr;
}

void Network::stop_reading(ConnectionId id, bool stop) {
  Line* line = find(id);
  if (line == nullptr) return;
  line->reader_stopped = stop;
  if (!stop) server_flush(id);
}

// ---- what breaks it ----------------------------------------------------------------------------

void Network::reset(ConnectionId id) {
  Line* line = find(id);
  if (line == nullptr) return;
  coverage_.fault(Fault::kConnectionReset);
  for (std::string& piece : line->to_server) piece.clear();  // each an end: the first counts
  for (std::string& piece : line->to_client) piece.clear();
  push(id, *line, true, {});
  push(id, *line, false, {});
}

void Network::go_silent(ConnectionId id, bool to_server, bool to_client) {
  Line* line = find(id);
  if (line == nullptr) return;
  coverage_.fault(Fault::kHalfOpen);
  line->silent_to_server |= to_server;
  line->silent_to_client |= to_client;
}

// ---- the coordinator's side --------------------------------------------------------------------

void Network::server_flush(ConnectionId id) {
  Line* line = find(id);
  if (line == nullptr || line->unsent.empty() || line->reader_stopped) return;
  push_in_pieces(id, *line, false, std::exchange(line->unsent, {}));
}

void Network::server_close(ConnectionId id) {
  Line* line = find(id);
  if (line == nullptr) return;
  line->reader_stopped = false;
  server_flush(id);
  line->server_open = false;
  readable_.erase(id);
  push(id, *line, false, {});
}

void Network::server_died() {
  for (auto& [id, line] : lines_) {
    if (!line.announced) continue;  // its first packet is still on the way
    if (!line.unsent.empty()) coverage_.fault(Fault::kReplyLost);
    line.unsent.clear();
    line.inbox.clear();
    line.inbox_ended = false;
    line.paused = false;
    line.reader_stopped = false;
    line.server_open = false;
    // What was on its way is cut at some point; what is left arrives, and then the end.
    if (!line.to_client.empty() && line.random.chance(500)) {
      coverage_.fault(Fault::kCutReplies);
      const std::size_t from = line.random.below(line.to_client.size());
      std::string& cut = line.to_client[from];
      cut.resize(cut.size() / 2);
      for (std::size_t i = from + 1; i < line.to_client.size(); ++i) line.to_client[i].clear();
    }
    push(id, line, false, {});
  }
  readable_.clear();
}

// ---- the queue's -------------------------------------------------------------------------------

bool Network::reached_server(ConnectionId id) {
  Line* line = find(id);
  if (line == nullptr) return false;
  if (!line->announced) {  // the first packet
    line->announced = true;
    if (!server_listens) {
      push(id, *line, false, {});
      return false;
    }
    line->server_open = true;
    readable_.insert(id);
    if (line->client != nullptr) line->client->opened(id);
    return true;
  }
  if (line->to_server.empty()) return false;
  const std::string piece = std::move(line->to_server.front());
  line->to_server.pop_front();
  if (!line->server_open || line->inbox_ended) return false;
  if (piece.empty()) {
    line->inbox_ended = true;
  } else {
    if (!line->inbox.empty()) coverage_.fault(Fault::kJoinedBytes);
    line->inbox += piece;
  }
  readable_.insert(id);
  return true;
}

void Network::reached_client(ConnectionId id) {
  Line* line = find(id);
  if (line == nullptr || line->to_client.empty()) return;
  const std::string piece = std::move(line->to_client.front());
  line->to_client.pop_front();
  if (line->client == nullptr || line->silent_to_client) return;
  if (!piece.empty()) return line->client->arrived(id, piece);
  Endpoint* client = std::exchange(line->client, nullptr);
  if (line->server_open) push(id, *line, true, {});
  client->ended(id);
}

void Network::forget_closed() {
  std::erase_if(lines_, [](const auto& entry) {
    const Line& line = entry.second;
    return line.client == nullptr && !line.server_open && line.announced &&
           line.to_server.empty() && line.to_client.empty();
  });
}

}  // namespace muster::sim
