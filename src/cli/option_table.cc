#include "cli/option_table.h"

#include <CLI/CLI.hpp>
#include <string_view>

#include "cli/engine_factory.h"

namespace crossval {
namespace {

// "a|b" at '|'.
std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::string_view part = text.substr(0, text.find(at));
    parts.emplace_back(part);
    text.remove_prefix(std::min(text.size(), part.size() + 1));
  }
  return parts;
}

// CLI11 writes a check's set behind the value's name, "FORM:{text,json}", with what each becomes
// where that differs, "ORDER:value in {file->0,name->1} OR {0,1}".
std::vector<std::string> choices_of(const CLI::Option& option) {
  const std::string value = value_name(option);
  if (value == "ENGINE") return engine_names();
  if (value.find('|') != std::string::npos) return split(value, '|');
  const std::string type = option.get_type_name();
  const size_t begin = type.find('{'), end = type.find('}');
  if (begin == std::string::npos || end == std::string::npos) return {};
  std::vector<std::string> choices;
  for (const std::string& each : split(type.substr(begin + 1, end - begin - 1), ',')) {
    choices.push_back(each.substr(0, each.find("->")));
  }
  return choices;
}

OptionRow row_of(const CLI::Option& option) {
  OptionRow row;
  row.positional = option.get_positional();
  if (row.positional) {
    row.names.push_back(option.get_name(true, false));
  } else {
    for (const std::string& name : option.get_snames()) row.names.push_back("-" + name);
    for (const std::string& name : option.get_lnames()) row.names.push_back("--" + name);
  }
  row.value = value_name(option);
  row.choices = choices_of(option);
  row.help = option.get_description();
  row.repeatable = option.get_multi_option_policy() == CLI::MultiOptionPolicy::TakeAll;
  return row;
}

CommandRow row_of(const CLI::App& app, std::string name) {
  CommandRow row{std::move(name), app.get_description(), {}};
  for (const CLI::Option* option : app.get_options()) row.options.push_back(row_of(*option));
  return row;
}

}  // namespace

std::string value_name(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  return type.substr(0, type.find(':'));
}

std::vector<CommandRow> option_table(const CLI::App& root) {
  std::vector<CommandRow> rows{row_of(root, "")};
  for (const CLI::App* command : root.get_subcommands(nullptr)) {
    rows.push_back(row_of(*command, command->get_name()));
  }
  return rows;
}

}  // namespace crossval
