// A model file as the forward pass sees it: hyper-parameters and weights as views into the mapping.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "gguf/file.h"
#include "model/architecture.h"
#include "model/hparams.h"
#include "model/i2s_layout.h"
#include "model/weights.h"

namespace crossval {

/// Holds the mapped file and everything derived from it. `overlay` holds weights that do not lie in
/// the file as they are used: vectors that are misaligned there, I2_S weights in another layout
/// than the kernels'.
struct Model {
  GgufFile file;
  Architecture architecture;  // the table's row
  Hparams hparams;
  std::optional<I2sReading> i2s;  // of files with I2_S weights
  Weights weights;
  std::vector<std::unique_ptr<std::vector<std::byte>>> overlay;

  /// "llama, 30 layers, 135M parameters, Q4_1"
  std::string describe() const;
};

/// Why a tensor of a file is not what the architecture needs.
struct TensorProblem {
  enum class Kind : uint8_t { missing, unknown, shape, type, content };

  Kind kind = Kind::missing;
  std::string tensor;
  std::string what;
  std::string hint;
};

/// Reads a file's architecture and sizes; the weights are not looked at. Errors (bad_input_file)
/// name architecture or key, and what is supported.
Result<std::unique_ptr<Model>> open_model(const GgufFile& file);

struct WeightReading {
  bool codes = true;   // those of I2_S are checked, which reads them all
  bool copies = true;  // I2_S weights in another layout than the kernels' are rewritten in memory
};

/// Fills model.weights and returns what is wrong with the file's tensors: presence, shape, type; a
/// tensor that the architecture does not use is wrong too, because the model then means something
/// else. Only without problems, and with codes and copies, may the weights be computed with.
/// model.i2s says how I2_S weights are read.
std::vector<TensorProblem> read_weights(Model& model, WeightReading how = {});

/// All of it: a model that can be evaluated. `i2s_layout`: of I2_S weights, when it is not to be
/// found out. Errors name the first problem (bad_input_file), or the tensor at which the copies
/// would take more memory than there is (engine_failed), before any is taken.
Result<std::unique_ptr<Model>> load_model(const GgufFile& file,
                                          std::optional<I2sLayout> i2s_layout = std::nullopt);

}  // namespace crossval
