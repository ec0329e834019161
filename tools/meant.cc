#include "tools/meant.h"

#include <algorithm>
#include <optional>

#include "domain/nearest_name.h"
#include "tools/output.h"

namespace muster::tools {

using manual::commands_of;
using manual::options_of;

namespace {

struct Named {
  Names names;
  std::string name;
};

/// All that the command line names, in the order of the command's options.
std::vector<Named> named_in(const CLI::App& command) {
  std::vector<Named> all;
  for (const CLI::Option* option : command.get_options()) {
    if (option->count() == 0) continue;
    const Names names = names_of(command, *option);
    for (const std::string& value : option->results()) {
      if (names == Names::kPartition) {
        all.push_back({Names::kTopic, value.substr(0, value.rfind('/'))});
      } else {
        all.push_back({names, value});
      }
    }
  }
  for (const CLI::App* group :
       command.get_subcommands([](const CLI::App* each) { return each->get_name().empty(); })) {
    std::ranges::move(named_in(*group), std::back_inserter(all));
  }
  return all;
}

const CLI::App& innermost(const CLI::App& root) {
  const auto parsed = root.get_subcommands();
  for (const CLI::App* each : parsed) {
    if (!each->get_name().empty()) return innermost(*each);
  }
  return root;
}

std::string first_group(const std::vector<Named>& named) {
  const auto found = std::ranges::find(named, Names::kGroup, &Named::names);
  return found == named.end() ? "" : found->name;
}

}  // namespace

std::string unknown_word(const CLI::App& root, std::span<const std::string> words) {
  const Place place = place_of(root, words);
  if (place.unknown.empty()) return {};
  const bool option = place.unknown.front() == '-';
  const std::string word =
      option ? place.unknown.substr(0, place.unknown.find('=')) : place.unknown;
  domain::NearestName nearest(word);
  if (option) {
    for (const CLI::App* at = place.command; at != nullptr; at = at->get_parent()) {
      for (const CLI::Option* each : options_of(*at))
        nearest.consider("--" + each->get_single_name());
    }
  } else {
    for (const CLI::App* each : commands_of(*place.command)) nearest.consider(each->get_name());
  }
  const std::string command = full_name(*place.command);
  return printable("There is no " + std::string(option ? "option " : "command ") +
                   (option ? word + " of `" + command + "`" : "`" + command + " " + word + "`") +
                   (nearest.name().empty() ? ". See " + command + " --help."
                                           : ". Did you mean " + nearest.name() + "?"));
}

Error with_meant_name(Error error, const CLI::App& root, const std::string& server,
                      const std::function<std::vector<std::string>(const NameQuestion&)>& known) {
  const bool resource = error.code == ErrorCode::kUnknownResource;
  if (!resource && error.code != ErrorCode::kUnknownMember) return error;
  const std::vector<Named> named = named_in(innermost(root));
  for (const Named& each : named) {
    const bool asked = resource ? each.names == Names::kGroup || each.names == Names::kTopic
                                : each.names == Names::kMember;
    // What the refusal does not speak of is known, or may be new.
    if (!asked || !error.message.contains("'" + printable(each.name) + "'")) continue;
    const auto names = known({.server = server,
                              .names = each.names,
                              .group = resource ? "" : first_group(named),
                              .prefix = ""});
    if (std::ranges::find(names, each.name) != names.end()) continue;
    const std::string nearest = domain::nearest_name(each.name, names);
    // A near name that the message has already is not what is unknown.
    if (nearest.empty() || error.message.contains("'" + nearest + "'")) continue;
    error.message += " Did you mean '" + nearest + "'?";
    return error;
  }
  return error;
}

}  // namespace muster::tools
