// What comparing two logits rows costs, by how they relate, and what the search for patterns in
// them adds: the width of SmolLM2's vocabulary, and of a large one. Beside it stands what the
// slower engine needs for a row (engines_bench).
#include <benchmark/benchmark.h>

#include <vector>

#include "compare/row_metrics.h"
#include "gate/logits_patterns.h"
#include "kernels/rows.h"

namespace crossval {
namespace {

void compare(benchmark::State& state, bool identical) {
  testing_rows::Random random(1);
  const std::vector<float> reference =
      testing_rows::activation_rows(1, state.range(0), false, random);
  std::vector<float> candidate = reference;
  if (!identical) {
    for (float& value : candidate) value += 0.01F * random.normal();
  }
  for (auto _ : state) benchmark::DoNotOptimize(compare_rows(candidate, reference));
}

BENCHMARK_CAPTURE(compare, identical, true)
    ->Arg(49'152)
    ->Arg(256'000)
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(compare, different, false)
    ->Arg(49'152)
    ->Arg(256'000)
    ->Unit(benchmark::kMicrosecond);

// Rows that differ as those of a diverging run do: each from the other engine's and from the row
// before it.
void find_patterns(benchmark::State& state, bool identical) {
  testing_rows::Random random(1);
  std::vector<std::vector<float>> rows;
  rows.reserve(4);
  for (int i = 0; i < 4; ++i)
    rows.push_back(testing_rows::activation_rows(1, state.range(0), false, random));
  LogitsPatterns patterns("candidate", "reference");
  std::vector<RowMetrics> metrics;
  metrics.reserve(2);
  for (size_t i = 0; i < 2; ++i)
    metrics.push_back(compare_rows(rows[identical ? i : i + 2], rows[i]));
  int32_t id = 0;
  for (auto _ : state) {
    const size_t i = static_cast<size_t>(id) % 2;
    patterns.observe(id % 64, rows[identical ? i : i + 2], rows[i], metrics[i]);
    ++id;
  }
}

BENCHMARK_CAPTURE(find_patterns, identical, true)
    ->Arg(49'152)
    ->Arg(256'000)
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(find_patterns, different, false)
    ->Arg(49'152)
    ->Arg(256'000)
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace crossval

BENCHMARK_MAIN();
