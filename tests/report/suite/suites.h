// Results of suites, made by hand.
#pragma once

#include <cmath>
#include <string>
#include <utility>

#include "results/suite.h"

namespace crossval::testing {

inline SuitePromptResult matching_prompt(int32_t index) {
  SuitePromptResult prompt;
  prompt.prompt = index;
  prompt.verdict = Verdict::match;
  prompt.tokens = 5;
  prompt.positions = 8;
  prompt.identical = 2;
  prompt.same_top = 8;
  prompt.lowest_cosine = 0.9995;
  prompt.max_abs_diff = 0.25;
  prompt.largest_kl = 1.25e-5;
  prompt.seconds = 0.5;
  return prompt;
}

inline SuitePromptResult diverged_prompt(int32_t index) {
  SuitePromptResult prompt = matching_prompt(index);
  prompt.verdict = Verdict::diverged;
  prompt.first_divergence = 3;
  prompt.same_top = 6;
  prompt.lowest_cosine = 0.75;
  prompt.largest_kl = 0.5;
  prompt.seconds = 1.25;
  return prompt;
}

inline SuitePromptResult failed_prompt(int32_t index, std::string what = "the engine ended") {
  SuitePromptResult prompt;
  prompt.prompt = index;
  prompt.error = Error{ExitCode::engine_failed, std::move(what), "candidate", "Look at it."};
  return prompt;
}

/// Four prompts under one pair: "hello" diverged, "a, b: 50%" ended in an error, "two" and "three"
/// match.
inline SuiteResult suite_of_four() {
  SuiteResult suite;
  suite.name = "nightly";
  suite.folder = "out/nightly";
  suite.manifest_sha256 = "abc123";
  suite.prompts = {"hello", "a, b: 50%", "two", "three"};
  suite.kinds = {PromptKind::text, PromptKind::messages, PromptKind::text, PromptKind::text};
  SuitePairResult pair;
  pair.name = "native";
  pair.candidate = "native";
  pair.reference = "llama.cpp:kv=f32";
  pair.model = "m.gguf";
  pair.candidate_marks = {{"commit", "c0ffee"}, {"isa", "avx2"}};
  pair.reference_marks = {{"commit", "beef"}, {"isa", "avx2"}};
  pair.prompts = {diverged_prompt(0), failed_prompt(1), matching_prompt(2), matching_prompt(3)};
  pair.statistics.prompts = 3;
  pair.statistics.positions = 24;
  pair.statistics.scored = 12;
  pair.statistics.candidate_nll = {std::log(8.0), 0.125};
  pair.statistics.reference_nll = {std::log(4.0), std::nan("")};
  pair.statistics.kl = {0.0125, 0.0025};
  pair.statistics.same_top = {0.99996, std::nan("")};
  suite.pairs = {pair};
  return suite;
}

/// Likewise, all of them match.
inline SuiteResult passing_suite() {
  SuiteResult suite = suite_of_four();
  for (SuitePromptResult& prompt : suite.pairs[0].prompts) prompt = matching_prompt(prompt.prompt);
  return suite;
}

/// Two shards, of which the second, with "a, b: 50%" and "three", has no result; all else matches.
inline SuiteResult suite_of_one_shard_of_two() {
  SuiteResult suite = passing_suite();
  suite.shards = 2;
  suite.missing = {1};
  suite.pairs[0].prompts = {matching_prompt(0), matching_prompt(2)};
  return suite;
}

/// What a name must not do to any report.
inline const std::string kHostile =
    "</td></testcase>|`x`\n::error::\x1b[31m\"'&<script>alert(1)</script>\xff\xe2\x80\xae";

inline SuiteResult hostile_suite() {
  SuiteResult suite = suite_of_four();
  suite.name = suite.folder = suite.manifest_sha256 = kHostile;
  suite.prompts[0] = suite.prompts[1] = kHostile;
  SuitePairResult& pair = suite.pairs[0];
  pair.name = pair.candidate = pair.reference = pair.model = pair.tokenizer = kHostile;
  pair.candidate_marks = {{kHostile, kHostile}};
  pair.prompts[0].detail = kHostile;
  pair.prompts[1].error = Error{ExitCode::engine_failed, kHostile, kHostile, kHostile};
  return suite;
}

}  // namespace crossval::testing
