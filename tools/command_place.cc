#include "tools/command_place.h"

#include <algorithm>

namespace muster::tools {

using manual::commands_of;
using manual::options_of;
using manual::takes_value;

namespace {

const CLI::App* find_command(const CLI::App& command, const std::string& name) {
  for (const CLI::App* each : commands_of(command)) {
    if (each->check_name(name)) return each;
  }
  return nullptr;
}

/// A word with dashes. False: no option has this name.
bool take_option(Place& place, const std::string& word) {
  const std::size_t equals = word.find('=');
  const CLI::Option* option = find_option(*place.command, word.substr(0, equals));
  if (option == nullptr) return false;
  if (takes_value(*option) && equals == std::string::npos) place.awaiting = option;
  return true;
}

/// False: there are commands here, and this is none of them.
bool take_word(Place& place, const std::string& word) {
  if (const CLI::App* named = find_command(*place.command, word)) {
    place.command = named;
    place.arguments.clear();
    return true;
  }
  if (!commands_of(*place.command).empty()) return false;
  place.arguments.push_back(word);
  return true;
}

}  // namespace

std::vector<std::string> choices_of(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  if (type.find('|') == std::string::npos) return {};
  return CLI::detail::split(type, '|');
}

Names names_of(const CLI::App& command, const CLI::Option& option) {
  const std::string& name = option.get_single_name();
  if (!choices_of(option).empty()) return Names::kChoice;
  if (name == "GROUP" || name == "group" || name == "from-group") return Names::kGroup;
  if (name == "TOPIC" || name == "topic") return Names::kTopic;
  if (name == "TOPIC/PARTITION" || name == "partition") return Names::kPartition;
  if (name == "MEMBER" || name == "member" || name == "remove") return Names::kMember;
  const bool of_topic =
      command.get_parent() != nullptr && command.get_parent()->check_name("topic");
  if (name == "NAME" && of_topic && !command.check_name("create")) return Names::kTopic;
  const std::string type = option.get_type_name();
  const bool file = name == "FILE" || name == "BACKUP" || type == "FILE" || type == "DIR";
  return file ? Names::kFile : Names::kOther;
}

const CLI::Option* find_option(const CLI::App& command, const std::string& name) {
  for (const CLI::App* at = &command; at != nullptr; at = at->get_parent()) {
    for (const CLI::Option* option : options_of(*at)) {
      if (option->check_name(name)) return option;
    }
  }
  return nullptr;
}

Place place_of(const CLI::App& root, std::span<const std::string> words) {
  Place place{.command = &root};
  for (const std::string& word : words) {
    if (place.after_dashes) break;
    if (place.awaiting != nullptr) {
      place.awaiting = nullptr;
      continue;
    }
    if (word == "--") {
      place.after_dashes = true;
      continue;
    }
    const bool dashed = word.size() > 1 && word.front() == '-';
    const bool known = dashed ? take_option(place, word) : take_word(place, word);
    if (known) continue;
    place.unknown = word;
    break;
  }
  return place;
}

std::string full_name(const CLI::App& command) {
  const CLI::App* parent = command.get_parent();
  return parent == nullptr ? command.get_name() : full_name(*parent) + " " + command.get_name();
}

}  // namespace muster::tools
