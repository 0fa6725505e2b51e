// Which keys and tensors a made-up model has, by architecture, and how large their values are.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gguf/writer.h"
#include "synth/synth.h"

namespace crossval {

enum class TensorRole : uint8_t {
  matrix,  // of a weight format, mean 0
  norm,    // F32, near 1, some channels far above
};

struct PlannedTensor {
  std::string name;
  TensorRole role;
  int64_t cols;
  int64_t rows;  // 1 for vectors
  float sigma;   // standard deviation of a matrix's values
};

struct SynthArchitecture {
  std::string_view name;
  void (*add_keys)(const SynthOptions& options, GgufWriter& to);
  std::vector<PlannedTensor> (*tensors)(const SynthOptions& options, int64_t n_vocab);
};

/// nullptr when there is none of that name.
const SynthArchitecture* find_synth_architecture(std::string_view name);

}  // namespace crossval
