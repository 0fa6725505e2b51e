#include "cli/help/option_table.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <set>
#include <string_view>

#include "launch/engine_factory.h"
#include "model/architecture.h"
#include "prompt/fixed_forms.h"
#include "quant/format.h"

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

template <class Table>
std::vector<std::string> names_of(const Table& table) {
  std::vector<std::string> names;
  for (const auto& entry : table) names.emplace_back(entry.name);
  return names;
}

// The values that a table elsewhere knows, where nobody checks while parsing: a file, keys or a
// further value may follow, or the refusal says more.
std::vector<std::string> known_values(std::string_view value) {
  if (value == "ENGINE") return engine_names();
  if (value == "ARCH") return names_of(architectures());
  if (value == "TYPES") return names_of(weight_formats());
  if (value != "TEMPLATE") return {};
  std::vector<std::string> names{"raw", "auto"};
  for (const FixedForm& form : fixed_forms()) names.emplace_back(form.name);
  return names;
}

// CLI11 writes the set of a check behind the value's name: "FORM:{text,json}".
std::vector<std::string> choices_of(const CLI::Option& option) {
  const std::string value = value_name(option);
  if (auto known = known_values(value); !known.empty()) return known;
  if (value.find('|') != std::string::npos) return split(value, '|');
  const std::string type = option.get_type_name();
  const size_t begin = type.find('{'), end = type.find('}');
  if (begin == std::string::npos || end == std::string::npos) return {};
  return split(type.substr(begin + 1, end - begin - 1), ',');
}

Paths paths_of(std::string_view value) {
  if (value.starts_with("FILE") || value == "TEMPLATE") return Paths::file;
  if (value == "DIR") return Paths::folder;
  return value == "ENGINE" ? Paths::behind_key : Paths::none;
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
  row.paths = paths_of(row.value);
  row.help = option_help(option);
  row.repeatable = option.get_multi_option_policy() == CLI::MultiOptionPolicy::TakeAll;
  return row;
}

CommandRow row_of(const CLI::App& app, std::string name) {
  CommandRow row{std::move(name), app.get_description(), app.get_footer(), {}};
  for (const CLI::Option* option : app.get_options()) row.options.push_back(row_of(*option));
  return row;
}

}  // namespace

std::string value_name(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  return type.substr(0, type.find(':'));
}

std::string option_help(const CLI::Option& option) {
  const std::string usual = option.get_default_str();
  std::string help = option.get_description() + (usual.empty() ? "" : " (default " + usual + ")");
  const auto add = [&](const char* word, const std::set<CLI::Option*>& others) {
    std::set<std::string> names;  // in an order of their own: pointers have none
    for (const CLI::Option* other : others) names.insert(other->get_name());
    if (!names.empty()) help += fmt::format(" ({} {})", word, fmt::join(names, ", "));
  };
  if (option.get_required()) help += " (required)";
  add("with", option.get_needs());
  add("not with", option.get_excludes());
  return help;
}

std::vector<CommandRow> option_table(const CLI::App& root) {
  std::vector<CommandRow> rows{row_of(root, "")};
  for (const CLI::App* command : root.get_subcommands(nullptr)) {
    rows.push_back(row_of(*command, command->get_name()));
  }
  return rows;
}

}  // namespace crossval
