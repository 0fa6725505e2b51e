#include "session/tensor_sketch.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <utility>

#include "protocol/request.h"

namespace crossval {
namespace {

// 64 signs of a column: the finaliser of splitmix64 (S. Vigna).
uint64_t signs_of(uint64_t column) {
  uint64_t z = (column + 1) * 0x9E3779B97F4A7C15U;
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
  return z ^ (z >> 31U);
}

void project(std::span<const float> values, double* sums) {
  for (size_t column = 0; column < values.size(); ++column) {
    const uint64_t signs = signs_of(column);
    const double value = values[column];
    for (size_t k = 0; k < TensorSketches::kProjections; ++k)
      sums[k] += ((signs >> k) & 1U) == 0 ? value : -value;
  }
}

double relative_distance(std::span<const double> a, std::span<const double> b) {
  double difference = 0, size = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    difference += (a[i] - b[i]) * (a[i] - b[i]);
    size += b[i] * b[i];
  }
  if (difference == 0) return 0;
  const double distance = std::sqrt(difference / size);
  return std::isfinite(distance) ? distance : std::numeric_limits<double>::infinity();
}

}  // namespace

void TensorSketches::add(const TraceTensor& tensor) {
  if (tensor.heads > 0 || tensor.op == kStateOp || tensor.data.empty()) return;
  const std::string label = label_of(tensor.name, tensor.op, tensor.occurrence);
  const auto [place, is_new] = places_.try_emplace(label, sketches_.size());
  if (is_new) {
    sketches_.push_back({.label = label,
                         .width = tensor.width,
                         .projections = std::vector<double>(positions_ * kProjections),
                         .quantiles = std::vector<double>(positions_ * kQuantiles)});
    seen_.push_back(0);
  }
  TensorSketch& sketch = sketches_[place->second];
  const auto width = static_cast<size_t>(tensor.width);
  for (int32_t i = 0; i < tensor.positions; ++i) {
    const auto position = static_cast<size_t>(tensor.first_position) + static_cast<size_t>(i);
    if (position >= positions_ || sketch.width != tensor.width) continue;
    const auto values = tensor.data.subspan(static_cast<size_t>(i) * width, width);
    double* sums = &sketch.projections[position * kProjections];
    std::fill_n(sums, kProjections, 0.0);
    project(values, sums);
    sorted_.assign(values.begin(), values.end());
    // NaN compares with nothing: it would make the order undefined.
    if (std::ranges::none_of(sorted_, [](float v) { return std::isnan(v); }))
      std::ranges::sort(sorted_);
    for (size_t k = 0; k < kQuantiles; ++k)
      sketch.quantiles[position * kQuantiles + k] = sorted_[k * (width - 1) / (kQuantiles - 1)];
    ++seen_[place->second];
  }
}

std::vector<TensorSketch> TensorSketches::take() {
  std::vector<TensorSketch> whole;
  whole.reserve(sketches_.size());
  for (size_t i = 0; i < sketches_.size(); ++i)
    if (seen_[i] == positions_) whole.push_back(std::move(sketches_[i]));
  return whole;
}

double distance_of(const TensorSketch& a, const TensorSketch& b) {
  return relative_distance(a.projections, b.projections);
}

double distance_of_orders(const TensorSketch& a, const TensorSketch& b) {
  return relative_distance(a.quantiles, b.quantiles);
}

}  // namespace crossval
