#include "inspect/difference/pair_scan.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <span>
#include <vector>

namespace crossval {
namespace {

constexpr int64_t kPlainBlock = 32;
constexpr int64_t kWidestRow = int64_t{1} << 18;  // of which column sums are kept, 2 MB a part
constexpr int64_t kFewestRows = 8;                // in fewer, one vector explains much by chance

struct PairSums {
  PairScan scan;
  double a_squares = 0, b_squares = 0, product = 0, squares = 0, max = 0, shift = 0;
  std::vector<double> columns;  // of b − a; empty: not kept
  bool row_differs = false;

  void add(std::span<const float> a, std::span<const float> b, const Piece& piece);
  /// Whether two values differ; NaN is the same as NaN.
  bool add_value(double x, double y, int64_t column);
  void end_row() {
    scan.differing_rows += row_differs ? 1 : 0;
    row_differs = false;
  }
  void merge(const PairSums& next);
};

bool PairSums::add_value(double x, double y, int64_t column) {
  const bool both_nan = std::isnan(x) && std::isnan(y);
  if (both_nan) return false;
  a_squares += x * x;
  b_squares += y * y;
  product += x * y;
  if (x == y) return false;
  ++scan.distance.differing;
  scan.negated += x == -y ? 1 : 0;
  scan.a_not_finite += std::isfinite(x) ? 0 : 1;
  scan.b_not_finite += std::isfinite(y) ? 0 : 1;
  const double distance = y - x;
  squares += distance * distance;
  shift += distance;
  if (!columns.empty()) columns[static_cast<size_t>(column)] += distance;
  if (!(std::fabs(distance) <= max)) max = std::fabs(distance);  // NaN stays
  return true;
}

void PairSums::add(std::span<const float> a, std::span<const float> b, const Piece& piece) {
  const auto block = static_cast<size_t>(scan.block);
  for (size_t at = 0; at < a.size(); at += block) {
    bool differs = false;
    for (size_t i = at; i < std::min(at + block, a.size()); ++i)
      differs |= add_value(a[i], b[i], piece.column + static_cast<int64_t>(i));
    ++scan.blocks;
    if (!differs) continue;
    row_differs = true;
    ++scan.differing_blocks;
    if (scan.first_blocks.size() < PairScan::kNamedBlocks)
      scan.first_blocks.push_back({piece.row, piece.column + static_cast<int64_t>(at)});
  }
  scan.values += static_cast<int64_t>(a.size());
}

void PairSums::merge(const PairSums& next) {
  const PairScan& its = next.scan;
  scan.distance.differing += its.distance.differing;
  scan.values += its.values;
  scan.negated += its.negated;
  scan.a_not_finite += its.a_not_finite;
  scan.b_not_finite += its.b_not_finite;
  scan.blocks += its.blocks;
  scan.differing_blocks += its.differing_blocks;
  scan.differing_rows += its.differing_rows;
  for (const PairScan::Place& place : its.first_blocks) {
    if (scan.first_blocks.size() < PairScan::kNamedBlocks) scan.first_blocks.push_back(place);
  }
  a_squares += next.a_squares;
  b_squares += next.b_squares;
  product += next.product;
  squares += next.squares;
  shift += next.shift;
  if (!(next.max <= max)) max = next.max;
  for (size_t i = 0; i < columns.size(); ++i) columns[i] += next.columns[i];
}

PairScan finished(PairSums sums, int64_t rows) {
  PairScan scan = std::move(sums.scan);
  TensorDistance& distance = scan.distance;
  distance.max_abs_diff = sums.max;
  distance.relative_l2 = sums.squares == 0 ? 0 : std::sqrt(sums.squares / sums.b_squares);
  distance.cosine = distance.differing == 0
                        ? 1
                        : sums.product / std::sqrt(sums.a_squares) / std::sqrt(sums.b_squares);
  scan.factor = sums.product / sums.a_squares;
  const double rest = sums.b_squares - sums.product * scan.factor;
  scan.factor_rest = std::sqrt(rest < 0 ? 0 : rest / sums.b_squares);
  const auto n = static_cast<double>(scan.values);
  scan.shift = sums.shift / n;
  const double variance = sums.squares / n - scan.shift * scan.shift;
  scan.shift_rest = std::sqrt(variance < 0 ? 0 : variance) / std::fabs(scan.shift);
  double explained = 0;
  for (const double sum : sums.columns) explained += sum * sum / static_cast<double>(rows);
  if (sums.squares > 0) scan.common_vector = explained / sums.squares;
  return scan;
}

}  // namespace

PairScan scan_pair(const TensorValues& a, const TensorValues& b, ThreadPool& pool) {
  const int64_t width = a.tensor->ne[0];
  const int64_t rows = rows_of(*a.tensor);
  const int64_t own = a.format->block_elements;
  const auto fresh = [&] {
    PairSums sums;
    sums.scan.block = own > 1 && a.format == b.format ? own : kPlainBlock;
    if (rows >= kFewestRows && width <= kWidestRow) sums.columns.resize(static_cast<size_t>(width));
    return sums;
  };
  PairSums total = fresh();
  std::vector<std::unique_ptr<PairSums>> parts(static_cast<size_t>(parts_of(*a.tensor)));
  for_each_part(
      a, pool,
      [&](const RowRange& range) {
        auto& part = parts[static_cast<size_t>(range.index)];
        part = std::make_unique<PairSums>(fresh());
        std::vector<float> other;
        for_each_piece(a, range.first, range.last, [&](const Piece& piece) {
          other.resize(piece.values.size());
          b.decode(piece.row, piece.column, other);
          part->add(piece.values, other, piece);
          if (piece.column + static_cast<int64_t>(piece.values.size()) == width) part->end_row();
        });
        b.file->release(*b.tensor, b.bytes_of(range.first, range.last));
      },
      [&](int64_t part, std::span<const std::byte>) {
        total.merge(*parts[static_cast<size_t>(part)]);
        parts[static_cast<size_t>(part)].reset();
      });
  return finished(std::move(total), rows);
}

}  // namespace crossval
