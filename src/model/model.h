// A model file as the forward pass sees it: hyper-parameters and weights as views into the mapping.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "gguf/file.h"
#include "model/hparams.h"
#include "quant/format.h"

namespace crossval {

/// A weight matrix: `rows` outputs of `cols` inputs each, stored row by row in `format`.
struct Matrix {
  const WeightFormat* format = nullptr;
  const std::byte* data = nullptr;
  int64_t rows = 0;
  int64_t cols = 0;

  bool present() const { return data != nullptr; }
  int64_t row_bytes() const { return format->row_bytes(cols); }
  const std::byte* row(int64_t r) const { return data + r * row_bytes(); }
};

/// f32 values: a norm's weights, a bias, RoPE factors. Empty when the model has none.
struct Vector {
  const float* data = nullptr;
  int64_t size = 0;

  bool present() const { return data != nullptr; }
};

struct Layer {
  Vector attn_norm;     // n_embd
  Matrix wq, wk, wv;    // q_width, k_width, v_width × n_embd
  Vector bq, bk, bv;    // optional
  Matrix wo;            // n_embd × n_head·head_dim_v
  Vector bo;            // optional
  Vector rope_factors;  // n_rot / 2; optional: each divides one pair's angle
  Vector ffn_norm;      // n_embd
  Matrix gate, up;      // n_ff × n_embd
  Vector gate_bias, up_bias;
  Matrix down;  // n_embd × n_ff
  Vector down_bias;
};

struct Weights {
  Matrix token_embd;  // n_vocab × n_embd
  std::vector<Layer> layers;
  Vector output_norm;  // n_embd
  Matrix output;       // n_vocab × n_embd; token_embd when tied
};

/// Owns the mapped file and everything derived from it. `overlay` holds weights that do not lie in
/// the file as they are used: vectors that are misaligned there, planted faults.
struct Model {
  GgufFile file;
  Hparams hparams;
  Weights weights;
  std::vector<std::unique_ptr<std::vector<std::byte>>> overlay;

  /// "llama, 30 layers, 135M parameters, Q4_1"
  std::string describe() const;
};

/// Opens a model file and checks every tensor's presence, shape and type. Errors (bad_input_file)
/// name architecture, tensor, or key, and what is supported.
Result<std::unique_ptr<Model>> load_model(const std::string& path);

}  // namespace crossval
