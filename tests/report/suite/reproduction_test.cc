#include "report/suite/reproduction.h"

#include <gtest/gtest.h>

#include "report/suite/suites.h"

namespace crossval {
namespace {

using namespace crossval::testing;

TEST(ReproduceCommand, IdsAreGivenAsIds) {
  SuiteResult suite = suite_of_four();
  suite.kinds[2] = PromptKind::tokens;
  EXPECT_EQ(reproduce_command(suite, suite.pairs[0], 2),
            "crossval per-token --tokens \"$(crossval suite prompt out/nightly two)\" --candidate "
            "native --reference llama.cpp:kv=f32 -m m.gguf");
}

TEST(SuiteReproduction, DefaultsAreLeftOut) {
  const SuiteResult suite = suite_of_four();
  EXPECT_EQ(reproduce_command(suite, suite.pairs[0], 0),
            "crossval suite prompt out/nightly hello | crossval per-token --candidate native "
            "--reference llama.cpp:kv=f32 -m m.gguf -f -");
}

TEST(SuiteReproduction, EverythingElseIsGivenAndQuoted) {
  SuiteResult suite = suite_of_four();
  SuitePairResult& pair = suite.pairs[0];
  pair.candidate = "exec:python3 it's.py";
  pair.tokenizer = "t.json";
  pair.require = "floor";
  pair.floor = "auto";
  pair.cos_tol = 0.99;
  pair.logprob_tol = 0.5;
  pair.max_tokens = 0;
  pair.model = "";
  suite.folder = "my results";
  EXPECT_EQ(
      reproduce_command(suite, pair, 1),
      "crossval suite prompt 'my results' 'a, b: 50%' | crossval per-token --candidate "
      "'exec:python3 it'\\''s.py' --reference llama.cpp:kv=f32 --tokenizer t.json --require floor "
      "--floor auto --cos-tol 0.99 --logprob-tol 0.5 --max-tokens 0 --messages -");
}

TEST(SuiteReproduction, AnIdIsNoOption) {
  SuiteResult suite = suite_of_four();
  suite.prompts[0] = "--help";
  EXPECT_TRUE(reproduce_command(suite, suite.pairs[0], 0)
                  .starts_with("crossval suite prompt -- out/nightly --help | "));
}

TEST(SuiteReproduction, WhatATerminalWouldObeyIsInOctal) {
  SuiteResult suite = suite_of_four();
  suite.prompts[0] = "a\n\x1b'\\\xe2\x80\xae";
  EXPECT_TRUE(reproduce_command(suite, suite.pairs[0], 0)
                  .starts_with("crossval suite prompt out/nightly "
                               "$'a\\012\\033\\'\\\\\\342\\200\\256' | "));
  suite.prompts[0] = "käse";  // seen as it is
  EXPECT_TRUE(reproduce_command(suite, suite.pairs[0], 0)
                  .starts_with("crossval suite prompt out/nightly 'käse' | "));
}

}  // namespace
}  // namespace crossval
