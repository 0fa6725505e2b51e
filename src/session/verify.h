// Holds produced tokens against the rows of an engine.
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "engine/engine.h"
#include "results/sampling.h"
#include "results/verification.h"

namespace crossval {

/// A prompt's ids and what was produced behind them, once or several times.
struct ProducedSample {
  std::vector<TokenId> prompt;                // at least one
  std::vector<std::vector<TokenId>> outputs;  // at least one token in all
};

struct ProducedTokens {
  std::vector<ProducedSample> samples;
  /// What the provider was asked for, as far as the file's config says it; greedy otherwise.
  SamplingOptions sampling;
};

/// Reads {"samples": [{"prompt_token_ids": […], "outputs": [{"token_ids": […]}]}]}, which
/// providers' auditors write (DiFR), with "config": {"temperature": …, "top_k": …, "top_p": …,
/// "min_p": …} or without; other members are ignored. Errors (bad_input_file, with the place): no
/// JSON, another shape, an id that is none, no token at all, a setting that is none.
Result<ProducedTokens> parse_produced(std::string_view json, const std::string& path);

/// Evaluates each prompt with each of its outputs and scores every token of the output. A row is
/// held at a time. A token may be any that the sampling leaves of its row (greedy: the highest); of
/// tokens drawn at a temperature the mean ln p is held against what such draws have on average.
/// Errors: usage (an id outside the vocabulary, a context
/// too short); the engine's; unhealthy; interrupted.
Result<Verification> verify(const ProducedTokens& produced, double margin_tol, Engine& engine,
                            const std::function<void(int64_t)>& done, const std::stop_token& stop);

}  // namespace crossval
