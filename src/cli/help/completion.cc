#include "cli/help/completion.h"

#include <fmt/format.h>

#include "base/shell_quote.h"

namespace crossval {
namespace {

std::string command_names(const std::vector<CommandRow>& table) {
  std::string names;
  for (const CommandRow& command : table) {
    if (!command.name.empty()) names += " " + command.name;
  }
  return names;
}

// --- bash
// -----------------------------------------------------------------------------------------

constexpr const char* kBashHead =
    R"(# bash completion of crossval, written by: crossval completion bash
_crossval() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command='' words='' behind=''
  ((COMP_CWORD == 1)) || command=${COMP_WORDS[1]}
  # Bash reads --format=json as three words, native:model=FILE as five.
  if [[ $word == '=' ]]; then
    word='' behind=$before
  elif [[ $before == '=' ]]; then
    before=${COMP_WORDS[COMP_CWORD - 2]} behind=$before
  fi
  if [[ -n $behind && $behind != -* ]]; then
    compopt -o bashdefault -o default
    return
  fi
  case $command in
)";
constexpr const char* kBashTail = R"(  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -F _crossval crossval
)";

// What is offered: the words that fit, and where none does, files or folders.
std::string bash_offer(const std::string& words, Paths paths) {
  std::string text = words.empty() ? "" : " words=" + shell_quoted(words) + ";";
  if (paths == Paths::file) text += " compopt -o bashdefault -o default;";
  if (paths == Paths::folder) text += " compopt -o dirnames;";
  return text.empty() ? " ;;" : text + ";";
}

// What may stand where an option can: the options, the values of positional ones.
std::string bash_words(const CommandRow& command) {
  std::string words;
  for (const OptionRow& option : command.options) {
    for (const std::string& each : option.positional ? option.choices : option.names) {
      words += (words.empty() ? "" : " ") + each;
    }
  }
  return words;
}

std::string bash_command(const CommandRow& command) {
  std::string text = fmt::format("    {})\n      case $before in\n", command.name);
  Paths positional = Paths::none;
  for (const OptionRow& option : command.options) {
    if (option.positional) positional = option.paths;
    if (option.positional || option.value.empty()) continue;
    const std::string choices = fmt::format("{}", fmt::join(option.choices, " "));
    text += fmt::format("        {}){}\n", fmt::join(option.names, " | "),
                        bash_offer(choices, option.paths));
  }
  text += fmt::format("        *){}{}\n      esac\n      ;;\n",
                      positional == Paths::none ? "" : " [[ $word != -* ]] ||",
                      bash_offer(bash_words(command), positional));
  return text;
}

// --- zsh
// ------------------------------------------------------------------------------------------

constexpr const char* kZshHead = R"(#compdef crossval
# zsh completion of crossval, written by: crossval completion zsh
_crossval_or_file() { compadd "$@" || _files }
_crossval_engine() { if compset -P '*='; then _files; else compadd "$@"; fi }  # native:model=FILE
_crossval() {
  local -a commands
  commands=(
)";
constexpr const char* kZshMiddle = R"(  )
  if ((CURRENT == 2)); then
    _describe command commands
    _arguments )";
constexpr const char* kZshBody = R"(
    return
  fi
  local command=$words[2]
  shift words
  ((CURRENT--))
  case $command in
)";
constexpr const char* kZshTail = R"(  esac
}
if [[ $funcstack[1] == _crossval ]]; then
  _crossval "$@"
else
  compdef _crossval crossval
fi
)";

// Brackets and colons end the parts of a specification.
std::string escaped_for_zsh(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') result += '\\';
    result += c;
  }
  return result;
}

std::string zsh_action(const OptionRow& option) {
  const std::string choices = escaped_for_zsh(fmt::format("{}", fmt::join(option.choices, " ")));
  if (option.paths == Paths::behind_key) return "_crossval_engine " + choices;
  if (option.paths == Paths::folder) return "_files -/";
  if (choices.empty()) return option.paths == Paths::file ? "_files" : " ";
  return option.paths == Paths::file ? "_crossval_or_file " + choices : "(" + choices + ")";
}

// '(-m --model)'{-m,--model=}'[help]:value:action'; of a positional one '::help:action'. A "=" says
// that the value may follow one.
std::string zsh_argument(const OptionRow& option) {
  const std::string help = escaped_for_zsh(option.help);
  if (option.positional) return shell_quoted(fmt::format("::{}:{}", help, zsh_action(option)));
  std::string text;
  if (option.repeatable) {
    text = "'*'";
  } else if (option.names.size() > 1) {
    text = shell_quoted(fmt::format("({})", fmt::join(option.names, " ")));
  }
  std::vector<std::string> names = option.names;
  for (std::string& name : names) {
    if (!option.value.empty() && name.starts_with("--")) name += '=';
  }
  text += names.size() > 1 ? fmt::format("{{{}}}", fmt::join(names, ",")) : names.front();
  const std::string value =
      option.value.empty()
          ? ""
          : fmt::format(":{}:{}", escaped_for_zsh(option.value), zsh_action(option));
  return text + shell_quoted(fmt::format("[{}]{}", help, value));
}

std::string zsh_arguments(const CommandRow& command, const char* indent) {
  std::string text;
  for (const OptionRow& option : command.options) {
    text += fmt::format("{}{}{}", text.empty() ? "" : " \\\n", indent, zsh_argument(option));
  }
  return text;
}

}  // namespace

std::string bash_completion(const std::vector<CommandRow>& table) {
  std::string text = kBashHead;
  text += fmt::format("    '') words={} ;;\n",
                      shell_quoted(bash_words(table.front()) + command_names(table)));
  for (const CommandRow& command : table) {
    if (!command.name.empty()) text += bash_command(command);
  }
  return text + kBashTail;
}

std::string zsh_completion(const std::vector<CommandRow>& table) {
  std::string text = kZshHead;
  for (const CommandRow& command : table) {
    if (command.name.empty()) continue;
    text += "    " + shell_quoted(escaped_for_zsh(command.name) + ":" + command.summary) + "\n";
  }
  text += kZshMiddle + std::string("\\\n") + zsh_arguments(table.front(), "      ") + kZshBody;
  for (const CommandRow& command : table) {
    if (command.name.empty()) continue;
    text += fmt::format("    {})\n      _arguments \\\n{}\n      ;;\n", command.name,
                        zsh_arguments(command, "        "));
  }
  return text + kZshTail;
}

}  // namespace crossval
