#include "inspect/tensor/distribution.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <map>
#include <span>
#include <vector>

#include "inspect/tensor/values.h"

namespace crossval {
namespace {

constexpr double kQuantiles[] = {0, 0.001, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999, 1};
constexpr size_t kLowQuantile = 1, kHighQuantile = 9;  // borders of the histogram
constexpr int kBins = 20;
constexpr size_t kHalf = 1 << 16;

/// Integers in the order of the floats; -0 comes just before 0.
uint32_t key_of(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  return (bits & 0x80000000U) != 0 ? ~bits : bits | 0x80000000U;
}
float value_of(uint32_t key) {
  return std::bit_cast<float>((key & 0x80000000U) != 0 ? key & 0x7FFFFFFFU : ~key);
}

template <class Visit>
void for_each_finite(const TensorValues& from, Visit visit) {
  ThreadPool alone(1);
  for_each_part(
      from, alone,
      [&](const RowRange& rows) {
        for_each_piece(from, rows.first, rows.last, [&](const Piece& piece) {
          for (const float value : piece.values)
            if (std::isfinite(value)) visit(value);
        });
      },
      [](int64_t, std::span<const std::byte>) {});
}

/// The bucket that holds `rank`; what lies before it is taken off `rank`.
size_t bucket_of(const std::vector<int64_t>& counts, int64_t& rank) {
  size_t bucket = 0;
  while (rank >= counts[bucket]) rank -= counts[bucket++];
  return bucket;
}

/// The values of the given ranks, by counting: first the upper halves of all keys, then the lower
/// halves of the keys that share an upper half with one that is looked for.
std::vector<float> values_at(const TensorValues& from, std::vector<int64_t> ranks) {
  std::vector<int64_t> upper(kHalf);
  for_each_finite(from, [&](float value) { ++upper[key_of(value) >> 16]; });
  std::vector<size_t> halves;
  std::map<size_t, std::vector<int64_t>> lower;
  for (int64_t& rank : ranks) {
    halves.push_back(bucket_of(upper, rank));
    lower[halves.back()].resize(kHalf);
  }
  std::vector<std::vector<int64_t>*> wanted(kHalf);
  for (auto& [half, counts] : lower) wanted[half] = &counts;
  for_each_finite(from, [&](float value) {
    const uint32_t key = key_of(value);
    if (auto* counts = wanted[key >> 16]) ++(*counts)[key & 0xFFFF];
  });
  std::vector<float> values;
  for (size_t i = 0; i < ranks.size(); ++i) {
    const size_t low = bucket_of(lower[halves[i]], ranks[i]);
    values.push_back(value_of(static_cast<uint32_t>(halves[i] << 16 | low)));
  }
  return values;
}

}  // namespace

void add_distribution(const TensorValues& from, TensorInspection& inspection) {
  const ValueSummary& summary = *inspection.tensor.values;
  const int64_t finite = summary.values - summary.non_finite;
  if (finite == 0) return;
  std::vector<int64_t> ranks;
  for (const double q : kQuantiles)
    ranks.push_back(static_cast<int64_t>(std::floor(q * static_cast<double>(finite - 1))));
  const std::vector<float> values = values_at(from, ranks);
  for (size_t i = 0; i < values.size(); ++i)
    inspection.quantiles.emplace_back(kQuantiles[i], values[i]);

  inspection.low = values[kLowQuantile];
  inspection.high = values[kHighQuantile];
  if (!(inspection.low < inspection.high)) return;
  inspection.bins.assign(kBins, 0);
  const double per_bin = (inspection.high - inspection.low) / kBins;
  for_each_finite(from, [&](float value) {
    if (value < inspection.low) {
      ++inspection.below;
    } else if (value > inspection.high) {
      ++inspection.above;
    } else {
      const auto bin = static_cast<size_t>((value - inspection.low) / per_bin);
      ++inspection.bins[std::min<size_t>(bin, kBins - 1)];
    }
  });
}

}  // namespace crossval
