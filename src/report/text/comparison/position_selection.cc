#include "report/text/comparison/position_selection.h"

#include <algorithm>
#include <numeric>

namespace crossval {
namespace {

constexpr size_t kFew = 24;
constexpr size_t kNeighbours = 3;
constexpr size_t kEnds = 2;  // shown at each end of the prompt
constexpr int kUnhealthy = 4;

size_t first_worth_seeing(const Comparison& comparison) {
  if (comparison.first_divergence) return static_cast<size_t>(*comparison.first_divergence);
  const auto& positions = comparison.positions;
  const auto it = std::ranges::find_if(
      positions, [](const PositionResult& position) { return !position.metrics.identical; });
  return static_cast<size_t>(it - positions.begin());  // the end: nothing is marked
}

}  // namespace

std::vector<size_t> select_positions(const Comparison& comparison) {
  const size_t count = comparison.positions.size();
  std::vector<size_t> chosen;
  if (count <= kFew) {
    chosen.resize(count);
    std::iota(chosen.begin(), chosen.end(), size_t{0});
    return chosen;
  }
  std::vector<bool> shown(count, false);
  const auto mark = [&](size_t begin, size_t end) {
    for (size_t i = begin; i < std::min(end, count); ++i) shown[i] = true;
  };
  const auto prompt_end = static_cast<size_t>(comparison.prompt_positions);
  mark(0, kEnds);
  mark(prompt_end - std::min(prompt_end, kEnds), prompt_end + kEnds);
  mark(count - 1, count);
  if (comparison.worst) mark(static_cast<size_t>(*comparison.worst), *comparison.worst + size_t{1});
  if (const size_t first = first_worth_seeing(comparison); first < count) {
    mark(first - std::min(first, kNeighbours), first + kNeighbours + 1);
  }
  int unhealthy = 0;
  for (size_t i = 0; i < count && unhealthy < kUnhealthy; ++i) {
    if (comparison.positions[i].healthy) continue;
    mark(i, i + 1);
    ++unhealthy;
  }
  for (size_t i = 1; i + 1 < count; ++i) {
    if (shown[i - 1] && shown[i + 1]) shown[i] = true;
  }
  for (size_t i = 0; i < count; ++i) {
    if (shown[i]) chosen.push_back(i);
  }
  return chosen;
}

}  // namespace crossval
