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
  matrix,     // of a weight format, mean 0
  ternary,    // the same; where the format holds them exactly, values -level, 0, level
  embedding,  // F16 whatever the weight formats are
  norm,       // F32, some channels far above the others
};

struct PlannedTensor {
  std::string name;
  TensorRole role;
  int64_t cols;
  int64_t rows;          // 1 for vectors
  float sigma;           // standard deviation of a matrix's values; what a norm's are near
  std::string fed_by{};  // of ternary matrices: the norm that their inputs come from
};

struct SynthArchitecture {
  std::string_view name;
  void (*add_keys)(const SynthOptions& options, GgufWriter& to);
  std::vector<PlannedTensor> (*tensors)(const SynthOptions& options, int64_t n_vocab);
};

/// nullptr when there is none of that name.
const SynthArchitecture* find_synth_architecture(std::string_view name);

}  // namespace crossval
