// What comparing two logits rows costs, by how they relate: the width of SmolLM2's vocabulary, and
// of a large one. Beside it stands what the slower engine needs for a row (engines_bench).
#include <benchmark/benchmark.h>

#include <vector>

#include "compare/row_metrics.h"
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

}  // namespace
}  // namespace crossval

BENCHMARK_MAIN();
