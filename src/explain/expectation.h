// What an operation should have made of the inputs that an engine had, and how far from it the
// engine may be by rounding alone: docs/error-bounds.md derives each bound.
#pragma once

#include <cstdint>
#include <vector>

#include "base/thread_pool.h"
#include "graph/op.h"
#include "oracle/operation.h"
#include "oracle/rounding.h"

namespace crossval {

/// A value as far as it is known: within `slack` of `values`, each positions × width; without any,
/// exactly.
struct KnownValue {
  std::vector<double> values;
  std::vector<double> slack;
  bool known = true;  // false: nothing can be said of it

  /// Null where the values are exact.
  const double* lacking() const;
};

/// What the operation makes of `in`, and how far a correct engine stays from it. `slacks` by input:
/// how far that one may be from what it was computed with, null where it is exact; attention's of
/// keys and values are of the whole cache. `chosen` as compute() has it.
KnownValue expect(const Action& action, const OracleInputs& in,
                  const std::vector<const double*>& slacks, int64_t width, const Rounding& rounding,
                  ThreadPool& pool, std::vector<int32_t>* chosen);

}  // namespace crossval
