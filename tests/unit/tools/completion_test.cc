#include "tools/completion.h"

#include <doctest/doctest.h>

#include "tools/commands.h"
#include "tools/completion_script.h"
#include "tools/meant.h"

namespace muster::tools {
namespace {

/// All commands, and a server that knows a few names.
struct Shell {
  Shell() { add_all_commands(app, context); }

  /// The candidates for the last word.
  std::vector<std::string> words(const std::vector<std::string>& line) {
    completion = complete(app, line, "default:1", source);
    std::vector<std::string> found;
    for (const Candidate& each : completion.candidates) found.push_back(each.word);
    return found;
  }

  Context context;
  CLI::App app{"", "muster"};
  std::vector<NameQuestion> asked;
  Completion completion;
  NameSource source{.names =
                        [this](const NameQuestion& question) {
                          asked.push_back(question);
                          std::vector<std::string> names{"billing", "blue"};
                          if (question.names == Names::kTopic) names = {"orders"};
                          if (question.names == Names::kMember)
                            names = {"pod-0", "pod-1", "\x1b[2Jevil"};
                          std::erase_if(names, [&](const auto& name) {
                            return !name.starts_with(question.prefix);
                          });
                          return names;
                        },
                    .partitions = [](const std::string&, const std::string&) { return 3; }};
};

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("completion: nouns, then their verbs") {
  Shell shell;
  CHECK(shell.words({"to"}) == Words{"topic", "top"});
  CHECK(shell.words({"topic", ""}) == Words{"create", "list", "describe", "expand", "delete"});
  CHECK(shell.words({"topic", "d"}) == Words{"describe", "delete"});
  CHECK(shell.completion.candidates[0].description.find("One topic") == 0);
  CHECK(shell.words({"nonsense", ""}).empty());
}

TEST_CASE("completion: options of the command and of all commands, each once") {
  Shell shell;
  CHECK(shell.words({"group", "list", "--s"}) == Words{"--state", "--sort", "--server"});
  CHECK(shell.words({"group", "list", "--h"}) == Words{"--help"});
}

TEST_CASE("completion: values that are one of a few") {
  Shell shell;
  CHECK(shell.words({"--output", ""}) == Words{"table", "json"});
  CHECK(shell.words({"status", "--output=j"}) == Words{"--output=json"});
  CHECK(shell.words({"completion", ""}) == Words{"bash", "zsh", "fish"});
}

TEST_CASE("completion: groups, topics, partitions and members of the server that is meant") {
  Shell shell;
  CHECK(shell.words({"group", "describe", "bi"}) == Words{"billing"});
  CHECK(shell.asked.back().server == "default:1");
  shell.words({"--server", "other:2", "group", "describe", ""});
  CHECK(shell.asked.back().server == "other:2");
  CHECK(shell.words({"topic", "describe", ""}) == Words{"orders"});
  CHECK(shell.words({"topic", "create", ""}).empty());
  CHECK(shell.words({"run", "--topic", "o"}) == Words{"orders"});
  CHECK(shell.words({"group", "remove-member", "billing", "pod"}) == Words{"pod-0", "pod-1"});
  CHECK(shell.asked.back().group == "billing");
  CHECK(shell.words({"group", "remove-member", "billing", ""}) == Words{"pod-0", "pod-1"});
  CHECK(shell.words({"group", "why", "billing", "o"}) == Words{"orders/"});
  CHECK(shell.completion.goes_on);
  CHECK(shell.words({"group", "why", "billing", "orders/"}) ==
        Words{"orders/0", "orders/1", "orders/2"});
}

TEST_CASE("completion: a candidate is one line, with the first sentence of its description") {
  Shell shell;
  shell.words({"group", "reset"});
  CHECK(completion_lines(shell.completion) == "reset-offsets\tSay where a group goes on\n");
  CHECK(completion_lines({.candidates = {{"a", "Long, and\nlonger"}, {"b", ""}}}) ==
        "a\tLong, and longer\nb\n");
}

TEST_CASE("completion: files where files are named; behind -- a program, then files") {
  Shell shell;
  shell.words({"journal", "verify", "--data-dir", ""});
  CHECK(shell.completion.files);
  shell.words({"run", "--group", "g", "--topic", "t", "--", "m"});
  CHECK(completion_lines(shell.completion) == ":commands\n:files\n");
  shell.words({"run", "--group", "g", "--topic", "t", "--", "make", "m"});
  CHECK(completion_lines(shell.completion) == ":files\n");
}

TEST_CASE("completion: each shell has its script, which calls back") {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    CHECK(completion_script(shell).find(kCompleteCall) != std::string::npos);
  }
  CHECK(completion_script("tcsh").empty());
}

TEST_CASE("meant: an unknown command or option is named, and the near one offered") {
  Shell shell;
  const auto said = [&](const std::vector<std::string>& line) {
    return unknown_word(shell.app, line);
  };
  CHECK(said({"gruop", "list"}) == "There is no command `muster gruop`. Did you mean group?");
  CHECK(said({"group", "lsit"}) == "There is no command `muster group lsit`. Did you mean list?");
  CHECK(said({"group", "list", "--sttae", "stable"}) ==
        "There is no option --sttae of `muster group list`. Did you mean --state?");
  CHECK(said({"status", "--servr=x"}) ==
        "There is no option --servr of `muster status`. Did you mean --server?");
  CHECK(said({"group", "frobnicate"}) ==
        "There is no command `muster group frobnicate`. See muster group --help.");
  CHECK(said({"group", "list", "--state", "stable"}).empty());
  CHECK(said({"run", "--group", "g", "--topic", "t", "--", "ls", "--sttae"}).empty());
}

TEST_CASE("meant: to an unknown name of the server the near one is added") {
  Shell shell;
  const std::vector<const char*> line{"muster", "group", "remove-member", "biling", "pod-o"};
  shell.app.parse(static_cast<int>(line.size()), line.data());
  const auto message = [&](ErrorCode code, const char* said) {
    return with_meant_name(make_error(code, said), shell.app, "s:1", shell.source.names).message;
  };
  CHECK(message(ErrorCode::kUnknownResource, "No 'biling'.") ==
        "No 'biling'. Did you mean 'billing'?");
  CHECK(message(ErrorCode::kUnknownMember, "No 'pod-o'.") == "No 'pod-o'. Did you mean 'pod-0'?");
  CHECK(shell.asked.back().group == "biling");
  CHECK(message(ErrorCode::kUnavailable, "No 'biling'.") == "No 'biling'.");
}

TEST_CASE("meant: of a partition the topic, and nothing when nothing is near") {
  Shell shell;
  const std::vector<const char*> line{"muster", "group", "why", "billing", "ordesr/3"};
  shell.app.parse(static_cast<int>(line.size()), line.data());
  const Error unknown = make_error(ErrorCode::kUnknownResource, "No 'ordesr'.");
  CHECK(with_meant_name(unknown, shell.app, "s:1", shell.source.names).message ==
        "No 'ordesr'. Did you mean 'orders'?");
  const auto nobody = [](const NameQuestion&) { return std::vector<std::string>{}; };
  CHECK(with_meant_name(unknown, shell.app, "s:1", nobody).message == "No 'ordesr'.");
}

TEST_CASE("meant: a name that the refusal does not speak of is left alone: it may be new") {
  Shell shell;
  const std::vector<const char*> line{"muster", "group", "why", "biling", "ordesr/3"};
  shell.app.parse(static_cast<int>(line.size()), line.data());
  const Error unknown = make_error(ErrorCode::kUnknownResource, "No topic 'ordesr'.");
  CHECK(with_meant_name(unknown, shell.app, "s:1", shell.source.names).message ==
        "No topic 'ordesr'. Did you mean 'orders'?");
}

}  // namespace muster::tools
