// What a pair of engines has to keep over all its prompts (docs/suites.md). Plain data.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

namespace crossval {

/// A figure of SuiteStatistics that a suite may limit.
enum class LimitedFigure : uint8_t {
  mean_kl,
  kl_p999,
  max_kl,
  ln_perplexity_ratio,  // its size, on either side of 0
  same_top,             // a share, limited from below
  decisive_flips,       // a number; of pairs with a noise floor alone
};

struct NamedFigure {
  LimitedFigure figure;
  const char* key;   // in suite files and JSON
  const char* name;  // for people
};

inline constexpr NamedFigure kLimitedFigures[] = {
    {LimitedFigure::mean_kl, "mean_kl", "mean KL"},
    {LimitedFigure::kl_p999, "kl_p999", "99.9 % KL"},
    {LimitedFigure::max_kl, "max_kl", "largest KL"},
    {LimitedFigure::ln_perplexity_ratio, "ln_perplexity_ratio", "|ln of the perplexities' ratio|"},
    {LimitedFigure::same_top, "same_top", "the same most likely token"},
    {LimitedFigure::decisive_flips, "decisive_flips", "decisive flips"},
};

inline const NamedFigure& named(LimitedFigure figure) {
  return *std::ranges::find(kLimitedFigures, figure, &NamedFigure::figure);
}

/// The figure is at most this, or at least where it is `same_top`.
struct PairLimit {
  LimitedFigure figure = LimitedFigure::mean_kl;
  double limit = 0;
};

enum class LimitState : uint8_t { kept, broken, not_judged };

struct JudgedLimit {
  PairLimit limit;
  double value = std::numeric_limits<double>::quiet_NaN();  // NaN: the pair has no such figure
  LimitState state = LimitState::not_judged;
};

}  // namespace crossval
