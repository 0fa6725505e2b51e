// The result of a suite: many prompts over pairs of engines. Plain data, a small record a prompt:
// rows of positions stay in the store (suite/store.h).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "results/comparison.h"
#include "results/comparison_defaults.h"
#include "results/estimate.h"
#include "results/floor.h"
#include "results/suite_limits.h"
#include "results/two_by_two.h"

namespace crossval {

/// What a prompt is given as.
enum class PromptKind { text, messages, tokens };

/// How far a run may be from its reference: figures that somebody accepted (suite/baseline.h).
struct SuiteLimit {
  Verdict verdict = Verdict::identical;  // of the run that was accepted
  double distance = 0;                   // 1 − the lowest cosine; NaN: it had none
  double largest_kl = 0;                 // nats; NaN: it had none
  int32_t other_top = 0;                 // positions whose most likely tokens differ
};

/// A run beside what was accepted of it.
enum class Standing {
  unjudged,  // nothing was accepted
  within,    // it passes by itself and is no worse than accepted
  accepted,  // it fails what is required, no worse than somebody accepted with a reason
  worse,     // than accepted, whatever its verdict
};

/// Positions whose most likely tokens differ, as a noise floor tells them apart
/// (FloorComparison::tie_flips, decisive_flips).
struct SuiteFlips {
  int64_t ties = 0;      // where the reference nearly ties
  int64_t decisive = 0;  // where it does not
};

/// Everything that one pair of engines has to say about one prompt, in a few figures.
struct SuitePromptResult {
  int32_t prompt = 0;               // index into SuiteResult::prompts
  std::optional<Verdict> verdict;   // none: an error ended it
  std::optional<Error> error;       // an engine that failed, a prompt that cannot be rendered
  std::string detail;               // what the verdict is about, one sentence; may be empty
  int32_t tokens = 0;               // of the prompt
  int32_t positions = 0;            // compared, decode steps among them
  int32_t identical = 0;            // of them, bit for bit
  int32_t same_top = 0;             // of them, with the same most likely token
  std::optional<SuiteFlips> flips;  // the others of them, where the pair has a noise floor
  std::optional<int32_t> first_divergence;  // position
  double lowest_cosine = 1;                 // NaN where a row has none
  double max_abs_diff = 0;
  double largest_kl = 0;            // nats
  double seconds = 0;               // of this run: no part of what is compared between runs
  std::optional<SuiteLimit> limit;  // what was accepted of it
  Standing standing = Standing::unjudged;
};

/// As llama-perplexity says it, the standard errors over prompts instead of tokens. Of positions
/// whose rows both engines gave in full and that are healthy.
struct SuiteStatistics {
  int32_t prompts = 0;                    // with such positions
  int64_t positions = 0;                  // such
  int64_t scored = 0;                     // of them, positions of prompts whose next token is known
  Estimate candidate_nll, reference_nll;  // mean −ln p of the next token: ln of the perplexity
  Estimate nll_difference;                // candidate − reference: ln of the perplexities' ratio
  Estimate kl;                            // KL(reference ‖ candidate), nats
  double kl_median = 0, kl_p90 = 0, kl_p99 = 0, kl_p999 = 0, kl_max = 0;
  Estimate delta_p;  // p(next) of the candidate less the reference's
  double delta_p_rms = 0;
  Estimate same_top;                // share of positions
  std::optional<SuiteFlips> flips;  // where the pair has a noise floor
  Estimate decisive_share;          // of positions
};

struct SuitePairResult {
  std::string name;
  std::string candidate, reference;  // as a command line has them
  std::string tokenizer;             // of the candidate; may be empty
  std::string model;                 // path; empty where the engines' keys say
  std::string require, floor;        // as the suite file has them; may be empty
  double cos_tol = kCosTol, logprob_tol = kLogprobTol;
  int32_t max_tokens = kDecodeSteps;
  std::vector<EngineMark> candidate_marks, reference_marks;  // empty: never loaded
  std::vector<SuitePromptResult> prompts;                    // those that have been run, by index
  SuiteStatistics statistics;
  std::vector<JudgedLimit> limits;

