#include "floor/spread.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace crossval {

Spread spread_of(std::vector<double> values) {
  if (values.empty()) return {};
  if (std::ranges::any_of(values, [](double value) { return std::isnan(value); })) {
    constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
    return {kNaN, kNaN, kNaN};
  }
  std::ranges::sort(values);
  const auto at = [&](size_t percent) {
    const size_t rank = (values.size() * percent + 99) / 100;  // from 1 on, rounded up
    return values[rank - 1];
  };
  return {at(50), at(99), values.back()};
}

}  // namespace crossval
