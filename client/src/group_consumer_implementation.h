// A consumer's callbacks and its part of the transport. Shared by what is built on a consumer.
#pragma once

#include <memory>
#include <mutex>

#include "client/src/partition_observer.h"
#include "client/src/transport.h"
#include "muster/group_consumer.hpp"

namespace muster {

class GroupConsumer::Implementation {
 public:
  Implementation(std::shared_ptr<Transport> shared_transport, GroupConsumerOptions given);

  template <typename Callback>
  void set(Callback& slot, Callback callback) {
    const std::lock_guard lock(callbacks_mutex);
    slot = std::move(callback);
  }
  template <typename Callback>
  Callback copy_of(const Callback& callback) {
    const std::lock_guard lock(callbacks_mutex);
    return callback;
  }

  /// Starts what a session answers later, as a sign of progress.
  Transport::Start with_progress(Transport::Start start) const {
    return [start = std::move(start)](Session& session, std::uint64_t now_ms, CallId call) {
      session.progress(now_ms, now_ms);
      start(session, now_ms, call);
    };
  }

  /// On the callbacks' thread.
  void tell(const Notice& notice);
  /// On the planner's thread.
  void plan(const PlanNotice& notice);

  const std::shared_ptr<Transport> transport;
  const GroupConsumerOptions options;
  std::mutex callbacks_mutex;
  PartitionCallback on_assigned;
  PartitionCallback on_revoked;
  PartitionCallback on_lost;
  PartitionCallback on_paused;
  PartitionCallback on_resumed;
  EndedCallback on_waiting;
  EndedCallback on_ended;
  EndedCallback on_commit_failed;
  PlanCallback on_plan;
  EndedCallback on_plan_refused;
  std::shared_ptr<PartitionObserver> observer;
  Participant participant;  // last: its thread calls the others

 private:
  void tell_why(const Notice& notice);
  void tell_of_partition(const Notice& notice);
  PartitionCallback& slot_of(NoticeKind kind);
};

}  // namespace muster
