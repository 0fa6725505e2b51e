#include "floor/paired_test.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "floor/sequential_test.h"

namespace crossval {
namespace {

// One position that is far off tells of itself, and not of the others.
constexpr double kMostRatio = 10;

struct Blocks {
  std::vector<double> means;  // of the logarithms of kBlock ratios each
  std::vector<int32_t> ends;  // positions up to and with each block's last
  double mean = 0;            // over all positions, those of no whole block too
};

Blocks blocks_of(std::span<const double> run, std::span<const double> pair) {
  Blocks blocks;
  double all = 0;
  double block = 0;
  size_t count = 0;
  for (size_t i = 0; i < std::min(run.size(), pair.size()); ++i) {
    if (!(run[i] > 0 && pair[i] > 0)) continue;
    const double most = std::log(kMostRatio);
    const double ratio = std::clamp(std::log(run[i]) - std::log(pair[i]), -most, most);
    all += ratio;
    block += ratio;
    if (++count % kBlock != 0) continue;
    blocks.means.push_back(block / kBlock);
    blocks.ends.push_back(static_cast<int32_t>(i) + 1);
    block = 0;
  }
  if (count > 0) blocks.mean = all / static_cast<double>(count);
  return blocks;
}

// What the test comes to with this margin, and after how many blocks.
struct Decision {
  BoundSide side = BoundSide::unknown;
  size_t blocks = 0;
};

Decision decide(const Blocks& blocks, double margin) {
  SequentialTest test(margin, kPairedErrorRate);
  for (size_t i = 0; i < blocks.means.size(); ++i) {
    test.add(blocks.means[i]);
    if (test.side() != BoundSide::unknown) return {test.side(), i + 1};
  }
  return {BoundSide::unknown, blocks.means.size()};
}

// By bisection, to a thousandth. A larger margin is never above where a smaller one is not.
double passing_margin(const Blocks& blocks, double failing) {
  double passing = std::log(kMostRatio);
  while (passing - failing > 1e-3) {
    const double middle = (passing + failing) / 2;
    (decide(blocks, middle).side == BoundSide::above ? failing : passing) = middle;
  }
  return passing;
}

}  // namespace

PairedTest paired_test(std::span<const double> run, std::span<const double> pair, double margin) {
  const Blocks blocks = blocks_of(run, pair);
  PairedTest result{.positions = static_cast<int32_t>(std::min(run.size(), pair.size())),
                    .log_ratio = blocks.mean,
                    .margin = margin,
                    .error_rate = kPairedErrorRate,
                    .passing_margin = margin};
  const Decision decision = decide(blocks, margin);
  if (decision.side == BoundSide::unknown) return result;
  result.positions = blocks.ends[decision.blocks - 1];
  result.word = decision.side == BoundSide::above ? PairedWord::larger : PairedWord::as_floor;
  if (result.word == PairedWord::larger) result.passing_margin = passing_margin(blocks, margin);
  return result;
}

LogRatio log_ratio(std::span<const double> run, std::span<const double> pair) {
  const Blocks blocks = blocks_of(run, pair);
  const auto n = static_cast<double>(blocks.means.size());
  if (n < 2) return {};
  double mean = 0;
  for (const double value : blocks.means) mean += value / n;
  double squares = 0;
  for (const double value : blocks.means) squares += (value - mean) * (value - mean);
  return {mean, std::sqrt(squares / (n - 1) / n)};
}

}  // namespace crossval
