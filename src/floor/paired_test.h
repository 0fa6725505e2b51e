// Are a run's distances larger than those of a healthy pair at the same positions?
//
// How far two healthy engines are apart varies a hundredfold from position to position, and both
// pairs vary alike: their ratio is what tells. docs/floor.md has the figures.
#pragma once

#include <cstddef>
#include <span>

#include "results/floor.h"

namespace crossval {

/// Of either word of a paired test: how often it may be said although the other holds.
inline constexpr double kPairedErrorRate = 0.01;

/// Ratios of neighbouring positions are alike, their means over so many are nearly independent.
inline constexpr size_t kBlock = 16;

/// Centred relative L2 at each position, in order, of the run and of the floor pair. Left out are
/// positions where either pair is identical: no ratio says how far the other one is.
PairedTest paired_test(std::span<const double> run, std::span<const double> pair, double margin);

/// Mean logarithm of the ratio and its standard error by blocks; zeros when there is no block.
struct LogRatio {
  double mean = 0, error = 0;
};
LogRatio log_ratio(std::span<const double> run, std::span<const double> pair);

}  // namespace crossval
