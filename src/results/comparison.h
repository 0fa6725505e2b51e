// The result of `per-token`: one record per position and what follows from them. Plain data with a
// version (report/json/schema_version.h); nothing here grows with positions × vocabulary.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "engine/info.h"
#include "results/comparison_defaults.h"
#include "results/explanation.h"
#include "results/first_difference.h"
#include "results/floor.h"
#include "results/health.h"
#include "results/inspection.h"
#include "results/non_finite.h"
#include "results/row_metrics.h"
#include "results/settings.h"
#include "results/token_mismatch.h"
#include "results/top_metrics.h"
#include "results/warning.h"

namespace crossval {

/// What a position must satisfy to pass; one table of verdicts (docs/verdicts.md).
enum class Requirement {
  cosine,             // raw cosine >= tolerance; NaN fails
  bits,               // every bit equal
  log_probabilities,  // of most likely tokens: none farther apart than the tolerance
  floor,              // KL and centred NMSE within what the noise floor allows, no decisive flip
};

/// What happens when the two engines' ids of the prompt differ.
enum class OnTokenMismatch {
  stop,           // nothing is evaluated
  use_reference,  // both evaluate the reference's ids
  use_candidate,  // both evaluate the candidate's ids
};

/// The word of a run: the first that applies (docs/verdicts.md).
enum class Verdict {
  tokens_differ,    // exit 2
  settings_differ,  // exit 6
  unhealthy,        // exit 3
  diverged,         // exit 1: some position fails what is required, or the run as a whole
  drift,            // exit 0: all pass, some are farther than the floor has ever been
  match,            // exit 0: all pass
  identical,        // exit 0: every bit of every row
};

/// How the prompt came to be (prompt/prompt.h), kept for the report.
struct PromptRecord {
  std::string text;  // rendered; empty when ids were given
  std::string form, form_why;
  std::string bos, bos_why;
  std::string special, special_why;
};

/// A healthy position beside the noise floor.
struct PositionFloor {
  std::optional<double> distance;  // the floor pair's centred relative L2 here, where evaluated
  double noise = 0;                // by how much two logits of healthy engines differ here
  bool above = false;              // farther than anything that was seen for the floor
  bool decisive_flip = false;      // another most likely token, by more than noise can do
};

/// ln p of the token that follows in the prompt.
struct NextToken {
  double candidate = 0, reference = 0;
};

struct PositionResult {
  int32_t position = 0;
  TokenId id = 0;                   // the token evaluated here
  std::string piece;                // its bytes
  bool decode = false;              // a decode step, else a position of the prompt
  bool passed = false;              // what is required
  bool healthy = true;              // both rows; metrics of an unhealthy position decide nothing
  RowMetrics metrics;               // of rows that are not all logits: argmax and identical alone
  std::optional<TopMetrics> top{};  // where one side tells its most likely tokens alone
  std::optional<PositionFloor> floor{};  // with a noise floor
  std::optional<NextToken> next{};       // where it was asked for, of healthy rows of logits
  bool argmax_flip() const { return metrics.candidate_argmax != metrics.reference_argmax; }
};

struct Comparison {
  EngineInfo candidate, reference;
  Requirement requirement = Requirement::cosine;
  double cos_tol = kCosTol;
  double logprob_tol = kLogprobTol;
  RowContent rows = RowContent::logits;  // what both sides' rows could be compared by
  int32_t max_tokens = 0;                // decode steps asked for
  OnTokenMismatch on_token_mismatch = OnTokenMismatch::stop;

  PromptRecord prompt;                           // of both, or of the reference alone
  std::optional<PromptRecord> candidate_prompt;  // where it has a text of its own
  std::vector<TokenId> tokens;  // of the prompt, as both evaluate them (on stop: the reference's)
  ModelFiles models;
  std::optional<FileDifference>
      model_difference;  // a: the candidate's; where they are not the same
  std::vector<SettingDifference> settings;
  std::vector<EqualSetting> equal_settings;
  std::optional<TokenMismatch> mismatch;
  bool gates_open = true;  // nothing keeps the rows from being compared
  std::vector<Warning> warnings;
  std::vector<HealthFinding> health;
  /// Per engine that shows its tensors, when a row of either is not finite; else empty.
  std::vector<NonFiniteOrigin> origins;

  std::vector<PositionResult> positions;  // the prompt's first, then the decode steps
  int32_t prompt_positions = 0;
  int32_t decode_steps = 0;
  bool stopped_at_end_of_generation = false;

  // Derived from `positions` by summarise() (session).
  int32_t identical_rows = 0;
  int32_t argmax_flips = 0;
  std::optional<int32_t> first_divergence;  // index into positions
  std::optional<int32_t> worst;             // lowest cosine; none when all rows are identical
  /// The smallest tolerance that would have passed: the lowest cosine. None when no tolerance would
  /// (an unhealthy row, no row).
  std::optional<double> passing_cos_tol;
  std::optional<double> passing_logprob_tol;  // likewise, of most likely tokens
  double max_absolute_diff = 0;               // NaN when any is; of most likely tokens, of ln p

  std::optional<TraceComparison> trace;    // --first-diff
  std::optional<Explanation> explanation;  // --explain, of the first row that is not the same
  std::optional<FloorComparison> floor;    // --floor

  Verdict verdict = Verdict::unhealthy;
  double seconds = 0;  // wall time of the evaluation
};

inline constexpr Verdict kVerdicts[] = {
    Verdict::tokens_differ, Verdict::settings_differ, Verdict::unhealthy, Verdict::diverged,
    Verdict::drift,         Verdict::match,           Verdict::identical};

/// "IDENTICAL", "MATCH", "DRIFT", "DIVERGED", "UNHEALTHY", "TOKENS-DIFFER", "SETTINGS-DIFFER": the
/// same in text, JSON and stores (docs/verdicts.md).
constexpr const char* verdict_word(Verdict verdict) {
  switch (verdict) {
    case Verdict::tokens_differ:
      return "TOKENS-DIFFER";
    case Verdict::settings_differ:
      return "SETTINGS-DIFFER";
    case Verdict::unhealthy:
      return "UNHEALTHY";
    case Verdict::diverged:
      return "DIVERGED";
    case Verdict::drift:
      return "DRIFT";
    case Verdict::match:
      return "MATCH";
    case Verdict::identical:
      return "IDENTICAL";
  }
  return "";
}

/// The verdict of a word; none: it is no verdict's.
inline std::optional<Verdict> verdict_of(std::string_view word) {
  for (const Verdict verdict : kVerdicts) {
    if (word == verdict_word(verdict)) return verdict;
  }
  return std::nullopt;
}

/// The exit status that belongs to a verdict.
constexpr ExitCode exit_code(Verdict verdict) {
  switch (verdict) {
    case Verdict::tokens_differ:
      return ExitCode::tokens_differ;
    case Verdict::settings_differ:
      return ExitCode::settings_differ;
    case Verdict::unhealthy:
      return ExitCode::unhealthy;
    case Verdict::diverged:
      return ExitCode::diverged;
    case Verdict::drift:
    case Verdict::match:
    case Verdict::identical:
      return ExitCode::ok;
  }
  return ExitCode::internal;
}

}  // namespace crossval
