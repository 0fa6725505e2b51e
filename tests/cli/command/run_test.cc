// Everything that is refused before an engine is made.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/captured_console.h"

namespace crossval {
namespace {

using ::testing::HasSubstr;
using testing::run_captured;

struct Refusal {
  std::vector<std::string> words;  // after run -m x -p x
  std::string said;
};

class RunUsage : public ::testing::TestWithParam<Refusal> {};

TEST_P(RunUsage, IsRefused) {
  std::vector<std::string> words{"run", "-m", "x", "-p", "x"};
  words.insert(words.end(), GetParam().words.begin(), GetParam().words.end());
  const auto run = run_captured(words);
  EXPECT_EQ(run.code, 64);
  EXPECT_EQ(run.out, "");
  EXPECT_THAT(run.err, HasSubstr(GetParam().said));
}

INSTANTIATE_TEST_SUITE_P(
    All, RunUsage,
    ::testing::Values(Refusal{{"--temp", "-1"}, "a temperature of -1"},
                      Refusal{{"--temp", "nan"}, "a temperature of nan"},
                      Refusal{{"--temp", "warm"}, "--temp"},
                      Refusal{{"--temp", "1", "--top-p", "0"}, "a top-p of 0"},
                      Refusal{{"--temp", "1", "--top-p", "1.5"}, "a top-p of 1.5"},
                      Refusal{{"--temp", "1", "--top-k", "-1"}, "a top-k of -1"},
                      Refusal{{"--temp", "1", "--seed", "-1"}, "--seed"},
                      Refusal{{"--top-k", "40"}, "--top-k changes nothing at temperature 0"},
                      Refusal{{"--top-p", "0.9"}, "--top-p changes nothing"},
                      Refusal{{"--seed", "3"}, "--seed changes nothing"},
                      Refusal{{"--stop", ""}, "--stop is empty"},
                      Refusal{{"-q", "-v"}, "-v adds to what -q leaves out"},
                      Refusal{{"--max-tokens", "-1"}, "--max-tokens"},
                      Refusal{{"--engine", "nativ"}, "Did you mean native?"},
                      Refusal{{"--engine", "llama.cpp", "--tokenizer", "t.json"}, "tokenizer"},
                      Refusal{{"--tem", "1"}, "Did you mean --temp?"}));

TEST(RunCommand, AllOfThemTogetherAreAccepted) {
  const auto run = run_captured({"run", "-m", "/nonexistent/a.gguf", "-p", "x", "--temp", "0.8",
                                 "--top-k", "40", "--top-p", "0.9", "--seed",
                                 "18446744073709551615", "--stop", "a", "--stop", "b", "-q"});
  EXPECT_EQ(run.code, 5);
  EXPECT_THAT(run.err, HasSubstr("/nonexistent/a.gguf"));
}

}  // namespace
}  // namespace crossval
