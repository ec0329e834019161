// Questions about topics.

#include "coordinator/queries.h"
#include "domain/refuse.h"

namespace muster::coordinator {
namespace {

wire::TopicInfoT topic_info(const domain::Topic& topic) {
  wire::TopicInfoT info;
  info.name = topic.name;
  info.id = topic.id;
  info.partitions = topic.partition_count;
  return info;
}

}  // namespace

wire::TopicReplyT topic_reply(const domain::State& state, const domain::Topic& topic) {
  wire::TopicReplyT reply;
  reply.topic = std::make_unique<wire::TopicInfoT>(topic_info(topic));
  for (const auto& [name, group] : state.groups) {
    if (group.subscriptions.contains(topic.name)) ++reply.groups;
  }
  return reply;
}

Answer answer(const View& view, const wire::DescribeTopicT& query) {
  const domain::Topic* topic = view.state.topic(query.name);
  if (topic == nullptr) return domain::refuse_unknown_topic(query.name);
  return body_of(topic_reply(view.state, *topic));
}

Answer answer(const View& view, const wire::ListTopicsT& query) {
  wire::TopicsReplyT reply;
  Page page(view.max_frame_bytes, query.limit);
  auto topic = view.state.topics.upper_bound(query.after);
  for (; topic != view.state.topics.end(); ++topic) {
    constexpr std::size_t kFixedBytes = 64;
    if (!page.take(topic->first.size() + kFixedBytes)) break;
    reply.topics.push_back(std::make_unique<wire::TopicInfoT>(topic_info(topic->second)));
  }
  reply.more = page.full();
  return body_of(std::move(reply));
}

}  // namespace muster::coordinator
