#include "cli/completion.h"

#include <fmt/format.h>

#include <algorithm>

namespace crossval {
namespace {

// In single quotes, for both shells.
std::string quoted(std::string_view text) {
  std::string result = "'";
  for (const char c : text) result += c == '\'' ? "'\\''" : std::string(1, c);
  return result + "'";
}

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
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command='' words=''
  ((COMP_CWORD == 1)) || command=${COMP_WORDS[1]}
  # Bash reads --format=json as three words.
  if [[ $word == '=' ]]; then
    word=''
  elif [[ $before == '=' ]]; then
    before=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  # Without words, bash completes files.
  case $command in
)";
constexpr const char* kBashTail = R"(  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -o bashdefault -o default -F _crossval crossval
)";

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
  std::string files;
  for (const OptionRow& option : command.options) {
    if (option.positional || option.value.empty()) continue;
    const std::string names = fmt::format("{}", fmt::join(option.names, " | "));
    if (option.choices.empty()) {
      files += (files.empty() ? "" : " | ") + names;
    } else {
      text += fmt::format("        {}) words={} ;;\n", names,
                          quoted(fmt::format("{}", fmt::join(option.choices, " "))));
    }
  }
  if (!files.empty()) text += fmt::format("        {}) ;;\n", files);
  const bool takes_files = std::ranges::any_of(command.options, [](const OptionRow& option) {
    return option.positional && option.choices.empty();
  });
  text += fmt::format("        *) {}words={} ;;\n      esac\n      ;;\n",
                      takes_files ? "[[ $word != -* ]] || " : "", quoted(bash_words(command)));
  return text;
}

// --- zsh
// ------------------------------------------------------------------------------------------

constexpr const char* kZshHead = R"(#compdef crossval
# zsh completion of crossval, written by: crossval completion zsh
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
  if (!option.choices.empty()) return fmt::format("({})", fmt::join(option.choices, " "));
  return option.value.starts_with("DIR") ? "_files -/" : "_files";
}

// '(-m --model)'{-m,--model=}'[help]:value:action'; of a positional one '::help:action'. A "=" says
// that the value may follow one.
std::string zsh_argument(const OptionRow& option) {
  const std::string help = escaped_for_zsh(option.help);
  if (option.positional) return quoted(fmt::format("::{}:{}", help, zsh_action(option)));
  std::string text;
  if (option.repeatable) {
    text = "'*'";
  } else if (option.names.size() > 1) {
    text = quoted(fmt::format("({})", fmt::join(option.names, " ")));
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
  return text + quoted(fmt::format("[{}]{}", help, value));
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
                      quoted(bash_words(table.front()) + command_names(table)));
  for (const CommandRow& command : table) {
    if (!command.name.empty()) text += bash_command(command);
  }
  return text + kBashTail;
}

std::string zsh_completion(const std::vector<CommandRow>& table) {
  std::string text = kZshHead;
  for (const CommandRow& command : table) {
    if (command.name.empty()) continue;
    text += "    " + quoted(escaped_for_zsh(command.name) + ":" + command.summary) + "\n";
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
