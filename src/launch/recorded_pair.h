// Two runs in files, opened to be compared: no engine computes, no model is read.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "prompt/prompt.h"
#include "recording/replay_engine.h"
#include "results/model_files.h"
#include "results/warning.h"

namespace crossval {

struct RecordedPair {
  std::unique_ptr<ReplayEngine> candidate, reference;
  Prompt prompt;                               // the reference's, and the candidate's where
  std::optional<Prompt> candidate_prompt;      // it is not the same
  ModelFiles models;                           // by their SHA-256
  std::vector<std::string> asked_differences;  // of both
  double resolution = 0;                       // of ln p, by rounding: of both files together
  int32_t max_tokens = 0;                      // decode steps that both have, with the same tokens
  /// continuations-part, tokens-unknown, rows-of-other-places, rows-left-over: what is not
  /// compared, or by what right.
  std::vector<Warning> notes;
};

/// Errors (bad_input_file): those of open_run_file.
Result<RecordedPair> open_recorded_pair(const std::string& candidate, const std::string& reference);

}  // namespace crossval
