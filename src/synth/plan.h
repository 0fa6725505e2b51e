// Which tensors a made-up model has, as its architecture lays them out, and how large their values
// are.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/architecture.h"
#include "model/hparams.h"
#include "synth/synth.h"

namespace crossval {

enum class TensorRole : uint8_t {
  matrix,     // of a weight format, mean 0
  ternary,    // the same; where the format holds them exactly, values -level, 0, level
  embedding,  // F16 whatever the weight formats are
  router,     // F32, as files have them
  norm,       // F32, near one value, some channels far above
  bias,       // F32, mean 0
  factor,     // F32, from 1 up
};

struct PlannedTensor {
  std::string name;
  TensorRole role = TensorRole::matrix;
  std::vector<int64_t> shape;  // fastest first: cols, rows, experts
  float sigma = 0;             // standard deviation; what a norm's are near; range of factors
  std::string fed_by{};        // of ternary matrices: the norm that their inputs come from

  int64_t cols() const { return shape[0]; }
  int64_t rows() const;  // of all experts
};

/// In the order in which the architecture looks for them. Optional ones are there by has_extra, but
/// that a matrix of logits of its own is usual.
std::vector<PlannedTensor> plan_tensors(const Architecture& architecture, const Hparams& hparams,
                                        const SynthOptions& options);

}  // namespace crossval
