#include "cli/run_cli.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/command/command.h"
#include "support/captured_console.h"

namespace crossval {
namespace {

using ::testing::HasSubstr;
using testing::run_captured;

TEST(RunCli, VersionAndHelpGoToStdout) {
  const auto version = run_captured({"--version"});
  EXPECT_EQ(version.code, 0);
  EXPECT_THAT(version.out, HasSubstr("crossval 0."));
  EXPECT_THAT(run_captured({"--help"}).out, HasSubstr("per-token"));
}

TEST(RunCli, UnknownCommandSuggestsTheNearest) {
  const auto run = run_captured({"per-tokne"});
  EXPECT_EQ(run.code, 64);
  EXPECT_THAT(run.err, HasSubstr("there is no command \"per-tokne\""));
  EXPECT_THAT(run.err, HasSubstr("Did you mean per-token?"));
  EXPECT_EQ(run.out, "");
}

TEST(RunCli, UnknownOptionSuggestsTheNearest) {
  const auto run = run_captured({"per-token", "-m", "x", "-p", "x", "--cos-tl=1"});
  EXPECT_EQ(run.code, 64);
  EXPECT_THAT(run.err, HasSubstr("Did you mean --cos-tol?"));
}

TEST(RunCli, JsonIsRefusedWhereThereIsNoDocument) {
  const std::vector<std::vector<std::string>> commands = {
      {"synth", "-o", "no-such-folder/m.gguf", "--types", "F16"}, {"man"}, {"completion", "bash"}};
  for (std::vector<std::string> words : commands) {
    words.insert(words.end(), {"--format", "json"});
    const auto run = run_captured(words);
    EXPECT_EQ(run.code, 64) << words[0];
    EXPECT_THAT(run.out, HasSubstr("no JSON document"));  // the error is one
  }
  EXPECT_EQ(run_captured({"version", "--format", "json"}).code, 0);
}

struct BadLine {
  std::vector<std::string> words;
  std::string said;
};

class UsageError : public ::testing::TestWithParam<BadLine> {};

TEST_P(UsageError, IsSaidInWordsOfOurOwn) {
  const auto run = run_captured(GetParam().words);
  EXPECT_EQ(run.code, 64);
  EXPECT_EQ(run.out, "");
  EXPECT_THAT(run.err, ::testing::StartsWith("crossval: " + GetParam().said));
}

INSTANTIATE_TEST_SUITE_P(
    All, UsageError,
    ::testing::Values(
        BadLine{{"per-token", "--cos-tl", "0.9"},
                "there is no option --cos-tl (command line)\n  Did you mean --cos-tol?"},
        BadLine{{"synth", "--ach", "llama", "-o", "x"},  // --types is missing as well
                "there is no option --ach (command line)\n  Did you mean --arch?"},
        BadLine{{"--verson"},
                "there is no option --verson before a command (command line)\n"
                "  Did you mean --version?"},
        BadLine{{"run", "-p", "x", "-p", "y"}, "--prompt is given more than once"},
        BadLine{{"run", "-m"}, "--model needs a value"},
        BadLine{{"run", "extra"}, "unexpected argument \"extra\" (command line)\n  See crossval"},
        BadLine{{"per-token", "my model.gguf", "-p", "x"},
                "unexpected argument \"my model.gguf\" (command line)\n"
                "  Did you mean --model 'my model.gguf'?"},
        BadLine{{"run", "-m", "x.gguf", "1 + 1 = 2"},
                "unexpected argument \"1 + 1 = 2\" (command line)\n"
                "  Did you mean --prompt '1 + 1 = 2'?"},
        BadLine{{"version", "x.gguf"}, "unexpected argument \"x.gguf\" (command line)\n  See"},
        BadLine{{"synth", "-o", "x"}, "--types is required"}, BadLine{{}, "no command given"},
        BadLine{{"synth", "--seed", "-1"},
                "--seed: \"-1\" is no whole number from 0 to 18446744073709551615"},
        BadLine{{"synth", "--layers", "1e3"},
                "--layers: \"1e3\" is no whole number from 1 to 2147483648"},
        BadLine{{"run", "-t", "1025"}, "--threads: \"1025\" is no whole number from 1 to 1024"},
        BadLine{{"run", "--engine-timeout", "0"},
                "--engine-timeout: \"0\" is no number from 0.1 to 1000000"},
        BadLine{{"run", "--temp", "warm"}, "--temp: \"warm\" is no number"},
        BadLine{{"inspect", "--sort", "foo", "f"},
                "--sort: \"foo\" is none of file, name, size, offset (command line)"},
        BadLine{{"run", "--kv", "f61"},
                "--kv: \"f61\" is none of f16, f32, bf16, q8_0, q5_1, q5_0, q4_1, q4_0, iq4_nl; "
                "did you mean "
                "f16?"}));

TEST(RunCli, RequiredOptionsAreMarked) {
  const std::string help = run_captured({"synth", "--help"}).out;
  EXPECT_THAT(help, HasSubstr("-o,--output FILE.gguf    the model file to write (required)\n"));
  EXPECT_THAT(help, HasSubstr("--layers N               layers (default 4)\n"));
}

TEST(RunCli, UsageErrorsAreJsonInJsonMode) {
  for (const std::vector<std::string>& format :
       {std::vector<std::string>{"--format", "json"}, {"--format=json"}}) {
    std::vector<std::string> words{"per-token", "--no-such-option"};
    words.insert(words.end(), format.begin(), format.end());
    const auto run = run_captured(words);
    EXPECT_EQ(run.code, 64);
    const auto json = nlohmann::json::parse(run.out);
    EXPECT_EQ(json["exit_code"], 64);
    EXPECT_EQ(json["status"], "error");
    EXPECT_THAT(json["error"]["what"].get<std::string>(), HasSubstr("--no-such-option"));
  }
}

TEST(RunCli, HelpFitsEightyColumns) {
  std::vector<std::vector<std::string>> lines_of{{"--help"}};
  for (const CommandEntry& entry : commands()) lines_of.push_back({entry.name, "--help"});
  for (const auto& words : lines_of) {
    const auto help = run_captured(words);
    EXPECT_EQ(help.code, 0);
    EXPECT_THAT(help.out, HasSubstr("--help"));
    std::istringstream lines(help.out);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80U) << line;
  }
}

TEST(RunCli, HelpNamesTheKeysOfEngines) {
  for (const char* command : {"per-token", "run", "tokenize", "doctor"}) {
    EXPECT_THAT(run_captured({command, "--help"}).out, HasSubstr("keys of llama.cpp: model"));
  }
}

TEST(RunCli, NoCommandIsUsage) { EXPECT_EQ(run_captured({}).code, 64); }

TEST(RunCli, FullDiskIsReported) {
  Console console;
  console.out = std::fopen("/dev/full", "w");
  console.err = std::tmpfile();
  const char* argv[] = {"crossval", "--version"};
  EXPECT_EQ(run_cli(2, argv, console), 74);
  std::fclose(console.out);
  EXPECT_THAT(testing::read_back(console.err), HasSubstr("cannot be written"));
}

}  // namespace
}  // namespace crossval
