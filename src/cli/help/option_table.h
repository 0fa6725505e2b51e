// The commands and options as plain data, read back from CLI11: what help, completion and the
// manual page are made of.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace crossval {

/// What of the file system a value may be, or have in it: native:model=FILE.
enum class Paths { none, file, folder, behind_key };

struct OptionRow {
  std::vector<std::string> names;    // "-m", "--model"; a positional one has its name alone
  std::string value;                 // "FILE.gguf"; empty for a flag
  std::vector<std::string> choices;  // the values there are, where they are known
  Paths paths = Paths::none;         // beside the choices
  std::string help;
  bool positional = false;
  bool repeatable = false;
};

struct CommandRow {
  std::string name;
  std::string summary;
  std::string footer;  // what --help says below the options
  std::vector<OptionRow> options;
};

/// The commands, in the order of --help; the first row is the program itself, without a name.
std::vector<CommandRow> option_table(const CLI::App& root);

/// What the option is for, with its default or that it must be given.
std::string option_help(const CLI::Option& option);

/// What the option's value is called: "FILE.gguf", "auto|on|off"; empty for a flag.
std::string value_name(const CLI::Option& option);

}  // namespace crossval
