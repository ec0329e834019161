#include "tools/worker.h"

#include <algorithm>
#include <csignal>
#include <utility>

#include "tools/output.h"

namespace muster::tools {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kFirstWait{500};
constexpr milliseconds kLongestWait{30'000};
constexpr milliseconds kHealthyRun{30'000};
constexpr int kGatherMax = 10;  // times the gathering time

milliseconds wait_after(unsigned failures, double drawn) {
  const unsigned doublings = std::min(failures, 10U);
  const milliseconds longest = std::min(kFirstWait * (1 << doublings), kLongestWait);
  return longest / 2 +
         milliseconds(static_cast<std::int64_t>(drawn * static_cast<double>(longest.count()) / 2));
}

}  // namespace

PartitionArgument place_of(const Partition& partition) {
  return {.topic = partition.topic, .partition = partition.index};
}

// ---- what the consumer says -------------------------------------------------------------------

void Worker::assigned(const Partition& partition, SteadyTime now) {
  if (grants_.empty()) {
    waits_ = failed_starts_ = 0;
    retry_at_.reset();
  }
  const PartitionArgument place = place_of(partition);
  grants_[place] = {.partition = partition};
  if (works_on(place)) kill();  // under an older token: it ends before the new one starts
  change(now);
}

void Worker::revoked(const Partition& partition, SteadyTime now) {
  Grant* grant = find(partition);
  if (grant == nullptr) return;
  grant->revoked = true;
  if (works_on(place_of(partition))) {
    ask_to_end(now, partition.release_within * 3 / 4);
  } else {
    give_back_revoked();
  }
}

void Worker::lost(const Partition& partition, SteadyTime now) {
  if (find(partition) == nullptr) return;
  grants_.erase(place_of(partition));
  if (works_on(place_of(partition))) kill();
  if (!grants_.empty()) change(now);
}

void Worker::paused(const Partition& partition) {
  Grant* grant = find(partition);
  if (grant == nullptr) return;
  grant->paused = true;
  if (process_) process_->signal(asked_to_end_ ? SIGKILL : SIGSTOP);
}

void Worker::resumed(const Partition& partition, SteadyTime now) {
  Grant* grant = find(partition);
  if (grant == nullptr) return;
  grant->paused = false;
  if (paused()) return;
  if (process_) {
    process_->signal(SIGCONT);
  } else if (!retry_at_ && !change_at_) {
    change(now);
  }
}

void Worker::freeze() {
  if (process_) process_->signal(SIGSTOP);
}

void Worker::thaw() {
  if (process_ && !paused()) process_->signal(SIGCONT);
}

void Worker::stop(SteadyTime now, milliseconds grace) {
  ending_ = true;
  retry_at_.reset();
  change_at_.reset();
  ask_to_end(now, grace);
}

void Worker::kill() {
  kill_at_.reset();
  asked_to_end_ = true;
  if (process_) process_->signal(SIGKILL);
}

void Worker::ask_to_end(SteadyTime now, milliseconds grace) {
  if (!process_) return;
  if (paused()) return kill();
  if (!asked_to_end_) process_->signal(SIGTERM);  // a second one means "at once" to many programs
  asked_to_end_ = true;
  kill_at_ = std::min(kill_at_.value_or(now + grace), now + grace);
}

// ---- starting ---------------------------------------------------------------------------------

void Worker::change(SteadyTime now) {
  if (ending_) return;
  if (!changed_at_) changed_at_ = now;
  change_at_ = std::min(now + options_.gather, *changed_at_ + options_.gather * kGatherMax);
  if (options_.gather.count() == 0) advance_change(now);
}

void Worker::advance_change(SteadyTime now) {
  if (!change_at_ || now < *change_at_ || paused()) return;
  change_at_.reset();
  changed_at_.reset();
  if (process_) {  // when it has ended it is started again
    if (!asked_to_end_) ask_to_end(now, options_.restart_grace);
  } else if (!retry_at_) {
    start_command(now);
  }
}

void Worker::start_command(SteadyTime now) {
  retry_at_.reset();
  if (process_ || asking_ || !wants_command()) return;
  const Partitions partitions = to_work_on();
  const auto is_unknown = [this](const Partition& each) { return !find(each)->offset_known; };
  if (std::ranges::any_of(partitions, is_unknown)) {
    asking_ = true;
    return hooks_.read_offsets(partitions);
  }
  auto started = hooks_.start(partitions);
  if (!started) return failed(started.error().message, now);
  process_ = std::move(*started);
  pid_ = process_->pid();
  started_at_ = now;
  asked_to_end_ = false;
  for (const Partition& each : partitions) {
    worked_on_[place_of(each)] = each.fence;
    find(each)->offset_known = false;
  }
}

void Worker::offsets_read(const Partitions& partitions, SteadyTime now) {
  asking_ = false;
  for (const Partition& each : partitions) {
    Grant* grant = process_ ? nullptr : find(each);
    if (grant == nullptr) continue;
    grant->partition.committed = each.committed;
    grant->offset_known = true;
  }
  start_command(now);
}

void Worker::offsets_unknown(const Error& error, SteadyTime now) {
  asking_ = false;
  if (!process_ && wants_command()) retry_later(error.message, now);
}

// ---- its end ----------------------------------------------------------------------------------

void Worker::command_ended(const ProcessEnd& end, SteadyTime now) {
  hooks_.ended(pid_);
  process_.reset();
  kill_at_.reset();
  give_back_revoked();
  const std::size_t finished = end.succeeded() && !asked_to_end_ ? finish_worked_on() : 0;
  worked_on_.clear();
  if (ending_ || grants_.empty()) return;
  if (std::exchange(asked_to_end_, false)) return change(now);
  if (end.succeeded()) {
    waits_ = failed_starts_ = 0;
    log("finished" + (finished > 1 ? " with " + counted(finished, "partition") : "") +
        ": the command exited with status 0.");
    return;
  }
  if (now - started_at_ >= kHealthyRun) waits_ = failed_starts_ = 0;
  failed("the command " + end.text() + ".", now);
}

void Worker::give_back_revoked() {
  for (auto each = grants_.begin(); each != grants_.end();) {
    if (each->second.revoked && !works_on(each->first)) {
      hooks_.release(each->second.partition);
      each = grants_.erase(each);
    } else {
      ++each;
    }
  }
}

std::size_t Worker::finish_worked_on() {
  std::size_t finished = 0;
  for (auto& [place, grant] : grants_) {
    const auto told = worked_on_.find(place);
    if (told == worked_on_.end() || told->second != grant.partition.fence) continue;
    grant.finished = true;
    ++finished;
  }
  return finished;
}

void Worker::failed(const std::string& why, SteadyTime now) {
  if (options_.restarts_max && failed_starts_ >= *options_.restarts_max) {
    log(why);
    return hooks_.give_up((options_.name.empty() ? "the command" : options_.name) + " failed " +
                          counted(failed_starts_ + 1, "time") + " in a row");
  }
  ++failed_starts_;
  retry_later(why, now);
}

void Worker::retry_later(const std::string& why, SteadyTime now) {
  const milliseconds wait = wait_after(waits_++, hooks_.draw());
  retry_at_ = now + wait;
  log(why + " Next try in " + std::to_string(wait.count()) + " ms.");
}

// ---- time -------------------------------------------------------------------------------------

void Worker::advance(SteadyTime now) {
  if (process_) {
    if (const auto end = process_->poll_end()) command_ended(*end, now);
  }
  if (kill_at_ && now >= *kill_at_) {
    log("the command did not end in time: killed.");
    kill();
  }
  advance_change(now);
  if (retry_at_ && now >= *retry_at_ && wants_command()) start_command(now);
}

std::optional<SteadyTime> Worker::due() const {
  std::optional<SteadyTime> next = kill_at_;
  const auto or_at = [&](std::optional<SteadyTime> at) {
    if (at && (!next || *at < *next)) next = at;
  };
  if (!paused()) or_at(change_at_);
  if (wants_command()) or_at(retry_at_);
  return next;
}

// ---- what is held -----------------------------------------------------------------------------

Worker::Grant* Worker::find(const Partition& partition) {
  const auto found = grants_.find(place_of(partition));
  const bool held = found != grants_.end() && found->second.partition.fence == partition.fence;
  return held ? &found->second : nullptr;
}

bool Worker::works_on(const PartitionArgument& place) const {
  return process_ && worked_on_.contains(place);
}

bool Worker::paused() const {
  return std::ranges::any_of(grants_, [](const auto& entry) { return entry.second.paused; });
}

bool Worker::wants_command() const {
  return !ending_ && !paused() && std::ranges::any_of(grants_, [](const auto& entry) {
    return entry.second.wants_command();
  });
}

bool Worker::finished() const {
  return !process_ && !grants_.empty() &&
         std::ranges::all_of(grants_, [](const auto& entry) { return entry.second.finished; });
}

Partitions Worker::to_work_on() const {
  Partitions partitions;
  for (const auto& [place, grant] : grants_) {
    if (grant.wants_command()) partitions.push_back(grant.partition);
  }
  return partitions;
}

void Worker::log(const std::string& text) const {
  hooks_.log(options_.name.empty() ? text : options_.name + ": " + text);
}

}  // namespace muster::tools
