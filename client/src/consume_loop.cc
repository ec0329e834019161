#include "muster/consume_loop.hpp"

#include <algorithm>
#include <utility>

#include "client/src/consume_workers.h"
#include "client/src/group_consumer_implementation.h"

namespace muster {

/// The workers of the loop, on the seat of its consumer.
class ConsumeLoop::Implementation final : public ConsumeSeat {
 public:
  Implementation(GroupConsumer& group_consumer, Fetch fetch, Handle handle,
                 ConsumeLoopOptions options)
      : consumer(group_consumer),
        workers(std::make_shared<ConsumeWorkers>(*this, std::move(fetch), std::move(handle),
                                                 options, draw_entropy)) {}

  template <typename Function>
  auto with_session(Function function) {
    GroupConsumer::Implementation& self = *consumer.self_;
    return self.transport->with(self.participant, std::move(function));
  }

  bool may_work_on(const Partition& partition) override {
    return with_session([&](Session& session, std::uint64_t) {
      return session.may_work_on({partition.topic, partition.index}, partition.fence);
    });
  }

  std::expected<void, Error> handled(const Partition& partition, std::int64_t next) override {
    return with_session([&](Session& session, std::uint64_t now_ms) {
      return session.store(now_ms, {.topic = partition.topic,
                                    .partition = partition.index,
                                    .offset = next,
                                    .fence = partition.fence});
    });
  }

  void progress(std::uint64_t at_ms) override {
    with_session([&](Session& session, std::uint64_t now_ms) { session.progress(now_ms, at_ms); });
  }

  std::uint64_t progress_timeout_ms() const override {
    const std::int64_t timeout_ms = consumer.self_->options.progress_timeout.count();
    return static_cast<std::uint64_t>(std::max<std::int64_t>(timeout_ms, 0));
  }

  std::expected<void, Error> run() {
    const auto run = workers->begin();
    if (!run) {
      return std::unexpected(make_error(ErrorCode::kInvalidArgument,
                                        "The loop runs already. Call run() again when that one "
                                        "has returned."));
    }
    const Incarnation incarnation = join(*run);
    if (const auto over = workers->run(incarnation)) return std::unexpected(*over);
    return consumer.commit_stored();
  }

  /// The work begins with the first partition, and may be stopped before the join is answered. The
  /// answer is that of this run, although another one may be under way by then.
  Incarnation join(std::uint64_t run) {
    GroupConsumer::Implementation& self = *consumer.self_;
    Incarnation incarnation = 0;
    const auto start = [&](Session& session, std::uint64_t now_ms, CallId call) {
      session.join(now_ms, call);
      incarnation = session.incarnation();
    };
    self.transport->run_async(self.participant, self.with_progress(start),
                              [workers = workers, run](const auto& joined) {
                                if (!joined) workers->join_failed(run, joined.error());
                              });
    return incarnation;
  }

  void observe(std::shared_ptr<PartitionObserver> observer) {
    consumer.self_->set(consumer.self_->observer, std::move(observer));
  }

  GroupConsumer& consumer;
  std::shared_ptr<ConsumeWorkers> workers;
};

ConsumeLoop::ConsumeLoop(GroupConsumer& consumer, Fetch fetch, Handle handle,
                         ConsumeLoopOptions options)
    : self_(std::make_unique<Implementation>(consumer, std::move(fetch), std::move(handle),
                                             options)) {
  self_->observe(self_->workers);
}

ConsumeLoop::~ConsumeLoop() { self_->observe(nullptr); }

void ConsumeLoop::on_failure(FailureCallback callback) {
  self_->workers->on_failure(std::move(callback));
}

void ConsumeLoop::on_start(StartCallback callback) {
  self_->workers->on_start(std::move(callback));
}

std::expected<void, Error> ConsumeLoop::run() { return self_->run(); }

void ConsumeLoop::stop() { self_->workers->stop(); }

std::optional<std::int64_t> ConsumeLoop::position(std::string_view topic,
                                                  PartitionIndex partition) const {
  return self_->workers->position({std::string(topic), partition});
}

bool ConsumeLoop::seek(std::string_view topic, PartitionIndex partition, std::int64_t offset) {
  return self_->workers->seek({std::string(topic), partition}, offset);
}

std::vector<Partition> ConsumeLoop::stopped() const { return self_->workers->stopped(); }

bool ConsumeLoop::restart(std::string_view topic, PartitionIndex partition) {
  return self_->workers->restart({std::string(topic), partition});
}

}  // namespace muster
