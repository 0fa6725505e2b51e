// Evaluates a prompt and what the engine makes of it, and writes all into a file.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "base/error.h"
#include "engine/engine.h"
#include "prompt/prompt.h"
#include "recording/replay_engine.h"
#include "results/model_files.h"
#include "results/recording.h"
#include "session/per_token.h"
#include "session/tensor_names.h"

namespace crossval {

struct RecordPlan {
  Prompt prompt;
  std::vector<std::string> asked_differences;  // as in RecordingFacts
  std::vector<ModelPart> model;                // with digests
  std::string path;                            // of the file
  int32_t max_tokens = kDecodeSteps;           // greedy, after the prompt
  RowContent rows = RowContent::logits;
  int32_t top_tokens = 0;  // of RowContent::top
  TensorNames tensors{};   // that go into the file
  /// The run that this one has to be like; none: null.
  struct Like {
    const ReplayEngine* run = nullptr;
    ModelFiles models{};               // this run's beside its
    std::vector<std::string> asked{};  // settings that may differ
  } like{};
};

/// Streams: nothing grows with positions × vocabulary. The file gets its name when all is in it.
/// Errors: usage (what the engine cannot do, a prompt that does not fit, no token);
/// settings_differ, tokens_differ (another run than `like`); the engine's; cannot_write;
/// interrupted.
Result<Recording> record(const RecordPlan& plan, Engine& engine, PerTokenObserver& observer,
                         const std::stop_token& stop);

}  // namespace crossval
