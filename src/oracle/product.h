// Weight rows times activation rows in double.
#pragma once

#include <cstdint>
#include <vector>

#include "base/thread_pool.h"
#include "graph/op.h"
#include "model/weights.h"
#include "oracle/rounding.h"
#include "quant/format.h"

namespace crossval {

/// Rows of activations as a product sees them: rounded, then widened.
class ProductRows {
 public:
  /// `rows` of `n` values each. `partner` is the weight format's.
  ProductRows(const double* x, int64_t rows, int64_t n, ProductRounding rounding,
              ActivationType partner);

  int64_t rows() const { return rows_; }
  int64_t cols() const { return cols_; }
  const double* row(int64_t r) const { return values_.data() + r * cols_; }

  /// Values that are exact integers but for one factor: 1 where activations are not coded.
  int64_t block() const { return block_; }

  /// Sums of each `group` values, 16 or 32, of coded rows: rows × (n / group).
  const std::vector<double>& group_sums(int64_t group) const;

  /// Q8_1 alone has sums of its own, rounded to binary16, that meet the minima of a block: what
  /// they differ by from the sums of the codes' values. rows × (n / 32); empty otherwise.
  const std::vector<double>& sum_errors() const { return sum_errors_; }

 private:
  int64_t rows_, cols_;
  int64_t block_ = 1;
  std::vector<double> values_;
  std::vector<double> sum_errors_;
  std::vector<double> sums_of_16_, sums_of_32_;
};

/// What a product is computed from: `rows` rows of `x` in an engine's rounding, or in a mistake's.
ProductRows activations_of(const MatMul& product, const double* x, int64_t rows,
                           ProductRounding rounding);

/// The minima of a row's blocks, in formats that have any: what is added to each value whatever its
/// code; one for each `minimum_group` values, which is 0 where there are none.
int64_t minimum_group(WeightType type);
void read_minima(const Matrix& matrix, int64_t row, double* out);

/// out[p · stride + r] = matrix row r · x row p. What rounding the operands need is in x already.
///
/// `magnitude`, if it is not null, gets what an engine's rounding errors are proportional to: the
/// sum over the row's blocks of the sizes of what is exact within a block (integers, for codes):
/// |codes' part| + |minima's part|, and over single values where nothing is coded.
void product(const Matrix& matrix, const ProductRows& x, ThreadPool& pool, double* out,
             int64_t stride, double* magnitude = nullptr);

}  // namespace crossval
