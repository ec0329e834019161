#include "tools/completion.h"

#include <algorithm>
#include <optional>

#include "tools/output.h"

namespace muster::tools {

using manual::arguments_of;
using manual::commands_of;
using manual::options_of;

namespace {

constexpr std::chrono::milliseconds kAnswersWithin{400};
constexpr std::int32_t kPartitionsMost = 1'000;

class Completer {
 public:
  Completer(const CLI::App& root, std::span<const std::string> words, const std::string& server,
            const NameSource& source)
      : words_(words.first(words.size() - 1)),
        written_(words.back()),
        place_(place_of(root, words_)),
        server_(value_of("--server").value_or(server)),
        source_(source) {}

  Completion done() {
    if (place_.after_dashes || !place_.unknown.empty()) {
      completion_.commands = place_.after_dashes && words_.back() == "--";
      completion_.files = place_.after_dashes;
      return std::move(completion_);
    }
    const std::size_t equals = written_.find('=');
    if (place_.awaiting != nullptr) {
      add_values(*place_.awaiting, "", written_);
    } else if (written_.starts_with("--") && equals != std::string::npos) {
      const CLI::Option* option = find_option(*place_.command, written_.substr(0, equals));
      if (option != nullptr) {
        add_values(*option, written_.substr(0, equals + 1), written_.substr(equals + 1));
      }
    } else if (written_.starts_with("-")) {
      add_options();
    } else {
      add_commands();
      add_argument();
    }
    return std::move(completion_);
  }

 private:
  /// Of an option that was given with its value, as --server X or --server=X.
  std::optional<std::string> value_of(const std::string& name) const {
    for (std::size_t i = 0; i < words_.size(); ++i) {
      if (words_[i] == name && i + 1 < words_.size()) return words_[i + 1];
      if (words_[i].starts_with(name + "=")) return words_[i].substr(name.size() + 1);
    }
    return std::nullopt;
  }

  void add(const std::string& before, const std::string& word, const std::string& description,
           const std::string& written) {
    if (word.starts_with(written)) completion_.candidates.push_back({before + word, description});
  }

  void add_commands() {
    for (const CLI::App* command : commands_of(*place_.command)) {
      add("", command->get_name(), command->get_description(), written_);
    }
  }

  void add_options() {
    for (const CLI::App* at = place_.command; at != nullptr; at = at->get_parent()) {
      for (const CLI::Option* option : options_of(*at)) {
        const std::string name = "--" + option->get_single_name();
        const bool there = std::ranges::any_of(
            completion_.candidates, [&](const Candidate& each) { return each.word == name; });
        if (!there) add("", name, option->get_description(), written_);
      }
    }
  }

  /// The next argument without dashes; the last for all that follow it.
  void add_argument() {
    const auto arguments = arguments_of(*place_.command);
    if (place_.arguments.size() < arguments.size()) {
      add_values(*arguments[place_.arguments.size()], "", written_);
    }
  }

  void add_values(const CLI::Option& option, const std::string& before,
                  const std::string& written) {
    const Names names = names_of(*place_.command, option);
    if (names == Names::kChoice) {
      for (const std::string& choice : choices_of(option)) add(before, choice, "", written);
    } else if (names == Names::kFile) {
      completion_.files = true;
    } else if (names == Names::kPartition) {
      add_partitions(before, written);
    } else if (names != Names::kOther) {
      for (const std::string& name : ask(names, written)) add(before, name, "", written);
    }
  }

  /// First the topic, then its partitions' numbers.
  void add_partitions(const std::string& before, const std::string& written) {
    const std::size_t slash = written.rfind('/');
    if (slash == std::string::npos) {
      for (const std::string& name : ask(Names::kTopic, written))
        add(before, name + "/", "", written);
      completion_.goes_on = true;
      return;
    }
    const std::string topic = written.substr(0, slash);
    const std::int32_t count = std::min(source_.partitions(server_, topic), kPartitionsMost);
    for (std::int32_t index = 0; index < count; ++index) {
      add(before, topic + "/" + std::to_string(index), "", written);
    }
  }

  std::vector<std::string> ask(Names names, const std::string& prefix) const {
    NameQuestion question{.server = server_, .names = names, .group = "", .prefix = prefix};
    if (names == Names::kMember) question.group = group();
    // What a terminal must not be sent is no word that a shell can be given either.
    auto known = source_.names(question);
    std::erase_if(known, [](const std::string& name) { return printable(name) != name; });
    return known;
  }

  /// That the words before are about.
  std::string group() const {
    if (const auto named = value_of("--group")) return *named;
    if (const auto named = value_of("--from-group")) return *named;
    return place_.arguments.empty() ? "" : place_.arguments.front();
  }

  std::span<const std::string> words_;
  const std::string& written_;
  Place place_;
  std::string server_;
  const NameSource& source_;
  Completion completion_;
};

/// In one line: each line is a candidate of its own to a shell.
std::string first_sentence(const std::string& text) {
  std::string sentence = text.substr(0, std::min(text.find(". "), text.find(".\n")));
  std::ranges::replace(sentence, '\n', ' ');
  return sentence;
}

}  // namespace

Completion complete(const CLI::App& root, std::span<const std::string> words,
                    const std::string& server, const NameSource& source) {
  if (words.empty()) return {};
  return Completer(root, words, server, source).done();
}

NameSource quick_source() {
  return {
      .names = [](const NameQuestion& question) { return known_names(question, kAnswersWithin); },
      .partitions =
          [](const std::string& server, const std::string& topic) {
            return known_partitions(server, topic, kAnswersWithin);
          }};
}

std::string completion_lines(const Completion& completion) {
  std::string lines;
  if (completion.commands) lines += ":commands\n";
  if (completion.files) lines += ":files\n";
  if (completion.goes_on) lines += ":nospace\n";
  for (const Candidate& candidate : completion.candidates) {
    lines += candidate.word;
    if (!candidate.description.empty()) lines += "\t" + first_sentence(candidate.description);
    lines += "\n";
  }
  return lines;
}

}  // namespace muster::tools
