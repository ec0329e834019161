// Questions about committed offsets and fencing tokens.

#include <algorithm>

#include "coordinator/queries.h"
#include "domain/decide.h"
#include "domain/refuse.h"

namespace muster::coordinator {
namespace {

constexpr std::size_t kOffsetFixedBytes = 96;

std::unique_ptr<wire::CommittedOffsetT> committed_offset(const View& view,
                                                         const domain::Topic& topic,
                                                         PartitionIndex index,
                                                         const domain::PartitionState* partition) {
  auto offset = std::make_unique<wire::CommittedOffsetT>();
  offset->topic = topic.name;
  offset->partition = index;
  offset->offset = -1;
  const PartitionEnds ends = view.ends.of({.topic = topic.id, .partition = index});
  offset->end = ends.end;
  offset->start = ends.start;
  if (partition != nullptr && partition->has_commit()) {
    offset->offset = partition->committed;
    offset->metadata = partition->metadata_view();
    offset->commit_time_ms = partition->commit_time_ms;
    offset->fence = partition->committed_fence;
  }
  return offset;
}

/// Checks that the partition exists and finds what the group knows of it.
std::expected<const domain::PartitionState*, Rejection> find_partition(const View& view,
                                                                       const domain::Group& group,
                                                                       const std::string& name,
                                                                       PartitionIndex index) {
  const domain::Topic* topic = view.state.topic(name);
  if (topic == nullptr) return domain::refuse_unknown_topic(name);
  if (index < 0 || index >= topic->partition_count) {
    return domain::refuse_unknown_partition(*topic, index);
  }
  return group.partition({.topic = topic->id, .partition = index});
}

Answer named_offsets(const View& view, const domain::Group& group,
                     const wire::FetchOffsetsT& query) {
  if (query.partitions.size() > view.limits.items_per_request_max) {
    return domain::refuse(ErrorCode::kLimitReached, "The fetch for group '", group.name, "' names ",
                          query.partitions.size(), " partitions: use at most ",
                          view.limits.items_per_request_max, " a request.");
  }
  wire::OffsetsReplyT reply;
  Page page(view.max_frame_bytes, 0);
  for (const auto& named : query.partitions) {
    const auto partition = find_partition(view, group, named->topic, named->partition);
    if (!partition) return std::unexpected(partition.error());
    const std::size_t metadata = *partition ? (*partition)->metadata_view().size() : 0;
    if (!page.take(named->topic.size() + metadata + kOffsetFixedBytes)) break;
    const domain::Topic& topic = *view.state.topic(named->topic);
    reply.offsets.push_back(committed_offset(view, topic, named->partition, *partition));
  }
  reply.more = page.full();
  return body_of(std::move(reply));
}

/// Names of the topics that the group has partitions of, sorted.
std::vector<const domain::Topic*> known_topics(const View& view, const domain::Group& group) {
  std::vector<const domain::Topic*> topics;
  for (const auto& [id, table] : group.partitions) {
    if (const domain::Topic* topic = view.state.topic(id)) topics.push_back(topic);
  }
  std::ranges::sort(topics, {}, &domain::Topic::name);
  return topics;
}

Answer all_offsets(const View& view, const domain::Group& group, const wire::FetchOffsetsT& query) {
  wire::OffsetsReplyT reply;
  Page page(view.max_frame_bytes, query.limit);
  for (const domain::Topic* topic : known_topics(view, group)) {
    if (topic->name < query.after_topic) continue;
    const PartitionIndex from =
        topic->name == query.after_topic ? std::max(query.after_partition, -1) + 1 : 0;
    group.partitions.at(topic->id).for_each(
        [&](PartitionIndex index, const domain::PartitionState& partition) {
          if (page.full() || !partition.has_commit()) return;
          const std::size_t bytes = topic->name.size() + partition.metadata_view().size();
          if (!page.take(bytes + kOffsetFixedBytes)) return;
          reply.offsets.push_back(committed_offset(view, *topic, index, &partition));
        },
        from);
  }
  reply.more = page.full();
  return body_of(std::move(reply));
}

}  // namespace

Answer answer(const View& view, const wire::FetchOffsetsT& query) {
  const domain::Group* group = view.state.group(query.group);
  if (group == nullptr) return domain::refuse_unknown_group(query.group);
  return query.partitions.empty() ? all_offsets(view, *group, query)
                                  : named_offsets(view, *group, query);
}

Answer answer(const View& view, const wire::CheckFenceT& query) {
  const domain::Group* group = view.state.group(query.group);
  if (group == nullptr) return domain::refuse_unknown_group(query.group);
  const auto partition = find_partition(view, *group, query.topic, query.partition);
  if (!partition) return std::unexpected(partition.error());
  wire::FenceReplyT reply;
  reply.current_fence = *partition ? (*partition)->fence : 0;
  reply.current = query.fence != 0 && reply.current_fence == query.fence;
  reply.ended = static_cast<wire::TokenEnd>(domain::end_of_token(*partition, query.fence));
  return body_of(reply);
}

}  // namespace muster::coordinator
