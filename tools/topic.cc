// muster topic create | list | describe | expand | delete
#include <memory>

#include "tools/arguments.h"
#include "tools/commands.h"
#include "tools/output.h"
#include "tools/server_link.h"

namespace muster::tools {
namespace {

struct TopicArguments {
  std::string name;
  std::int32_t partitions = 0;
};

Json topic_json(const wire::TopicInfoT& topic) {
  return {{"topic", topic.name}, {"id", topic.id}, {"partitions", topic.partitions}};
}

void print_topic(const Context& context, const std::string& summary,
                 const wire::TopicReplyT& reply) {
  if (context.json()) {
    Json json = topic_json(*reply.topic);
    json["groups"] = reply.groups;
    print_json(json);
  } else {
    print_text(summary + "\n");
  }
}

/// The requests that name a topic and are answered with it.
template <typename Request>
std::expected<wire::TopicReplyT, Error> ask_topic(const Context& context, Request request) {
  return ask_once<wire::TopicReplyT>(context.server, std::move(request));
}

void print_topics(const Context& context,
                  const std::vector<std::unique_ptr<wire::TopicInfoT>>& topics) {
  if (context.json()) {
    Json list = Json::array();
    for (const auto& topic : topics) list.push_back(topic_json(*topic));
    print_json({{"topics", std::move(list)}});
    return;
  }
  std::int64_t partitions = 0;
  Table table({{"TOPIC"}, {"PARTITIONS", Align::kRight}, {"ID", Align::kRight}});
  for (const auto& topic : topics) {
    partitions += topic->partitions;
    table.add_row({topic->name, std::to_string(topic->partitions), std::to_string(topic->id)});
  }
  print_text(counted(topics.size(), "topic") + ", " +
             counted(static_cast<std::uint64_t>(partitions), "partition") + "\n");
  if (!table.empty()) print_text("\n" + table.text());
}

Outcome list_topics(const Context& context) {
  auto link = ServerLink::open(context.server);
  if (!link) return std::unexpected(link.error());
  std::vector<std::unique_ptr<wire::TopicInfoT>> topics;
  const auto asked = link->ask_pages<wire::TopicsReplyT>(
      wire::ListTopicsT{}, [&](wire::TopicsReplyT& page, wire::ListTopicsT& request) {
        for (auto& topic : page.topics) topics.push_back(std::move(topic));
        if (!topics.empty()) request.after = topics.back()->name;
        return page.topics.size();
      });
  if (!asked) return std::unexpected(asked.error());
  print_topics(context, topics);
  return 0;
}

void add_create(CLI::App& noun, Context& context) {
  CLI::App& command = add_command(noun, "create", "Make a topic known, with its partition count",
                                  "  muster topic create outbox --partitions 8");
  const auto arguments = std::make_shared<TopicArguments>();
  add_topic_argument(command, arguments->name);
  command.add_option("--partitions", arguments->partitions, "How many: numbers 0 to N-1")
      ->required()
      ->type_name("N");
  on_run(command, context, [&context, arguments]() -> Outcome {
    wire::CreateTopicT request;
    request.name = arguments->name;
    request.partitions = arguments->partitions;
    const auto reply = ask_topic(context, std::move(request));
    if (!reply) return std::unexpected(reply.error());
    const wire::TopicInfoT& topic = *reply->topic;
    print_topic(context,
                "Created topic " + printable(topic.name) + " with " +
                    counted(static_cast<std::uint64_t>(topic.partitions), "partition") + ".",
                *reply);
    return 0;
  });
}

void add_expand(CLI::App& noun, Context& context) {
  CLI::App& command =
      add_command(noun, "expand", "Give a topic more partitions; there is no shrinking",
                  "  muster topic expand outbox --partitions 16");
  const auto arguments = std::make_shared<TopicArguments>();
  add_topic_argument(command, arguments->name);
  command.add_option("--partitions", arguments->partitions, "The new count, not the increase")
      ->required()
      ->type_name("N");
  on_run(command, context, [&context, arguments]() -> Outcome {
    wire::ExpandTopicT request;
    request.name = arguments->name;
    request.partitions = arguments->partitions;
    const auto reply = ask_topic(context, std::move(request));
    if (!reply) return std::unexpected(reply.error());
    const wire::TopicInfoT& topic = *reply->topic;
    print_topic(context,
                "Topic " + printable(topic.name) + " now has " +
                    counted(static_cast<std::uint64_t>(topic.partitions), "partition") + ".",
                *reply);
    return 0;
  });
}

void add_topic_describe(CLI::App& noun, Context& context) {
  CLI::App& command =
      add_command(noun, "describe", "One topic: its size, and how many groups use it",
                  "  muster topic describe outbox");
  const auto arguments = std::make_shared<TopicArguments>();
  add_topic_argument(command, arguments->name);
  on_run(command, context, [&context, arguments]() -> Outcome {
    wire::DescribeTopicT request;
    request.name = arguments->name;
    const auto reply = ask_topic(context, std::move(request));
    if (!reply) return std::unexpected(reply.error());
    const wire::TopicInfoT& topic = *reply->topic;
    print_topic(context,
                "Topic " + printable(topic.name) + ": " +
                    counted(static_cast<std::uint64_t>(topic.partitions), "partition") + ", " +
                    counted(reply->groups, "group") + ", id " + std::to_string(topic.id) + ".",
                *reply);
    return 0;
  });
}

void add_topic_delete(CLI::App& noun, Context& context) {
  CLI::App& command = add_command(
      noun, "delete", "Delete a topic and, in every group, its partitions and committed offsets",
      "  muster topic delete outbox");
  const auto arguments = std::make_shared<TopicArguments>();
  add_topic_argument(command, arguments->name);
  on_run(command, context, [&context, arguments]() -> Outcome {
    wire::DeleteTopicT request;
    request.name = arguments->name;
    const auto done = ask_once<wire::DoneT>(context.server, std::move(request));
    if (!done) return std::unexpected(done.error());
    if (context.json()) {
      print_json({{"topic", arguments->name}, {"deleted", true}});
    } else {
      print_text("Deleted topic " + printable(arguments->name) + ".\n");
    }
    return 0;
  });
}

}  // namespace

void add_topic_commands(CLI::App& app, Context& context) {
  CLI::App& noun = add_command(app, "topic", "Topics: names and partition counts, no records",
                               "  muster topic create outbox --partitions 8");
  noun.require_subcommand(1);
  add_create(noun, context);
  CLI::App& list = add_command(noun, "list", "All topics", "  muster topic list --output json");
  on_run(list, context, [&context] { return list_topics(context); });
  add_topic_describe(noun, context);
  add_expand(noun, context);
  add_topic_delete(noun, context);
}

}  // namespace muster::tools
