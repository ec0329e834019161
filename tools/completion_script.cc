#include "tools/completion_script.h"

#include <memory>

#include "tools/commands.h"
#include "tools/output.h"

namespace muster::tools {
namespace {

// bash divides words at = and : too; a candidate has to begin where the last such piece does.
constexpr std::string_view kBash =
    R"sh(# muster: completion for bash. In ~/.bashrc: source <(muster completion bash)
_muster() {
  local line=${COMP_LINE:0:COMP_POINT} candidate
  local -a words
  read -r -a words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  local written=${words[-1]}
  local before=${written%"${written##*[:=]}"}
  COMPREPLY=()
  while IFS= read -r candidate; do
    case $candidate in
      :files) compopt -o default ;;
      :nospace) compopt -o nospace ;;
      :commands) mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -c -- "$written") ;;
      *)
        candidate=${candidate%%$'\t'*}
        COMPREPLY+=("$(printf '%q' "${candidate#"$before"}")")
        ;;
    esac
  done < <("${words[0]}" __complete "${words[@]:1}" 2>/dev/null)
}
complete -F _muster muster
)sh";

constexpr std::string_view kZsh = R"sh(#compdef muster
# muster: completion for zsh. In ~/.zshrc, after compinit: source <(muster completion zsh)
_muster() {
  local -a candidates options
  local line candidate
  while IFS= read -r line; do
    case $line in
      :files) _files ;;
      :commands) _command_names -e ;;
      :nospace) options=(-S '') ;;
      *)
        candidate=${line%%$'\t'*}
        candidate=${${candidate//\\/\\\\}//:/\\:}
        [[ $line == *$'\t'* ]] && candidate+=:${line#*$'\t'}
        candidates+=("$candidate")
        ;;
    esac
  done < <("${words[1]}" __complete "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)
  _describe 'muster' candidates "${options[@]}"
}
if [ "$funcstack[1]" = _muster ]; then
  _muster "$@"
else
  compdef _muster muster
fi
)sh";

constexpr std::string_view kFish =
    R"sh(# muster: completion for fish. In config.fish: muster completion fish | source
function __muster_complete
    set -l words (commandline -opc)
    set -l token (commandline -ct)
    # Quotes that are not closed yet are none to it.
    set -l written (string unescape -- "$token"; or string trim --left --chars "\"'" -- "$token")
    for line in ($words[1] __complete $words[2..-1] "$written" 2>/dev/null)
        switch $line
            case ':files'
                __fish_complete_path "$written"
            case ':commands'
                __fish_complete_command
            case ':nospace'
            case '*'
                printf '%s\n' $line
        end
    end
end
complete -c muster -f -a '(__muster_complete)'
)sh";

}  // namespace

std::string completion_script(std::string_view shell) {
  if (shell == "bash") return std::string(kBash);
  if (shell == "zsh") return std::string(kZsh);
  if (shell == "fish") return std::string(kFish);
  return {};
}

void add_completion_command(CLI::App& app, Context& context) {
  CLI::App& command =
      add_command(app, "completion", "A script that completes this command in a shell",
                  "  source <(muster completion bash)\n"
                  "  source <(muster completion zsh)\n"
                  "  muster completion fish | source");
  const auto shell = std::make_shared<std::string>();
  command.add_option("SHELL", *shell, "The shell that reads it")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}).description(""))
      ->type_name("bash|zsh|fish");
  on_run(command, context, [&context, shell]() -> Outcome {
    const std::string script = completion_script(*shell);
    if (context.json()) {
      print_json({{"shell", *shell}, {"script", script}});
    } else {
      print_text(script);
    }
    return 0;
  });
}

}  // namespace muster::tools
