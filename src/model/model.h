// A model file as the forward pass sees it: hyper-parameters and weights as views into the mapping.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "gguf/file.h"
#include "model/architecture.h"
#include "model/hparams.h"
#include "model/weights.h"

namespace crossval {

/// Owns the mapped file and everything derived from it. `overlay` holds weights that do not lie in
/// the file as they are used: vectors that are misaligned there, planted faults.
struct Model {
  GgufFile file;
  const Architecture* architecture = nullptr;
  Hparams hparams;
  Weights weights;
  std::vector<std::unique_ptr<std::vector<std::byte>>> overlay;

  /// "llama, 30 layers, 135M parameters, Q4_1"
  std::string describe() const;
};

/// Opens a model file and checks every tensor's presence, shape and type; a tensor that the
/// architecture does not use is refused too, because the model then means something else. Errors
/// (bad_input_file) name architecture, tensor, or key, and what is supported.
Result<std::unique_ptr<Model>> load_model(const std::string& path);

}  // namespace crossval
