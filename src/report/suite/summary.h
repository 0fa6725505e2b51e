// What the reports of a suite say in the same words: its verdict, its counts, its worst prompts.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "results/suite.h"

namespace crossval {

/// One prompt under one pair of engines: a run.
struct SuiteRun {
  const SuitePairResult* pair = nullptr;
  const SuitePromptResult* prompt = nullptr;
};

/// Runs of a pair, each counted once.
struct SuiteCounts {
  int64_t passed = 0;
  int64_t failed = 0;   // by their verdict
  int64_t errors = 0;   // those without a verdict among them
  int64_t not_run = 0;  // of missing shards, or without a record
  int64_t all() const { return passed + failed + errors + not_run; }
};

/// "prompt 7" where the suite has no id for it.
std::string prompt_id(const SuiteResult& suite, int32_t prompt);
PromptKind prompt_kind(const SuiteResult& suite, int32_t prompt);

/// "ERROR" of a prompt that an error ended; "ACCEPTED" and "WORSE" beside what was accepted of it;
/// else the verdict's word.
std::string prompt_word(const SuitePromptResult& prompt);

inline constexpr const char* kBeyondLimits = "BEYOND-LIMITS";

/// The word of the pair's worst run, or BEYOND-LIMITS; "NOT-RUN" without a run.
std::string pair_word(const SuitePairResult& pair);

/// That of the worst pair, or "INCOMPLETE" where all is well so far and shards are missing.
std::string suite_word(const SuiteResult& suite);

/// What was accepted of a run that is judged by it, in some words; empty of any other.
std::string standing_text(const SuitePromptResult& prompt);

/// By its verdict and what was accepted; an error never passes, nor does a prompt without a
/// verdict.
bool passed(const SuitePromptResult& prompt);

/// What became of it and how far it is, in one line that is safe to print, without the word.
std::string result_sentence(const SuitePromptResult& prompt);

/// Indices of the prompts that the result is of: all, or those of its one shard.
std::vector<int32_t> prompts_in(const SuiteResult& suite);

/// Of them, those that have no record though their shard is not missing.
std::vector<int32_t> not_run_of(const SuiteResult& suite, const SuitePairResult& pair);
SuiteCounts counts_of(const SuiteResult& suite, const SuitePairResult& pair);
SuiteCounts counts_of(const SuiteResult& suite);

/// "mean KL 4.52e-03, at most 1.00e-03"; "-" for a figure that the pair does not have.
std::string limit_sentence(const JudgedLimit& limit);

/// "kept", "broken", "not-judged".
const char* limit_word(LimitState state);

/// The key of a limit in the suite file.
const char* limit_key(const JudgedLimit& limit);

/// What was explained of a run; null: nothing.
const SuiteExplanation* explanation_of(const SuiteResult& suite, size_t pair, int32_t prompt);

/// "CANDIDATE-WRONG at position 5: the first operation that is off is …", one line.
std::string explained_sentence(const SuiteExplanation& explanation);

/// Prompts of a pair that do not pass.
int32_t failed_prompts(const SuitePairResult& pair);

/// Everything was run, there is something, all of it passes and keeps its limits.
bool passed(const SuiteResult& suite);

/// The suite's word as a heading: "INCOMPLETE, DIVERGED" where something was not
/// run.
std::string suite_headline(const SuiteResult& suite);

/// What stands behind the word, in one line; missing shards first.
std::string suite_sentence(const SuiteResult& suite);

/// All runs of all pairs: errors first, then by verdict, in it by 1 − cosine and the largest KL
/// (NaN is the largest), then in the suite's order.
std::vector<SuiteRun> runs_worst_first(const SuiteResult& suite);

/// What of a pair is not identical: errors first, then by verdict, in it by 1 − cosine, then in the
/// suite's order.
std::vector<const SuitePromptResult*> worst_first(const SuitePairResult& pair);

/// Where a run stands among others, the worst first: 0 for an error.
int badness_rank(const SuitePromptResult& prompt);

/// "engine-failed", "diverged": an exit status in a word.
std::string error_word(ExitCode code);

/// What a two-by-two says, in one line: which of the two moves a position more, and how much more.
std::string two_by_two_sentence(const TwoByTwo& square);

/// What its figures are of: "B less A, q4 less f16: ln of the perplexity, of 300 positions of 8
/// prompts".
std::string two_by_two_scope(const TwoByTwo& square);

/// An effect with the words for it, in the order in which reports show them.
struct NamedEffect {
  std::string name;
  const Effect* effect = nullptr;
};
std::vector<NamedEffect> effects_of(const TwoByTwo& square);

/// "1.23e-04 ± 2.00e-05"; "-" for NaN; without a standard error the value alone.
std::string shown_estimate(const Estimate& estimate);

/// "-1.00e-05 … 2.00e-05"; "-" where there is none.
std::string shown_interval(const Effect& effect);

/// exp of a mean −ln p with its standard error: "12.345 ± 0.12".
std::string shown_perplexity(const Estimate& nll);

/// "3 + 1": ties and decisive flips; "-" without a noise floor.
std::string shown_flips(const std::optional<SuiteFlips>& flips);

/// "99.98 %", cut and not rounded: 100 % is all. With a standard error, where there is one.
std::string shown_share(const Estimate& share);

}  // namespace crossval
