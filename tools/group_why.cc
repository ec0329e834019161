// muster group why: a partition's story, as the server's journal has it.
#include <fmt/format.h>

#include <memory>

#include "codec/event.h"
#include "tools/arguments.h"
#include "tools/commands.h"
#include "tools/server_link.h"
#include "tools/why_view.h"

namespace muster::tools {
namespace {

struct WhyArguments {
  std::string group;
  std::optional<PartitionArgument> at;
};

/// Asks on until the end of the journal. The reply may say nothing for a while: the server looks at
/// a part of its journal at a time.
std::expected<void, Error> hear_events(ServerLink& link, Story& story) {
  wire::ListEventsT request;
  request.group = story.group();
  request.topic = story.topic();
  request.partition = story.partition();
  std::optional<Error> wrong;
  const auto asked = link.ask_pages<wire::EventsReplyT>(
      std::move(request), [&](wire::EventsReplyT& page, wire::ListEventsT& next) -> std::size_t {
        for (const auto& listed : page.events) {
          const auto event =
              codec::decode_event(std::string(listed->event.begin(), listed->event.end()));
          if (!event) {
            wrong = make_error(ErrorCode::kUnsupportedVersion,
                               fmt::format("Event {} of the server can't be read: {}. Use a muster "
                                           "and a musterd of the same release.",
                                           listed->sequence, event.error().message));
            return 0;
          }
          story.take(listed->sequence, *event);
        }
        const std::uint64_t looked_at = page.reached - next.after_sequence;
        next.after_sequence = page.reached;
        return looked_at;
      });
  if (wrong) return std::unexpected(std::move(*wrong));
  return asked;
}

/// What the journal cannot tell any more, if it was trimmed.
std::expected<void, Error> hear_beginning(ServerLink& link, const WhyArguments& arguments,
                                          Story& story) {
  wire::ListEventsT request;
  request.group = arguments.group;
  request.limit = 1;
  const auto page = link.ask<wire::EventsReplyT>(std::move(request));
  if (!page) return std::unexpected(page.error());
  if (page->first_sequence <= 1) return {};
  const auto memory =
      Recollection(link, arguments.group, *arguments.at).gather(page->first_sequence);
  if (!memory) return std::unexpected(memory.error());
  story.recall(*memory);
  return {};
}

Outcome tell_story(const Context& context, const WhyArguments& arguments) {
  auto link = ServerLink::open(context.server);
  if (!link) return std::unexpected(link.error());
  Story story(arguments.group, arguments.at->topic, arguments.at->partition);
  if (auto heard = hear_beginning(*link, arguments, story); !heard) {
    return std::unexpected(heard.error());
  }
  if (auto heard = hear_events(*link, story); !heard) return std::unexpected(heard.error());
  return print_story(context, story);
}

}  // namespace

void add_group_why(CLI::App& noun, Context& context) {
  CLI::App& command =
      add_command(noun, "why",
                  "Why a partition is where it is: who owned it, what moved it, what took how long",
                  "  muster group why billing outbox/3");
  const auto arguments = std::make_shared<WhyArguments>();
  add_group_argument(command, arguments->group);
  add_partition_argument(command, arguments->at)->required();
  on_run(command, context, [&context, arguments] { return tell_story(context, *arguments); });
}

}  // namespace muster::tools
