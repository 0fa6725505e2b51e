// One operation of a graph in double, from given inputs. Written for clarity: each formula as the
// paper has it, no kernel, no order of sums that matters.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/thread_pool.h"
#include "graph/op.h"
#include "oracle/rounding.h"

namespace crossval {

/// Rows of a value: positions × width.
struct OracleRows {
  const double* data = nullptr;
  int64_t width = 0;

  const double* row(int64_t position) const { return data + position * width; }
};

/// What an operation is computed from, at the positions first … first + positions.
struct OracleInputs {
  std::vector<OracleRows> values{};  // in the operation's order; attention's k and v are below
  std::span<const int32_t> ids{};    // of these positions, for embeddings
  int64_t first = 0;
  int64_t positions = 0;
  /// Attention's cache: keys and values of the positions 0 … first + positions.
  OracleRows keys{}, values_of_keys{};
  /// Experts of the positions, best first: where an input is ChooseExperts' value.
  std::span<const int32_t> chosen{};
};

/// Writes positions × width of the operation's value. ChooseExperts also writes the experts'
/// numbers to `chosen` (positions × used), which is otherwise left alone.
void compute(const Action& action, const OracleInputs& in, int64_t width, const Rounding& rounding,
             ThreadPool& pool, double* out, std::vector<int32_t>* chosen = nullptr);

}  // namespace crossval
