#include "suite/ratio.h"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace crossval {

Estimate ratio(std::span<const Part> parts) {
  double sum = 0;
  double count = 0;
  for (const Part& part : parts) {
    sum += part.sum;
    count += part.count;
  }
  if (count == 0) return {};
  Estimate estimate;
  estimate.value = sum / count;
  const auto m = static_cast<double>(parts.size());
  if (m < 2) return estimate;
  double squares = 0;
  for (const Part& part : parts) {
    const double rest = part.sum - estimate.value * part.count;
    squares += rest * rest;
  }
  estimate.error = std::sqrt(m / (m - 1) * squares) / count;
  return estimate;
}

// Of the table in any textbook; beyond 30 the expansion by Abramowitz and Stegun, 26.7.5, whose
// first four terms are right to five digits.
double student_t(int32_t degrees) {
  static constexpr double kTable[] = {
      12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281,
      2.2010,  2.1788, 2.1604, 2.1448, 2.1314, 2.1199, 2.1098, 2.1009, 2.0930, 2.0860,
      2.0796,  2.0739, 2.0687, 2.0639, 2.0595, 2.0555, 2.0518, 2.0484, 2.0452, 2.0423};
  const auto nu = static_cast<double>(std::max(degrees, 1));
  if (nu <= static_cast<double>(std::size(kTable))) return kTable[static_cast<size_t>(nu) - 1];
  constexpr double z = 1.959964, z3 = z * z * z, z5 = z3 * z * z, z7 = z5 * z * z;
  return z + (z3 + z) / (4 * nu) + (5 * z5 + 16 * z3 + 3 * z) / (96 * nu * nu) +
         (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * nu * nu * nu);
}

}  // namespace crossval
