#include "inspect/tensor/scan.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "base/sha256.h"

namespace crossval {
namespace {

constexpr int64_t kPlainBlock = 32;  // values, where the format has no blocks

/// What is summed up over rows; `sum` and `squares` in the order of the values.
struct ValueSums {
  TensorScan scan;
  double sum = 0;
  double squares = 0;
  double min = std::numeric_limits<double>::infinity();
  double max = -std::numeric_limits<double>::infinity();

  void add_block(std::span<const float> block, int64_t row);
  void add_row_piece(const Piece& piece, int64_t block);
  void end_row(int64_t row);
  void merge(const ValueSums& next);

  bool row_is_zero = true;
};

void ValueSums::add_block(std::span<const float> block, int64_t row) {
  double magnitude = 0;
  for (const float value : block) {
    if (!std::isfinite(value)) {
      ++scan.values.non_finite;
      row_is_zero = false;
      if (scan.first_non_finite_row < 0) scan.first_non_finite_row = row;
      continue;
    }
    const double v = value;
    scan.values.zeros += v == 0;
    scan.values.negative += v < 0;
    sum += v;
    squares += v * v;
    min = std::min(min, v);
    max = std::max(max, v);
    magnitude = std::max(magnitude, std::fabs(v));
  }
  if (magnitude == 0) return;
  row_is_zero = false;
  BlockMagnitudes& blocks = scan.blocks;
  ++blocks.by_exponent[static_cast<size_t>(std::ilogb(magnitude) - BlockMagnitudes::kLowest)];
  if (magnitude > blocks.largest) {
    blocks.largest = magnitude;
    blocks.largest_row = row;
  }
}

void ValueSums::add_row_piece(const Piece& piece, int64_t block) {
  scan.values.values += static_cast<int64_t>(piece.values.size());
  for (size_t at = 0; at < piece.values.size(); at += static_cast<size_t>(block)) {
    const size_t n = std::min(static_cast<size_t>(block), piece.values.size() - at);
    add_block(piece.values.subspan(at, n), piece.row);
  }
}

void ValueSums::end_row(int64_t row) {
  if (row_is_zero) {
    ++scan.zero_rows;
    if (scan.first_zero_rows.size() < TensorScan::kNamedRows) scan.first_zero_rows.push_back(row);
  }
  row_is_zero = true;
}

void ValueSums::merge(const ValueSums& next) {
  scan.values.values += next.scan.values.values;
  scan.values.zeros += next.scan.values.zeros;
  scan.values.negative += next.scan.values.negative;
  scan.values.non_finite += next.scan.values.non_finite;
  scan.zero_rows += next.scan.zero_rows;
  for (const int64_t row : next.scan.first_zero_rows) {
    if (scan.first_zero_rows.size() < TensorScan::kNamedRows) scan.first_zero_rows.push_back(row);
  }
  if (scan.first_non_finite_row < 0) scan.first_non_finite_row = next.scan.first_non_finite_row;
  sum += next.sum;
  squares += next.squares;
  min = std::min(min, next.min);
  max = std::max(max, next.max);
  BlockMagnitudes& mine = scan.blocks;
  const BlockMagnitudes& its = next.scan.blocks;
  for (size_t e = 0; e < mine.by_exponent.size(); ++e) mine.by_exponent[e] += its.by_exponent[e];
  if (its.largest > mine.largest) {
    mine.largest = its.largest;
    mine.largest_row = its.largest_row;
  }
}

TensorScan finished(ValueSums sums) {
  ValueSummary& v = sums.scan.values;
  const auto finite = static_cast<double>(v.values - v.non_finite);
  if (finite > 0) {
    v.min = sums.min;
    v.max = sums.max;
    v.mean = sums.sum / finite;
    v.rms = std::sqrt(sums.squares / finite);
  }
  return std::move(sums.scan);
}

}  // namespace

double BlockMagnitudes::largest_in_medians() const {
  int64_t blocks = 0;
  for (const int64_t n : by_exponent) blocks += n;
  if (blocks == 0) return 0;
  int64_t before = 0;
  size_t e = 0;
  while (before + by_exponent[e] <= blocks / 2) before += by_exponent[e++];
  return std::ldexp(largest, -(static_cast<int>(e) + kLowest));
}

TensorScan scan_tensor(const TensorValues& values, ThreadPool& pool) {
  const GgufTensor& tensor = *values.tensor;
  const int64_t per_scale = values.format->block_elements;
  const int64_t block = per_scale > 1 ? per_scale : kPlainBlock;
  ValueSums total;
  Sha256 hash;
  size_t hashed = 0;
  std::vector<std::unique_ptr<ValueSums>> parts(static_cast<size_t>(parts_of(tensor)));
  for_each_part(
      values, pool,
      [&](const RowRange& rows) {
        auto& part = parts[static_cast<size_t>(rows.index)];
        part = std::make_unique<ValueSums>();
        ValueSums& sums = *part;
        for_each_piece(values, rows.first, rows.last, [&](const Piece& piece) {
          sums.add_row_piece(piece, block);
          const auto end = piece.column + static_cast<int64_t>(piece.values.size());
          if (end == tensor.ne[0]) sums.end_row(piece.row);
        });
      },
      [&](int64_t part, std::span<const std::byte> bytes) {
        hash.add(bytes);
        hashed += bytes.size();
        total.merge(*parts[static_cast<size_t>(part)]);
        parts[static_cast<size_t>(part)].reset();
      });
  hash.add(tensor.data.subspan(hashed));  // what follows the last row
  total.scan.sha256 = hash.digest();
  return finished(std::move(total));
}

}  // namespace crossval
