// A figure over prompts and how sure it is. Plain data.
#pragma once

#include <limits>

namespace crossval {

/// A mean with its standard error over prompts (docs/suites.md). NaN: there is none.
struct Estimate {
  double value = std::numeric_limits<double>::quiet_NaN();
  double error = std::numeric_limits<double>::quiet_NaN();
};

}  // namespace crossval
