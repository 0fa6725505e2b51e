// The native engine beside canonical llama.cpp, both in this process, on the same model file, ids
// and thread count: each iteration runs one after the other, in turns first, and the counters give
// both speeds and the median of the pairs' ratios (above 1: native is faster). Ends with status 1
// when any logit of any position differs in a bit.
//
// usage: engines_bench NAME=MODEL.gguf… [--benchmark_…]
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "canonical_llama.h"
#include "native/engine.h"

namespace crossval {
namespace {

constexpr int64_t kPrefill = 512;  // positions of a chunk
constexpr int64_t kDecode = 32;    // steps of one position
using LogitsSink = std::function<void(std::span<const float>)>;

/// Ids that exist in any vocabulary of a few hundred tokens, without a period.
std::vector<int32_t> some_ids(int64_t n) {
  std::vector<int32_t> ids;
  uint32_t state = 1;
  for (int64_t i = 0; i < n; ++i) {
    state = state * 1664525U + 1013904223U;
    ids.push_back(static_cast<int32_t>(3 + (state >> 16) % 250));
  }
  return ids;
}

/// Both engines with one model file.
class Pair {
 public:
  Pair(const std::string& model, int threads) : llama_(model, threads, kPrefill, kPrefill) {
    auto native = make_native_engine({.model_path = model, .threads = threads, .n_ctx = kPrefill});
    if (!native) {
      std::fprintf(stderr, "engines_bench: %s: %s\n", model.c_str(), native.error().what.c_str());
      std::exit(1);
    }
    native_ = std::move(*native);
  }

  void llama_cpp(std::span<const int32_t> ids, int64_t chunk, const LogitsSink& row) {
    for (size_t at = 0; at < ids.size(); at += static_cast<size_t>(chunk))
      llama_.evaluate(ids.subspan(at, static_cast<size_t>(chunk)), static_cast<int32_t>(at), row);
  }
  void native(std::span<const int32_t> ids, int64_t chunk, const LogitsSink& row) {
    const auto sink = [&](int32_t, const Row& computed) {
      row(computed.logits);
      return true;
    };
    for (size_t at = 0; at < ids.size(); at += static_cast<size_t>(chunk)) {
      const auto part = ids.subspan(at, static_cast<size_t>(chunk));
      if (!native_->evaluate({.ids = part, .first = static_cast<int32_t>(at)}, sink)) std::exit(1);
    }
  }

 private:
  CanonicalLlama llama_;
  std::unique_ptr<Engine> native_;
};

/// The first position whose rows differ in a bit, or -1. Also the warm-up of both engines.
int64_t first_difference(Pair& pair, std::span<const int32_t> ids, int64_t chunk) {
  std::vector<std::vector<float>> rows;
  pair.llama_cpp(ids, chunk, [&](auto row) { rows.emplace_back(row.begin(), row.end()); });
  int64_t position = 0;
  int64_t difference = -1;
  pair.native(ids, chunk, [&](auto row) {
    const auto& other = rows[static_cast<size_t>(position)];
    const bool same =
        row.size() == other.size() && std::memcmp(row.data(), other.data(), row.size_bytes()) == 0;
    if (!same && difference < 0) difference = position;
    ++position;
  });
  return difference;
}

/// Time on the clock, and processor time of all threads: on a busy machine only the second is
/// worth comparing, and only for one thread (llama.cpp's others spin while they wait).
struct Seconds {
  double wall;
  double cpu;
};

Seconds measure(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  const std::clock_t cpu_start = std::clock();
  work();
  const std::clock_t cpu = std::clock() - cpu_start;
  return {std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(),
          static_cast<double>(cpu) / CLOCKS_PER_SEC};
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

bool all_equal = true;

void run(benchmark::State& state, const std::string& model, int64_t n, int64_t chunk) {
  const std::vector<int32_t> ids = some_ids(n);
  Pair pair(model, static_cast<int>(state.range(0)));
  if (const int64_t at = first_difference(pair, ids, chunk); at >= 0) {
    all_equal = false;
    state.SkipWithError(("logits differ from position " + std::to_string(at)).c_str());
    return;
  }
  const LogitsSink ignore = [](std::span<const float> row) {
    benchmark::DoNotOptimize(row.data());
  };
  std::vector<double> llama_times;
  std::vector<double> native_times;
  std::vector<double> ratios;
  std::vector<double> cpu_ratios;
  for (auto _ : state) {
    Seconds llama{};
    const auto run_llama = [&] { llama = measure([&] { pair.llama_cpp(ids, chunk, ignore); }); };
    if (ratios.size() % 2 == 0) run_llama();
    const Seconds native = measure([&] { pair.native(ids, chunk, ignore); });
    if (ratios.size() % 2 == 1) run_llama();
    llama_times.push_back(llama.wall);
    native_times.push_back(native.wall);
    ratios.push_back(llama.wall / native.wall);
    cpu_ratios.push_back(llama.cpu / native.cpu);
    state.SetIterationTime(llama.wall + native.wall);
  }
  const auto tokens = static_cast<double>(n);
  state.counters["llama.cpp tok/s"] = tokens / median(llama_times);
  state.counters["native tok/s"] = tokens / median(native_times);
  state.counters["ratio"] = median(ratios);
  state.counters["cpu ratio"] = median(cpu_ratios);
}

}  // namespace
}  // namespace crossval

int main(int argc, char** argv) {
  using namespace crossval;
  benchmark::Initialize(&argc, argv);
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const size_t equals = argument.find('=');
    if (equals == std::string::npos) {
      std::fprintf(stderr, "engines_bench: \"%s\" is not NAME=MODEL.gguf\n", argument.c_str());
      return 64;
    }
    const std::string name = argument.substr(0, equals);
    const std::string path = argument.substr(equals + 1);
    const auto add = [&](const char* phase, int64_t n, int64_t chunk) {
      benchmark::RegisterBenchmark(
          (name + "/" + phase).c_str(),
          [path, n, chunk](benchmark::State& state) { run(state, path, n, chunk); })
          ->ArgName("threads")
          ->Arg(1)
          ->Arg(2)
          ->UseManualTime()
          ->Unit(benchmark::kMillisecond);
    };
    add("prefill", kPrefill, kPrefill);
    add("decode", kDecode, 1);
  }
  benchmark::RunSpecifiedBenchmarks();
  return all_equal ? 0 : 1;
}
