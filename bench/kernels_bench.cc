// Products of one weight matrix with a chunk of positions, by weight format and kernel set, beside
// llama.cpp's vec_dot over the same rows in the same run. Prefill: 128 positions; decode: 1.
// Counter "GOP/s": two operations per weight and position. Packing is timed apart.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "ggml-cpu.h"
#include "ggml.h"
#include "kernels/kernels.h"
#include "kernels/rows.h"

namespace crossval {
namespace {

using namespace testing_rows;

// One matrix of a small model's feed-forward block; widths are multiples of every block size. A
// decode step sweeps kDecodeCopies such matrices, so that weights come from memory as in a real
// model.
constexpr int64_t kWidth = 2048;
constexpr int64_t kRows = 512;
constexpr int64_t kTileRows = 64;

struct Operands {
  std::vector<std::byte> weights;
  std::vector<float> x;
};

Operands make_operands(const WeightFormat& format, int64_t positions) {
  Random random(1);
  return {weight_rows(format, kRows, kWidth, false, random),
          activation_rows(positions, kWidth, false, random)};
}

void report(benchmark::State& state, int64_t positions) {
  state.counters["GOP/s"] =
      benchmark::Counter(2e-9 * kWidth * kRows * static_cast<double>(positions),
                         benchmark::Counter::kIsIterationInvariantRate);
}

void ours(benchmark::State& state, const WeightFormat& format, const KernelSet& set) {
  const int64_t positions = state.range(0);
  const Operands in = make_operands(format, positions);
  const int64_t stride = packed_row_bytes(format.activation, kWidth);
  std::vector<std::byte> packed(static_cast<size_t>(stride * positions));
  for (int64_t p = 0; p < positions; ++p) {
    set.pack(format.activation)(in.x.data() + p * kWidth, kWidth, packed.data() + p * stride);
  }
  std::vector<float> out(static_cast<size_t>(kRows * positions));
  const TileFn tile = set.tile(format.type);
  const int64_t w_stride = format.row_bytes(kWidth);
  for (auto _ : state) {
    for (int64_t r = 0; r < kRows; r += kTileRows) {
      tile(in.weights.data() + r * w_stride, w_stride, kTileRows, packed.data(), stride, positions,
           kWidth, out.data() + r, kRows);
    }
    benchmark::ClobberMemory();
  }
  report(state, positions);
}

// As ggml's matrix product walks: 16 weight rows times 16 positions at a time.
void llama_cpp(benchmark::State& state, const WeightFormat& format) {
  const int64_t positions = state.range(0);
  const Operands in = make_operands(format, positions);
  const auto* traits = ggml_get_type_traits_cpu(static_cast<ggml_type>(format.type));
  const auto* partner = ggml_get_type_traits_cpu(traits->vec_dot_type);
  const size_t stride = ggml_row_size(traits->vec_dot_type, kWidth);
  std::vector<char> packed(stride * static_cast<size_t>(positions));
  for (int64_t p = 0; p < positions; ++p) {
    partner->from_float(in.x.data() + p * kWidth, packed.data() + static_cast<size_t>(p) * stride,
                        kWidth);
  }
  std::vector<float> out(static_cast<size_t>(kRows * positions));
  const int64_t w_stride = format.row_bytes(kWidth);
  for (auto _ : state) {
    for (int64_t p0 = 0; p0 < positions; p0 += 16) {
      for (int64_t r0 = 0; r0 < kRows; r0 += 16) {
        for (int64_t p = p0; p < p0 + 16 && p < positions; ++p) {
          for (int64_t r = r0; r < r0 + 16; ++r) {
            traits->vec_dot(kWidth, &out[static_cast<size_t>(p * kRows + r)], 0,
                            in.weights.data() + r * w_stride, 0,
                            packed.data() + static_cast<size_t>(p) * stride, 0, 1);
          }
        }
      }
    }
    benchmark::ClobberMemory();
  }
  report(state, positions);
}

void packing(benchmark::State& state, const KernelSet& set, ActivationType type) {
  Random random(1);
  const std::vector<float> x = activation_rows(1, kWidth, false, random);
  std::vector<std::byte> packed(static_cast<size_t>(packed_row_bytes(type, kWidth)));
  for (auto _ : state) {
    set.pack(type)(x.data(), kWidth, packed.data());
    benchmark::ClobberMemory();
  }
  state.counters["values/s"] =
      benchmark::Counter(kWidth, benchmark::Counter::kIsIterationInvariantRate);
}

}  // namespace
}  // namespace crossval

int main(int argc, char** argv) {
  using namespace crossval;
  ggml_cpu_init();
  for (const WeightFormat& format : weight_formats()) {
    const std::string name(format.name);
    if (format.type != WeightType::i2_s) {  // which only bitnet.cpp has
      benchmark::RegisterBenchmark((name + "/llama.cpp").c_str(),
                                   [&format](benchmark::State& state) { llama_cpp(state, format); })
          ->Arg(128)
          ->Arg(1);
    }
    for (const KernelSet* set : kernel_sets()) {
      if (!set->supported()) continue;
      benchmark::RegisterBenchmark(
          (name + "/" + std::string(set->name)).c_str(),
          [&format, set](benchmark::State& state) { ours(state, format, *set); })
          ->Arg(128)
          ->Arg(1);
    }
  }
  for (const ActivationType type :
       {ActivationType::f16, ActivationType::bf16, ActivationType::q8_0, ActivationType::q8_1,
        ActivationType::q8_k, ActivationType::i8_s}) {
    for (const KernelSet* set : kernel_sets()) {
      if (!set->supported()) continue;
      const std::string name =
          "pack " + std::string(activation_name(type)) + "/" + std::string(set->name);
      benchmark::RegisterBenchmark(
          name.c_str(), [set, type](benchmark::State& state) { packing(state, *set, type); });
    }
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
