// Which token comes next: greedy, or drawn by temperature, top-k and top-p. The same logits,
// options and seed give the same tokens on every host.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/error.h"
#include "base/random.h"
#include "results/sampling.h"

namespace crossval {

/// Errors (usage): a temperature that is negative or not finite, a negative top_k, a top_p outside
/// (0, 1], a min_p outside [0, 1].
Result<void> check_sampling(const SamplingOptions& options);

struct TokenChoice {
  int32_t id = 0;
  double probability = 0;
};

/// The tokens that may come next, their probabilities summing to 1, in an order that depends on
/// the arguments only. softmax(logits / temperature), in double, then top-k, then top-p of what
/// top-k left, then min-p; with temperature_last these see softmax(logits). Of equally likely
/// tokens the lowest ids are kept. `logits` are finite and not empty; `options` are checked.
std::vector<TokenChoice> token_choices(std::span<const float> logits,
                                       const SamplingOptions& options);

class Sampler {
 public:
  explicit Sampler(const SamplingOptions& options) : options_(options), random_(options.seed) {}

  /// The next token; draws one random number. `logits` as for token_choices.
  int32_t next(std::span<const float> logits);

 private:
  SamplingOptions options_;
  Random random_;
};

}  // namespace crossval
