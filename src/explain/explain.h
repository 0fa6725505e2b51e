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
#include "quant/i2s.h"
#include "results/explanation.h"

namespace crossval {

struct ExplainPlan {
  std::string model_path;  // the truth for both engines
  OpenedFiles files{};     // of the run
  std::optional<I2sLayout> i2s_layout{};
  int64_t n_ctx = 2048;
  std::vector<TokenId> ids;         // the last position is the one explained
  int threads = 1;                  // of the oracle
  CanonicalArithmetic canonical{};  // for the causal proof; without: none
  std::function<void(const std::string& phase)> phase;
};

/// Traces both engines one after the other; memory grows with a layer's values, not with the
/// trace. Errors: the model's; an engine's, with its name; usage (an engine without a trace);
/// interrupted.
Result<Explanation> explain(const ExplainPlan& plan, Engine& candidate, Engine& reference,
                            const std::stop_token& stop);

}  // namespace crossval
