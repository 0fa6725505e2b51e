#include "inspect/difference/tensor_change.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/count_text.h"

namespace crossval {
namespace {

// A rule holds when what it leaves unexplained is this share of what it explains: rounding to a
// weight format again stays below it, another set of weights never comes near.
constexpr double kRest = 0.1;
constexpr double kFewBlocks = 1.0 / 64;  // of all
constexpr int64_t kFewestBlocks = 4;     // fewer have no few
constexpr double kExplained = 0.9;       // of |b − a|², by one vector
constexpr double kSameDirection = 0.95;  // cosine of sampled rows under a rule
constexpr double kSmallDistance = 0.5;   // relative, that rounding may make
constexpr size_t kSampledRows = 32;
constexpr int64_t kWidestSample = 1 << 17;  // columns of a sampled row, 16 MB in all
constexpr int64_t kSampledHeads = 4;

struct Product {
  double a = 0, b = 0, ab = 0;
  void add(double x, double y) {
    a += x * x;
    b += y * y;
    ab += x * y;
  }
  double cosine() const { return ab / std::sqrt(a) / std::sqrt(b); }
};

std::optional<TensorChange> find_values_rule(const PairScan& scan, const FileNames& names) {
  if (scan.negated == scan.distance.differing) {
    return TensorChange{"sign", fmt::format("{} of {} have the other sign", grouped(scan.negated),
                                            counted(scan.values, "value"))};
  }
  // Of two rules that hold, the one that leaves less; written so that NaN is no rule.
  const double by_factor = scan.factor_rest / std::fabs(scan.factor - 1);
  const double by_shift = scan.shift_rest;
  if (by_factor <= kRest && !(by_shift < by_factor)) {
    return TensorChange{
        "factor", fmt::format("all values of the {} are {:.6g} times those of the {}", names.b,
                              scan.factor, names.a)};
  }
  if (by_shift <= kRest) {
    return TensorChange{
        "shift", fmt::format("all values of the {} are {:.6g} {}", names.b, std::fabs(scan.shift),
                             scan.shift > 0 ? "larger" : "smaller")};
  }
  if (scan.common_vector >= kExplained) {
    return TensorChange{
        "common-vector",
        fmt::format("every row of the {} is that of the {} plus one and the same vector", names.b,
                    names.a)};
  }
  return std::nullopt;
}

std::optional<TensorChange> find_few_blocks(const PairScan& scan, const GgufTensor& tensor,
                                            const FileNames& names) {
  const double few = std::max(1.0, kFewBlocks * static_cast<double>(scan.blocks));
  if (scan.blocks < kFewestBlocks || static_cast<double>(scan.differing_blocks) > few)
    return std::nullopt;
  std::string text = fmt::format("{} of {} of {} values", grouped(scan.differing_blocks),
                                 counted(scan.blocks, "block"), scan.block);
  const char* sign = ": ";
  for (const PairScan::Place& place : scan.first_blocks) {
    const int64_t end = std::min(place.column + scan.block, tensor.ne[0]) - 1;
    text += tensor.dims == 1
                ? fmt::format("{}values {} to {}", sign, place.column, end)
                : fmt::format("{}row {}, columns {} to {}", sign, place.row, place.column, end);
    sign = "; ";
  }
  const int64_t more = scan.differing_blocks - std::ssize(scan.first_blocks);
  if (more > 0) text += fmt::format("; {} more, in {}", more, counted(scan.differing_rows, "row"));
  const auto ill = [&](int64_t count, const std::string& name) {
    if (count > 0)
      text += fmt::format("; {} of the {} NaN or infinite", counted(count, "value"), name);
  };
  ill(scan.a_not_finite, names.a);
  ill(scan.b_not_finite, names.b);
  return TensorChange{"few-blocks", std::move(text)};
}

std::vector<float> decoded_row(const TensorValues& values, int64_t row) {
  const int64_t width = values.tensor->ne[0];
  std::vector<float> decoded(static_cast<size_t>(width));
  for (int64_t column = 0; column < width; column += kPieceValues) {
    const int64_t n = std::min(kPieceValues, width - column);
    values.decode(row, column,
                  std::span(decoded).subspan(static_cast<size_t>(column), static_cast<size_t>(n)));
  }
  return decoded;
}

/// The same by a sample of heads, for values that were rounded differently since.
std::optional<TensorChange> find_rounded_rope_order(const TensorValues& a, const TensorValues& b,
                                                    const RowGroups& groups,
                                                    const FileNames& names) {
  const int64_t rows = rows_of(*a.tensor);
  if (a.tensor->dims != 2 || groups.head == 0 || groups.rotated < 4 || rows % groups.head != 0 ||
      a.tensor->ne[0] > kWidestSample)
    return std::nullopt;
  Product as_it_was;
  std::array<Product, 2> turned;  // a's pairs became halves; a's halves became pairs
  for (int64_t head = 0; head < std::min(kSampledHeads, rows / groups.head); ++head) {
    // Of a head the first rows, and those that they may have become.
    for (int64_t i = 1; i < std::min<int64_t>(groups.rotated / 2, 8); ++i) {
      const int64_t first = head * groups.head;
      const int64_t pair_row = first + pair_row_of_half_row(i, groups.rotated);
      const auto a_half = decoded_row(a, first + i);
      const auto a_pair = decoded_row(a, pair_row);
      const auto b_half = decoded_row(b, first + i);
      const auto b_pair = decoded_row(b, pair_row);
      for (size_t c = 0; c < a_half.size(); ++c) {
        as_it_was.add(a_half[c], b_half[c]);
        turned[0].add(a_pair[c], b_half[c]);
        turned[1].add(a_half[c], b_pair[c]);
      }
    }
  }
  for (const bool to_halves : {true, false}) {
    if (!(turned[to_halves ? 0 : 1].cosine() >= kSameDirection) ||
        as_it_was.cosine() >= kSameDirection)
      continue;
    return TensorChange{
        "rope-order",
        fmt::format("up to rounding, the rows of each head of {} lie as pairs in "
                    "the {}, as halves in the {}: the order that RoPE's pairs have",
                    groups.head, to_halves ? names.a : names.b, to_halves ? names.b : names.a)};
  }
  return std::nullopt;
}

/// Rows of b against columns of a, by a sample; one pass over a.
bool is_transposed(const TensorValues& a, const TensorValues& b) {
  const int64_t rows = rows_of(*a.tensor);  // of a; the width of b
  const int64_t width = a.tensor->ne[0];
  if (rows < 2 || width < 2 || rows > kWidestSample) return false;
  std::vector<int64_t> sampled;
  const int64_t step = std::max<int64_t>(1, width / static_cast<int64_t>(kSampledRows));
  for (int64_t row = 0; row < width && sampled.size() < kSampledRows; row += step)
    sampled.push_back(row);
  std::vector<std::vector<float>> b_rows;
  b_rows.reserve(sampled.size());
  for (const int64_t row : sampled) b_rows.push_back(decoded_row(b, row));
  Product product;
  for_each_piece(a, 0, rows, [&](const Piece& piece) {
    for (size_t s = 0; s < sampled.size(); ++s) {
      const int64_t at = sampled[s] - piece.column;
      if (at < 0 || at >= std::ssize(piece.values)) continue;
      product.add(piece.values[static_cast<size_t>(at)], b_rows[s][static_cast<size_t>(piece.row)]);
    }
  });
  return product.cosine() >= kSameDirection;
}

TensorChange transposed() { return {"transposed", "rows of one are columns of the other"}; }

std::string far(const TensorDistance& distance) {
  return fmt::format("relative distance {:.3g}, cosine {:.4f}", distance.relative_l2,
                     distance.cosine);
}

}  // namespace

TensorChange find_change(const TensorValues& a, const TensorValues& b, const PairScan& scan,
                         const RowGroups& groups, const FileNames& names, ThreadPool& pool) {
  const TensorDistance& distance = scan.distance;
  const bool other_type = a.format != b.format;
  if (distance.differing == 0) {
    return {"same-values", other_type ? fmt::format("the same values as {} and as {}",
                                                    a.format->name, b.format->name)
                                      : "the same values in other bytes"};
  }
  if (auto rule = find_values_rule(scan, names)) return *std::move(rule);
  const bool vector = a.tensor->dims == 1;
  if (vector || scan.differing_rows > 1) {
    auto order = find_row_order(row_hashes(a, pool), row_hashes(b, pool), groups, names);
    if (order) return *std::move(order);
  }
  if (auto blocks = find_few_blocks(scan, *a.tensor, names)) return *std::move(blocks);
  if (auto order = find_rounded_rope_order(a, b, groups, names)) return *std::move(order);
  const bool square = a.tensor->dims == 2 && a.tensor->ne[0] == a.tensor->ne[1];
  if (square && !(distance.cosine >= kSameDirection) && is_transposed(a, b)) return transposed();
  if (distance.relative_l2 <= kSmallDistance && other_type) {
    return {"type", fmt::format("rounded to {} and to {}: {}", a.format->name, b.format->name,
                                far(distance))};
  }
  const std::string how_many = fmt::format("{} of {} differ, {}", grouped(distance.differing),
                                           counted(scan.values, "value"), far(distance));
  if (distance.relative_l2 <= kSmallDistance) return {"noise", "by a little: " + how_many};
  return {"other-values", how_many};
}

TensorChange find_shape_change(const GgufTensor& a, const GgufTensor& b,
                               const std::optional<TensorValues>& a_values,
                               const std::optional<TensorValues>& b_values) {
  if (a.type_id == b.type_id && a.elements() == b.elements() && std::ranges::equal(a.data, b.data))
    return {"reshaped", "the same bytes in another shape"};
  const bool swapped = a.dims == 2 && b.dims == 2 && a.ne[0] == b.ne[1] && a.ne[1] == b.ne[0];
  if (swapped && a_values && b_values && is_transposed(*a_values, *b_values)) return transposed();
  return {"shape", "another shape"};
}

}  // namespace crossval
