// Completion scripts and the manual page: nothing of the option table is missing in them.
#include "cli/help/completion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <set>
#include <sstream>

#include "cli/command_line.h"
#include "cli/help/man_page.h"
#include "support/captured_console.h"

namespace crossval {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Ne;

std::vector<CommandRow> table() {
  Console console;
  return option_table(CommandLine(console).root());
}

const CommandRow& command(const std::vector<CommandRow>& rows, const std::string& name) {
  return *std::ranges::find(rows, name, &CommandRow::name);
}

const OptionRow& option(const CommandRow& row, const std::string& name) {
  return *std::ranges::find_if(row.options, [&](const OptionRow& each) {
    return std::ranges::find(each.names, name) != each.names.end();
  });
}

TEST(OptionTable, HasEveryCommandAndItsOptions) {
  const auto rows = table();
  ASSERT_EQ(rows.size(), commands().size() + 1);
  EXPECT_EQ(rows[0].name, "");
  EXPECT_THAT(option(rows[0], "--version").names, ElementsAre("--version"));
  for (size_t i = 0; i < commands().size(); ++i) {
    EXPECT_EQ(rows[i + 1].name, commands()[i].name);
    EXPECT_EQ(rows[i + 1].summary, commands()[i].summary);
    EXPECT_THAT(option(rows[i + 1], "-q").names, ElementsAre("-q", "--quiet"));
  }
}

TEST(OptionTable, KindsOfOptions) {
  const auto rows = table();
  const CommandRow& run = command(rows, "run");
  EXPECT_EQ(option(run, "-m").value, "FILE.gguf");
  EXPECT_TRUE(option(run, "-m").choices.empty());
  EXPECT_EQ(option(run, "--threads").value, "N");  // without the range that is checked
  EXPECT_EQ(option(run, "--chat").value, "");
  EXPECT_TRUE(option(run, "--stop").repeatable);
  EXPECT_FALSE(option(run, "--temp").repeatable);
  EXPECT_THAT(option(run, "--kv").choices,
              ElementsAre("f16", "f32", "bf16", "q8_0", "q5_1", "q5_0", "q4_1", "q4_0", "iq4_nl"));
  EXPECT_THAT(option(run, "--bos").choices, ElementsAre("auto", "on", "off"));
  EXPECT_THAT(option(run, "--engine").choices,
              ElementsAre("native", "llama.cpp", "oracle", "oracle:declared", "hf", "exec", "http",
                          "replay"));
  const OptionRow& shell = option(command(rows, "completion"), "shell");
  EXPECT_TRUE(shell.positional);
  EXPECT_THAT(shell.choices, ElementsAre("bash", "zsh"));
  EXPECT_THAT(option(command(rows, "inspect"), "--sort").choices,
              ElementsAre("file", "name", "size", "offset"));
  EXPECT_THAT(option(run, "--prompt-template").choices,
              ElementsAre("raw", "auto", "instruct", "chatml", "llama3-chat"));
  const CommandRow& synth = command(rows, "synth");
  EXPECT_THAT(option(synth, "--arch").choices, ::testing::IsSupersetOf({"llama", "qwen3moe"}));
  EXPECT_THAT(option(synth, "--types").choices, ::testing::IsSupersetOf({"F16", "Q4_K", "I2_S"}));
}

TEST(OptionTable, WhereFilesStand) {
  const auto rows = table();
  const CommandRow& run = command(rows, "run");
  EXPECT_EQ(option(run, "-m").paths, Paths::file);
  EXPECT_EQ(option(run, "--messages").paths, Paths::file);
  EXPECT_EQ(option(run, "--prompt-template").paths, Paths::file);
  EXPECT_EQ(option(run, "--engine").paths, Paths::behind_key);
  EXPECT_EQ(option(run, "--threads").paths, Paths::none);
  EXPECT_EQ(option(command(rows, "per-token"), "--dump").paths, Paths::folder);
}

TEST(OptionTable, NoValueHasATypesName) {
  for (const CommandRow& row : table()) {
    for (const OptionRow& each : row.options) {
      EXPECT_THAT(each.value, ::testing::AllOf(Ne("INT"), Ne("UINT"), Ne("FLOAT"))) << row.name;
      EXPECT_TRUE(each.positional || each.value.find(' ') == std::string::npos) << row.name;
    }
  }
}

TEST(OptionTable, HelpSaysWhatBelongsTogether) {
  const auto rows = table();
  EXPECT_EQ(option(command(rows, "synth"), "--layers").help, "layers (default 4)");
  EXPECT_THAT(option(command(rows, "synth"), "-o").help, ::testing::EndsWith("(required)"));
  const CommandRow& tokenize = command(rows, "tokenize");
  EXPECT_THAT(option(tokenize, "--compare").help,
              ::testing::EndsWith("(not with --count, --engine)"));
  EXPECT_THAT(option(tokenize, "--candidate").help, ::testing::EndsWith("(with --compare)"));
}

// The words of a script from the line `begin` on.
std::set<std::string> words_after(const std::string& script, const std::string& begin,
                                  const std::string& separators) {
  const size_t at = script.find(begin);
  EXPECT_NE(at, std::string::npos) << begin;
  const std::string part =
      script.substr(at, script.find("\n    ", script.find(" words='-", at)) - at);
  std::set<std::string> words;
  for (size_t from = 0; from < part.size();) {
    const size_t to = std::min(part.find_first_of(separators, from), part.size());
    words.insert(part.substr(from, to - from));
    from = to + 1;
  }
  return words;
}

TEST(Completion, BashHasEveryOptionOfEveryCommand) {
  const std::string script = bash_completion(table());
  for (const CommandRow& row : table()) {
    const auto words = words_after(
        script, row.name.empty() ? "    '') words=" : "    " + row.name + ")\n", " '\n");
    for (const OptionRow& each : row.options) {
      for (const std::string& name : each.names) {
        EXPECT_TRUE(each.positional || words.contains(name)) << row.name << " " << name;
      }
    }
  }
}

TEST(Completion, ZshHasEveryOptionOfEveryCommand) {
  const std::string script = zsh_completion(table());
  EXPECT_TRUE(script.starts_with("#compdef crossval\n"));
  for (const CommandRow& row : table()) {
    if (row.name.empty()) continue;
    EXPECT_THAT(script, HasSubstr("'" + row.name + ":"));
    const size_t at = script.find("    " + row.name + ")\n");
    ASSERT_NE(at, std::string::npos) << row.name;
    const std::string part = script.substr(at, script.find(";;", at) - at);
    for (const OptionRow& each : row.options) {
      if (each.positional) continue;
      for (const std::string& name : each.names) EXPECT_THAT(part, HasSubstr(name)) << row.name;
    }
  }
}

TEST(ManPage, HasEveryOptionOfEveryCommand) {
  std::string page = man_page(table());
  std::erase(page, '\\');  // of "\\-" and "\\fB"
  for (const CommandRow& row : table()) {
    EXPECT_THAT(page, HasSubstr(row.name.empty() ? ".SH OPTIONS\n" : ".SS " + row.name + "\n"));
    for (const OptionRow& each : row.options) {
      for (const std::string& name : each.names) {
        EXPECT_THAT(page, HasSubstr("fB" + name + "fR")) << row.name;
      }
    }
  }
}

TEST(ManPage, SaysWhatHelpSays) {
  std::string page = man_page(table());
  std::erase(page, '\\');
  EXPECT_THAT(page, HasSubstr("An ENGINE is written name or name:key=value,key=value"));
  EXPECT_THAT(page, HasSubstr("layers (default 4)"));
  EXPECT_THAT(page, HasSubstr("(not with --count, --engine)"));
}

TEST(ManPage, ExitCodesAreThoseOfTheDocument) {
  std::ifstream document(CROSSVAL_TESTDATA "/../../docs/exit-codes.md");
  std::set<std::string> expected;
  for (std::string line; std::getline(document, line);) {
    if (line.starts_with("| ") && std::isdigit(line[2]) != 0) {
      expected.insert(line.substr(2, line.find(' ', 2) - 2));
    }
  }
  EXPECT_EQ(expected.size(), 12U);
  const std::string page = man_page(table());
  std::istringstream section(page.substr(page.find("EXIT STATUS")));
  std::set<std::string> found;
  for (std::string line; std::getline(section, line);) {
    if (!line.empty() && std::isdigit(line[0]) != 0) found.insert(line);
  }
  EXPECT_EQ(found, expected);
}

TEST(CompletionCommand, OnlyKnownShells) {
  EXPECT_EQ(testing::run_captured({"completion", "fish"}).code, 64);
  EXPECT_EQ(testing::run_captured({"completion"}).code, 64);
  EXPECT_EQ(testing::run_captured({"completion", "bash"}).out, bash_completion(table()));
  EXPECT_EQ(testing::run_captured({"completion", "zsh"}).out, zsh_completion(table()));
  EXPECT_EQ(testing::run_captured({"man"}).out, man_page(table()));
}

}  // namespace
}  // namespace crossval