  bool breaks_limits() const {
    return std::ranges::find(limits, LimitState::broken, &JudgedLimit::state) != limits.end();
  }
};

/// A run of those that are farthest from their reference, position by position.
struct SuiteCloseup {
  struct Token {
    int32_t position = 0;
    int32_t id = 0;
    std::string piece;  // any bytes
    bool passed = true;
  };
  size_t pair = 0;                  // index into SuiteResult::pairs
  int32_t prompt = 0;               // index into SuiteResult::prompts
  std::vector<double> distances{};  // 1 − cosine, by position; NaN: it has none
  std::vector<Token> around{};      // the first divergence, or else the farthest position
};

/// What `explain` says of a run at its first position that fails.
struct SuiteExplanation {
  size_t pair = 0;          // index into SuiteResult::pairs
  int32_t prompt = 0;       // index into SuiteResult::prompts
  int32_t position = 0;     // that was explained
  std::string verdict{};    // "CANDIDATE-WRONG"; empty: it could not be explained
  std::string operation{};  // of the guilty engine, the first that is off; may be empty
  std::string cause{};      // the mistake that makes it so; empty: none is known
  std::string sentence{};   // what stands behind the verdict, or why there is none
};

struct SuiteResult {
  std::string name;
  std::string folder;  // of the results
  std::string manifest_sha256;
  std::vector<std::string> prompts;  // ids
  std::vector<PromptKind> kinds;     // by prompt
  std::vector<SuitePairResult> pairs;
  std::vector<TwoByTwo> two_by_two;
  std::vector<SuiteExplanation> explanations;  // by pair and prompt
  std::vector<SuiteCloseup> closeups;          // the farthest first, and those that were explained
  int32_t shards = 1;
  std::optional<int32_t> shard;  // that this is the result of; none: of all
  std::vector<int32_t> missing;  // shards without a result
  std::string baseline;          // path of what was accepted; empty: nothing is asked for
  bool has_baseline = false;     // it is there

  bool complete() const { return missing.empty(); }
  /// Of all prompts and not of some shards.
  bool whole() const { return complete() && (!shard || shards == 1); }
};

/// In the folder of a suite's results: all its prompts, a line each.
inline constexpr const char* kPromptsFile = "prompts.jsonl";

/// Whether a prompt, by index, belongs to a shard.
constexpr bool is_of_shard(size_t prompt, int32_t shard, int32_t shards) {
  return prompt % static_cast<size_t>(shards) == static_cast<size_t>(shard);
}

/// How many prompts of a pair ended in an error.
inline int32_t errors_of(const SuitePairResult& pair) {
  return static_cast<int32_t>(
      std::ranges::count_if(pair.prompts, [](const auto& p) { return p.error.has_value(); }));
}

/// A distance to sort by: NaN is the largest, for a run without a figure is no better than any.
inline double as_far(double distance) {
  return std::isnan(distance) ? std::numeric_limits<double>::infinity() : distance;
}

/// The exit status of one run: an error's, that of its verdict, or, where somebody accepted
/// figures, ok within them and diverged beyond.
inline ExitCode exit_code(const SuitePromptResult& prompt) {
  if (prompt.error) return prompt.error->code;
  if (!prompt.verdict) return ExitCode::internal;
  const ExitCode code = exit_code(*prompt.verdict);
  if (prompt.standing == Standing::accepted) return ExitCode::ok;
  return code == ExitCode::ok && prompt.standing == Standing::worse ? ExitCode::diverged : code;
}

/// The first that applies: an error's (the first prompt's that has one), the worst verdict's that
/// nobody accepted, ExitCode::diverged where a run is worse than accepted or a pair breaks a limit,
/// ExitCode::again where shards are missing.
inline ExitCode exit_code(const SuiteResult& suite) {
  std::optional<Verdict> worst;
  bool grown = false;
  for (const SuitePairResult& pair : suite.pairs) {
    grown = grown || pair.breaks_limits();
    for (const SuitePromptResult& prompt : pair.prompts) {
      if (prompt.error) return prompt.error->code;
      grown = grown || prompt.standing == Standing::worse;
      const bool counts = prompt.verdict && prompt.standing != Standing::accepted;
      if (counts && (!worst || *prompt.verdict < *worst)) worst = prompt.verdict;
    }
  }
  const ExitCode code = worst ? exit_code(*worst) : ExitCode::ok;
  if (code != ExitCode::ok) return code;
  if (grown) return ExitCode::diverged;
  return suite.complete() ? ExitCode::ok : ExitCode::again;
}

}  // namespace crossval
