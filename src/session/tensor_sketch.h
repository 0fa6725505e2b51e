// What a tensor held, in a few numbers a position: enough to know the same values again under
// another name, or in another order.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "protocol/answers.h"

namespace crossval {

/// Of one tensor, by position from 0 on.
struct TensorSketch {
  std::string label;
  int64_t width = 0;
  /// kProjections sums Σ ±x of each position, the signs by column: the squared distance of two is
  /// that of the values, times kProjections, but for an error of about √(2 / (positions ×
  /// kProjections)). D. Achlioptas, "Database-friendly random projections", 2003.
  std::vector<double> projections;
  /// kQuantiles of each position's values in order of size: the same for any order of columns.
  std::vector<double> quantiles;
};

class TensorSketches {
 public:
  static constexpr size_t kProjections = 32, kQuantiles = 33;

  explicit TensorSketches(int32_t positions) : positions_(static_cast<size_t>(positions)) {}

  /// Values, not hashes. Attention scores, whose width grows, are left out.
  void add(const TraceTensor& tensor);

  /// Complete ones, in the order in which they came first.
  std::vector<TensorSketch> take();

 private:
  size_t positions_;
  std::vector<TensorSketch> sketches_;
  std::vector<size_t> seen_;              // positions of each
  std::map<std::string, size_t> places_;  // by label
  std::vector<float> sorted_;
};

/// |a − b| / |b|, estimated, and that of the quantiles, exactly. Of sketches of one width. Infinite
/// where a value is not finite or b is zero and a is not.
double distance_of(const TensorSketch& a, const TensorSketch& b);
double distance_of_orders(const TensorSketch& a, const TensorSketch& b);

}  // namespace crossval
