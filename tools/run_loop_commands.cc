// What the workers of `muster run` ask of it: commands started, offsets read, partitions released.
#include <algorithm>
#include <chrono>
#include <utility>

#include "tools/output.h"
#include "tools/run_command.h"
#include "tools/run_loop.h"

namespace muster::tools {
namespace {

// Of the one process for all partitions. A plan's grants and revocations come in a burst.
constexpr std::chrono::milliseconds kGather{200};
constexpr std::chrono::milliseconds kRebalanceTimeout{60'000};  // of a server that was told none

}  // namespace

std::expected<WorkerProcess, Error> RunLoop::start_command(const Partitions& partitions) {
  const Partition* only = options_.one_process ? nullptr : &partitions.front();
  const CommandSettings settings{
      .group = options_.consumer.group_id, .server = options_.server, .member_id = member_id_};
  Launch command{.path = options_.command,
                 .arguments = options_.arguments,
                 .environment = command_environment(settings, only)};
  journal::FileDescriptor assignment;
  if (options_.one_process) {
    auto file = assignment_file(partitions);
    if (!file) return std::unexpected(std::move(file.error()));
    assignment = std::move(*file);
    command.input = assignment.number();
  }
  auto started = launch(std::move(command), partitions);
  if (!started) return started;
  const std::string process = "started process " + std::to_string(started->pid());
  if (only != nullptr) {
    log(*only, process + " at offset " + std::to_string(only->committed.value_or(0)) + ".");
  } else {
    log_(process + " with " + counted(partitions.size(), "partition") + ".");
  }
  return started;
}

/// A single process that nobody listens to writes for itself: there are no others to be torn.
std::expected<WorkerProcess, Error> RunLoop::launch(Launch command, const Partitions& partitions) {
  if (options_.one_process && !options_.commit_from_stdout) {
    return WorkerProcess::start(command, guard_);
  }
  auto pipes = OutputPipes::open();
  if (!pipes) return std::unexpected(std::move(pipes.error()));
  command.output = pipes->output.write.number();
  command.errors = pipes->errors.write.number();
  auto started = WorkerProcess::start(command, guard_);
  if (!started) return started;
  OutputRelay::Source source;
  if (options_.commit_from_stdout) source = commits_.source(partitions, !options_.one_process);
  if (options_.prefix_output) {
    source.prefix = "[" + printable(place_of(partitions.front()).text()) + "] ";
  }
  relay_.add(started->pid(), std::move(*pipes), std::move(source));
  return started;
}

void RunLoop::read_offsets(const Partitions& partitions) {
  errands_.post([this, partitions] {
    Partitions read = partitions;
    std::optional<Error> failure;
    for (Partition& each : read) {
      auto committed = consumer_.fetch_committed_offset(each.topic, each.index);
      if (!committed) failure = std::move(committed.error());
      if (failure) break;
      each.committed = *committed;
    }
    inbox_.post([this, read = std::move(read), failure = std::move(failure)]() mutable {
      Worker& asked = worker(read.front());
      if (failure) return asked.offsets_unknown(*failure, std::chrono::steady_clock::now());
      for (Partition& each : read) {  // printed ones may still be on their way
        each.committed = std::max(each.committed, commits_.newest(place_of(each), each.fence));
      }
      asked.offsets_read(read, std::chrono::steady_clock::now());
    });
  });
}

void RunLoop::release(const Partition& partition) {
  const auto last = commits_.uncommitted(place_of(partition));
  commits_.ended(place_of(partition));
  errands_.post([this, partition, last] {
    auto released = consumer_.release(partition.topic, partition.index, last);
    inbox_.post([this, partition, last, released = std::move(released)] {
      const std::string with = last ? " with offset " + std::to_string(*last) : std::string();
      log(partition, released ? "released" + with + "."
                              : "not released" + with + ": " + released.error().message);
    });
  });
}

Worker& RunLoop::worker(const Partition& partition) {
  if (!options_.one_process) {
    const PartitionArgument place = place_of(partition);
    return workers_
        .try_emplace(place, hooks_,
                     WorkerOptions{.name = place.text(), .restarts_max = options_.restarts_max})
        .first->second;
  }
  const std::chrono::milliseconds asked = options_.consumer.rebalance_timeout;
  return workers_
      .try_emplace(
          PartitionArgument{}, hooks_,
          WorkerOptions{.gather = kGather,
                        .restart_grace = (asked.count() > 0 ? asked : kRebalanceTimeout) * 3 / 4,
                        .restarts_max = options_.restarts_max})
      .first->second;
}

void RunLoop::log(const Partition& partition, const std::string& text) {
  log_(place_of(partition).text() + ": " + text);
}

}  // namespace muster::tools
