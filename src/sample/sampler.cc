#include "sample/sampler.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sample/portable_exp.h"

namespace crossval {
namespace {

bool more_likely(const TokenChoice& a, const TokenChoice& b) {
  return a.probability > b.probability || (a.probability == b.probability && a.id < b.id);
}

double total(const std::vector<TokenChoice>& choices) {
  double sum = 0;
  for (const TokenChoice& choice : choices) sum += choice.probability;
  return sum;
}

void keep_top_k(std::vector<TokenChoice>& choices, size_t k) {
  std::partial_sort(choices.begin(), choices.begin() + static_cast<std::ptrdiff_t>(k),
                    choices.end(), more_likely);
  choices.resize(k);
}

void keep_top_p(std::vector<TokenChoice>& choices, double p) {
  const double enough = p * total(choices);
  const auto less_likely = [](const auto& a, const auto& b) { return more_likely(b, a); };
  std::ranges::make_heap(choices, less_likely);
  // The heap gives up its most likely token to the end of the vector; few are asked for.
  auto kept = choices.end();
  for (double sum = 0; kept != choices.begin() && sum < enough; sum += kept->probability) {
    std::pop_heap(choices.begin(), kept, less_likely);
    --kept;
  }
  choices.erase(choices.begin(), kept);
}

}  // namespace

Result<void> check_sampling(const SamplingOptions& options) {
  // Written so that NaN fails.
  if (!(options.temperature >= 0 && std::isfinite(options.temperature))) {
    return fail(ExitCode::usage,
                fmt::format("a temperature of {} is not a number from 0 up", options.temperature));
  }
  if (options.top_k < 0) {
    return fail(ExitCode::usage, fmt::format("a top-k of {} is negative", options.top_k), {},
                "0 keeps all tokens.");
  }
  if (!(options.top_p > 0 && options.top_p <= 1)) {
    return fail(ExitCode::usage,
                fmt::format("a top-p of {} is not above 0 and at most 1", options.top_p), {},
                "1 keeps all tokens.");
  }
  if (!(options.min_p >= 0 && options.min_p <= 1)) {
    return fail(ExitCode::usage, fmt::format("a min-p of {} is not from 0 to 1", options.min_p), {},
                "0 keeps all tokens.");
  }
  return {};
}

std::vector<TokenChoice> token_choices(std::span<const float> logits,
                                       const SamplingOptions& options) {
  const auto best = std::ranges::max_element(logits);  // the first of equals
  if (options.temperature == 0) return {{static_cast<int32_t>(best - logits.begin()), 1.0}};
  std::vector<TokenChoice> choices;
  choices.reserve(logits.size());
  const auto likelihood = [&](size_t id, double temperature) {
    return portable_exp((static_cast<double>(logits[id]) - static_cast<double>(*best)) /
                        temperature);
  };
  const double filtered_at = options.temperature_last ? 1 : options.temperature;
  for (size_t id = 0; id < logits.size(); ++id)
    choices.push_back({static_cast<int32_t>(id), likelihood(id, filtered_at)});
  const auto k = static_cast<size_t>(options.top_k);
  if (k > 0 && k < choices.size()) keep_top_k(choices, k);
  if (options.top_p < 1) keep_top_p(choices, options.top_p);
  // The best one's likelihood is 1 so far.
  std::erase_if(choices, [&](const auto& choice) { return choice.probability < options.min_p; });
  if (options.temperature_last) {
    for (TokenChoice& choice : choices)
      choice.probability = likelihood(static_cast<size_t>(choice.id), options.temperature);
  }
  const double sum = total(choices);
  for (TokenChoice& choice : choices) choice.probability /= sum;
  return choices;
}

int32_t Sampler::next(std::span<const float> logits) {
  const std::vector<TokenChoice> choices = token_choices(logits, options_);
  const double drawn = random_.uniform_double();
  double sum = 0;
  for (const TokenChoice& choice : choices) {
    sum += choice.probability;
    if (drawn < sum) return choice.id;
  }
  // The sum may stay below 1 by its rounding.
  return std::ranges::max_element(choices, {}, &TokenChoice::probability)->id;
}

}  // namespace crossval
