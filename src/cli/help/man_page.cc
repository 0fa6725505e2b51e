#include "cli/help/man_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <string_view>
#include <utility>

#include "base/build_info.h"

namespace crossval {
namespace {

// docs/exit-codes.md in short.
constexpr std::pair<int, const char*> kExitCodes[] = {
    {0, "identical, or everything required holds"},
    {1, "diverged: some position fails what is required"},
    {2, "the engines' token ids differ"},
    {3, "logits that no working engine gives"},
    {4, "an engine is unavailable, failed, or kept silent too long"},
    {5, "a model or another input file cannot be read or is not supported"},
    {6, "the engines run with settings that change the numbers, unasked"},
    {64, "a bad command line"},
    {70, "a bug in crossval"},
    {74, "the result cannot be written"},
    {75, "a suite is not finished: run it again"},
    {130, "interrupted"},
};

constexpr std::pair<const char*, const char*> kEnvironment[] = {
    {"CROSSVAL_CACHE", "the folder of model and reference, instead of ~/.cache/crossval"},
    {"CROSSVAL_KERNELS", "the kernel set of the native engine, instead of the fastest one"},
    {"CROSSVAL_WORKER", "the program that runs llama.cpp, instead of the one in the cache"},
    {"CROSSVAL_JINJA", "the program that renders chat templates, likewise"},
    {"LLAMA_CPP_DIR", "a llama.cpp tree that the reference is built from"},
    {"BITNET_CPP_DIR", "a tree or a build of bitnet.cpp, the reference of its models (I2_S)"},
    {"NO_COLOR", "no colours, whatever the terminal can do"},
};

// Text as roff takes it: no request at the start of a line, hyphens that can be copied.
std::string roff(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const bool starts = result.empty() || result.back() == '\n';
    if (starts && (c == '.' || c == '\'')) result += "\\&";
    if (c == '\\') {
      result += "\\e";
    } else if (c == '-') {
      result += "\\-";
    } else {
      result += c;
    }
  }
  return result;
}

std::string entry(const std::string& term, std::string_view text) {
  return fmt::format(".TP\n{}\n{}\n", term, roff(text));
}

std::string option_entry(const OptionRow& option) {
  std::string term;
  for (const std::string& name : option.names) {
    term += fmt::format("{}\\fB{}\\fR", term.empty() ? "" : ", ", roff(name));
  }
  if (!option.value.empty()) term += fmt::format(" \\fI{}\\fR", roff(option.value));
  return entry(term, option.help);
}

bool has(const CommandRow& command, const OptionRow& option) {
  return std::ranges::any_of(command.options,
                             [&](const OptionRow& each) { return each.names == option.names; });
}

}  // namespace

std::string man_page(const std::vector<CommandRow>& table) {
  const CommandRow& program = table.front();
  const auto commands = std::span(table).subspan(1);
  const auto common = [&](const OptionRow& option) {
    return std::ranges::all_of(commands,
                               [&](const CommandRow& command) { return has(command, option); });
  };
  std::string text = fmt::format(
      ".TH CROSSVAL 1 \"\" \"crossval {}\" \"User Commands\"\n"
      ".SH NAME\ncrossval \\- compare LLM inference engines token by token\n"
      ".SH SYNOPSIS\n\\fBcrossval\\fR \\fICOMMAND\\fR [\\fIOPTIONS\\fR]\n"
      ".SH DESCRIPTION\n{}\n",
      build_info().version, roff(program.summary));
  text += ".SH OPTIONS\n";
  for (const OptionRow& option : program.options) {
    if (!common(option)) text += option_entry(option);
  }
  text += ".PP\nEvery command takes:\n";
  for (const OptionRow& option : commands.front().options) {
    if (common(option)) text += option_entry(option);
  }
  text += ".SH COMMANDS\n";
  for (const CommandRow& command : commands) {
    text += fmt::format(".SS {}\n{}\n", roff(command.name), roff(command.summary));
    for (const OptionRow& option : command.options) {
      if (!common(option)) text += option_entry(option);
    }
    if (!command.footer.empty()) text += fmt::format(".PP\n{}\n", roff(command.footer));
  }
  text += ".SH \"EXIT STATUS\"\n";
  for (const auto& [code, meaning] : kExitCodes) text += entry(std::to_string(code), meaning);
  text += ".SH ENVIRONMENT\n";
  for (const auto& [name, meaning] : kEnvironment) {
    text += entry(fmt::format("\\fB{}\\fR", name), meaning);
  }
  return text;
}

}  // namespace crossval
