// Runs the comparison: gates, then both engines in lockstep, then the verdict.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/error.h"
#include "engine/engine.h"
#include "prompt/model_facts.h"
#include "prompt/prompt.h"
#include "results/comparison.h"
#include "results/comparison_defaults.h"

namespace crossval {

/// What the command line asked for.
struct PerTokenPlan {
  Prompt prompt;
  std::optional<Prompt> candidate_prompt;  // where the candidate has a text of its own
  PairFacts facts;                         // the token gate names causes with them
  ModelFiles models;                       // what the two engines' model files are to each other,
  std::optional<FileDifference> model_difference;  // and in what they differ, where they do
  /// None: a cosine, or what takes its place where rows are not all logits.
  std::optional<Requirement> requirement;
  double cos_tol = kCosTol;
  double logprob_tol = kLogprobTol;
  double resolution = 0;              // of ln p, where a file rounds it: no less is required
  int32_t max_tokens = kDecodeSteps;  // after the prompt; 0: the prompt alone
  OnTokenMismatch on_token_mismatch = OnTokenMismatch::stop;
  bool first_diff = false;
  bool score_next = false;  // ln p of each token of the prompt, by both
  /// Explains the last of these ids; called for the first row that is not the same. May be empty.
  std::function<Result<Explanation>(const std::vector<TokenId>& ids)> explain;
  std::string dump_dir;        // empty: none
  std::optional<Floor> floor;  // the reference's noise floor, with the file that it is from
  std::string floor_path;
  /// Makes the reference under the setting of the floor's pair; called with --require floor.
  std::function<Result<std::unique_ptr<Engine>>()> open_floor_pair;
  /// Names of settings (SettingDifference::name) that the command line set for one side on purpose.
  std::vector<std::string> asked_differences;
};

/// Told about the run as it goes; called from the caller's thread only.
class PerTokenObserver {
 public:
  virtual ~PerTokenObserver() = default;
  virtual void phase(const std::string& what) = 0;  // "tokenise", "evaluate", "decode", …
  /// Positions done of those planned (prompt and decode steps).
  virtual void progress(int32_t done, int32_t planned) = 0;
};

/// Compares two engines. A divergence, a gate that closes, unhealthy logits are results; an Error
/// is an engine that failed, bad input, an output that cannot be written, an interruption (`stop`).
Result<Comparison> compare_per_token(const PerTokenPlan& plan, Engine& candidate, Engine& reference,
                                     PerTokenObserver& observer, std::stop_token stop);

}  // namespace crossval
