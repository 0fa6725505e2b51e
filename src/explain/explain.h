// Which operation, which engine, which mistake: both engines' traces judged by the oracle.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/error.h"
#include "engine/engine.h"
#include "explain/proof.h"
#include "gguf/opened_files.h"
#include "protocol/request.h"
#include "quant/i2s.h"
#include "results/explanation.h"

namespace crossval {

struct ExplainPlan {
  std::string model_path;  // the truth for both engines
  OpenedFiles files{};     // of the run
  std::optional<I2sLayout> i2s_layout{};
  int64_t n_ctx = 2048;
  std::vector<TokenId> ids;         // the last position is the one explained
  Range layers{};                   // that are judged
  int threads = 1;                  // of the oracle
  CanonicalArithmetic canonical{};  // for the causal proof; without: none
  /// Folders that are there; empty: nothing is written. TRACE/candidate.safetensors and
  /// reference.safetensors hold what the engines showed; REPRO is reproduce()'s.
  std::string trace_folder{}, repro_folder{};
  std::function<void(const std::string& phase)> phase;
};

/// Traces both engines one after the other; memory grows with a layer's values, not with the
/// trace. Errors: the model's; an engine's, with its name; usage (an engine without a trace);
/// cannot_write; interrupted.
Result<Explanation> explain(const ExplainPlan& plan, Engine& candidate, Engine& reference,
                            const std::stop_token& stop);

}  // namespace crossval
