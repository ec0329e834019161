#include "recorded_daemon.h"

#include <doctest/doctest.h>

#include <csignal>
#include <stdexcept>
#include <utility>

#include "end_to_end/daemon.h"

namespace muster::power_loss {
namespace {

constexpr int kPartitions = 6;
constexpr int kManyPartitions = 300;
constexpr const char* kWideTopic = "wide";

std::string address_in(const std::string& log) {
  constexpr std::string_view kReady = "listening on ";
  const std::size_t at = log.rfind(kReady);
  if (at == std::string::npos) return "";
  const std::size_t begin = at + kReady.size();
  const std::size_t end = log.find_first_of(" \t\r\n\"", begin);
  return end == std::string::npos ? "" : log.substr(begin, end - begin);
}

struct Started {
  std::unique_ptr<e2e::Process> process;
  std::string address;
};

Started start_daemon(const std::string& data_directory, const std::string& listen,
                     const std::string& log, std::map<std::string, std::string> environment) {
  std::filesystem::remove(log);
  Started started;
  started.process = std::make_unique<e2e::Process>(
      e2e::ProcessOptions{.command = e2e::daemon_command(data_directory, listen, busy_flags()),
                          .environment = std::move(environment),
                          .stdout_path = log,
                          .stderr_path = log});
  e2e::wait_until([&] {
    started.address = address_in(e2e::read_file(log));
    return !started.address.empty() || !started.process->running();
  });
  if (started.address.empty()) {
    throw std::runtime_error("musterd did not come up:\n" + e2e::read_file(log));
  }
  return started;
}

std::unique_ptr<wire::CommitItemT> commit_item(const std::string& topic, int partition,
                                               std::int64_t offset, std::uint64_t fence,
                                               std::string metadata) {
  auto item = std::make_unique<wire::CommitItemT>();
  item->topic = topic;
  item->partition = partition;
  item->offset = offset;
  item->fence = fence;
  item->metadata = std::move(metadata);
  return item;
}

}  // namespace

const std::vector<std::string>& busy_flags() {
  static const std::vector<std::string> flags = {
      "--gathering-window-ms",  "0",     "--journal-reserve-bytes", "1048576",
      "--snapshot-every-bytes", "16384", "--history-max-bytes",     "32768"};
  return flags;
}

void RecordedDaemon::start() {
  Started started = start_daemon(data_directory(), address_, outside_ / "log",
                                 {{"LD_PRELOAD", RECORDER_LIBRARY},
                                  {kTraceVariable, trace_path()},
                                  {kRootVariable, watched_root()}});
  process_ = std::move(started.process);
  address_ = std::move(started.address);
}

void RecordedDaemon::terminate() {
  process_->signal(SIGTERM);
  REQUIRE(process_->wait() == 0);
}

void RecordedDaemon::learn(const wire::ServerMessageT& reply, std::int64_t offset, int partition) {
  append_acknowledgement(trace_path(),
                         {.sequence = reply.sequence, .offset = offset, .partition = partition});
}

void RecordedDaemon::commit_all(e2e::Member& member, std::mt19937_64& random) {
  std::vector<std::pair<int, std::uint64_t>> under_way;
  ++last_offset_;
  for (const auto& [partition, fence] : member.held()) {
    // Now and then larger than a page of the file.
    const std::size_t metadata_bytes = random() % (random() % 8 == 0 ? 4'000 : 200);
    wire::CommitT commit;
    commit.group = kGroup;
    commit.items.push_back(commit_item(kTopic, partition.second, last_offset_, fence,
                                       std::string(metadata_bytes, 'm')));
    under_way.emplace_back(partition.second, member.client().send(std::move(commit)));
  }
  for (const auto& [partition, correlation_id] : under_way) {
    const wire::ServerMessageT reply = member.client().require_reply(correlation_id);
    REQUIRE_MESSAGE(reply.body.AsCommitReply() != nullptr, "a commit of the owner was refused");
    learn(reply, last_offset_, partition);
  }
}

/// One event that is larger than any page.
void RecordedDaemon::commit_many(std::mt19937_64& random) {
  e2e::WireClient client(address_);
  wire::CommitT commit;
  commit.group = "administrators";
  const auto count = static_cast<int>(1 + random() % kManyPartitions);
  for (int partition = 0; partition < count; ++partition) {
    commit.items.push_back(commit_item(kWideTopic, partition, ++last_offset_, 0, "by hand"));
  }
  learn(client.call(std::move(commit)));
}

void RecordedDaemon::work(int rounds, std::mt19937_64& random) {
  e2e::WireClient client(address_);
  for (const auto& [name, partitions] :
       {std::pair{kTopic, kPartitions}, {kWideTopic, kManyPartitions}}) {
    wire::CreateTopicT create;
    create.name = name;
    create.partitions = partitions;
    learn(client.call(std::move(create)));
  }
  std::vector<std::unique_ptr<e2e::Member>> members;
  for (const char* name : {"steady-1", "steady-2"}) {
    members.push_back(std::make_unique<e2e::Member>(
        address_, e2e::MemberOptions{.group = kGroup, .member_id = name, .topics = {kTopic}}));
    members.back()->join();
  }
  std::unique_ptr<e2e::Member> visitor;
  for (int round = 0; round < rounds; ++round) {
    if (round % 10 == 3) {
      visitor = std::make_unique<e2e::Member>(
          address_, e2e::MemberOptions{.group = kGroup,
                                       .member_id = "visitor",
                                       .topics = {kTopic},
                                       .incarnation = ++last_incarnation_});
      visitor->join();
    }
    if (round % 10 == 7) {
      visitor->leave();
      visitor.reset();
    }
    if (round % 10 == 5) commit_many(random);
    for (const auto& member : members) {
      member->pump();
      commit_all(*member, random);
    }
    if (!visitor) continue;
    visitor->pump();
    commit_all(*visitor, random);
  }
  if (visitor) visitor->leave();
}

Sequence sequence_served(const std::string& data_directory) {
  const e2e::TemporaryDirectory directory;
  const Started started = start_daemon(data_directory, "127.0.0.1:0", directory / "log", {});
  e2e::WireClient client(started.address);
  const auto status = client.ask<wire::StatusReplyT>(wire::StatusT{});
  started.process->signal(SIGTERM);
  REQUIRE(started.process->wait() == 0);
  return status.sequence;
}

}  // namespace muster::power_loss
