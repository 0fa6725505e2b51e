// Weights as views into the mapped file. What a model does not have is not present().
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "quant/format.h"

namespace crossval {

/// A weight matrix: `rows` outputs of `cols` inputs each, stored row by row in `format`, times
/// `scale`.
struct Matrix {
  const WeightFormat* format = nullptr;
  const std::byte* data = nullptr;
  int64_t rows = 0;
  int64_t cols = 0;
  float scale = 1.0F;       // of the whole tensor, where the format has one (I2_S)
  std::string_view name{};  // of the model's tensor

  bool present() const { return data != nullptr; }
  int64_t row_bytes() const { return format->row_bytes(cols); }
  const std::byte* row(int64_t r) const { return data + r * row_bytes(); }
  /// The `cols` values of a row.
  void decode_row(int64_t r, float* out) const {
    format->decode(row(r), out, cols);
    if (scale == 1.0F) return;
    for (int64_t i = 0; i < cols; ++i) out[i] *= scale;
  }
};

/// f32 values: a norm's weights, a bias, RoPE factors.
struct Vector {
  const float* data = nullptr;
  int64_t size = 0;
  std::string_view name{};  // of the model's tensor

  bool present() const { return data != nullptr; }
};

/// x -> (matrix · x) · scale + bias; in feed-forward networks ((matrix · x) + bias) · scale.
struct Linear {
  Matrix matrix;
  Vector scale;  // one value
  Vector bias;   // matrix.rows
  bool scales_bias = false;

  bool present() const { return matrix.present(); }
};

/// The same for every expert: expert e's rows lie at e · rows of one tall matrix.
struct ExpertLinear {
  Matrix matrix;      // rows of one expert × cols; data of expert 0
  int64_t count = 0;  // of experts
  Vector scale;       // count
  Vector bias;        // count × rows

  bool present() const { return matrix.present(); }
  Matrix expert(int64_t e) const {
    return {matrix.format, matrix.data + e * matrix.rows * matrix.row_bytes(),
            matrix.rows,   matrix.cols,
            matrix.scale,  matrix.name};
  }
};

/// A norm that is there even without weights (olmo) or not at all.
struct Norm {
  bool on = false;
  Vector weight;
  Vector bias;
};

struct Layer {
  Norm attn_norm;    // n_embd
  Norm attn_norm_2;  // n_embd
  Linear qkv;        // q_width + k_width + v_width × n_embd, or wq, wk, wv
  Linear wq, wk, wv;
  Linear q_latent, q_from_latent;    // latent attention, in the place of wq, wk and wv:
  Linear kv_latent, kv_from_latent;  // hparams.q_latent, kv_latent; docs/arithmetic.md
  Norm q_latent_norm, kv_latent_norm;
  Norm q_norm, k_norm;
  Vector rope_factors;           // n_rot / 2: each divides one pair's angle
  Vector rope_long, rope_short;  // the same, by the length of the context
  Vector sinks;                  // n_head
  Linear attn_gate;              // n_head or n_head · head_dim_v × n_embd
  Norm attn_sub_norm;            // n_head · head_dim_v
  Linear wo;                     // n_embd × n_head · head_dim_v
  Norm attn_post_norm;           // n_embd

  Norm ffn_norm;              // n_embd
  Linear gate, up;            // n_ff × n_embd; up twice as high when it holds the gate too
  Vector activation_divisor;  // n_ff
  Norm ffn_sub_norm;          // n_ff
  Linear down;                // n_embd × n_ff
  Linear router;              // n_expert × n_embd
  Vector selection_bias;      // n_expert
  ExpertLinear expert_gate, expert_up, expert_down;
  Linear shared_gate, shared_up, shared_down;
  Linear shared_router;  // 1 × n_embd
  Norm ffn_post_norm;    // n_embd
};

struct Weights {
  Matrix token_embd;     // n_vocab × n_embd
  Norm embedding_norm;   // n_embd
  Matrix position_embd;  // n_ctx_train × n_embd
  std::vector<Layer> layers;
  Norm output_norm;  // n_embd
  Linear output;     // n_vocab × n_embd; token_embd when tied
};

}  // namespace crossval
