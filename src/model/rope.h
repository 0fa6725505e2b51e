// How positions turn queries and keys, read from a model's metadata. Plain data.
#pragma once

#include <cstdint>
#include <vector>

#include "model/architecture.h"
#include "model/key_reader.h"

namespace crossval {

enum class RopeScaling : uint8_t { none, linear, yarn, longrope };

struct Rope {
  int64_t n_rot = 0;  // values of a head that are rotated
  RopePairs pairs = RopePairs::adjacent;
  float base = 10000.0F;
  float scale = 1.0F;  // positions are multiplied by it
  RopeScaling scaling = RopeScaling::none;
  int64_t n_ctx_orig = 0;    // context the model was trained with before scaling
  float ext_factor = 0.0F;   // YaRN: 1 when on
  float attn_factor = 1.0F;  // magnitude of the rotated vector
  float beta_fast = 32.0F;
  float beta_slow = 1.0F;
  std::vector<bool> still{};  // n_rot / 2, or empty: pairs that do not turn (M-RoPE on text)
};

/// Of layers without a window. A scaling that is not known is refused: every engine would compute
/// something else.
Rope read_rope(KeyReader& keys, const Architecture& architecture, int64_t head_dim_k,
               int64_t n_ctx_train);

/// Of layers with one, which have the `usual` RoPE but for some numbers.
Rope read_window_rope(KeyReader& keys, const Architecture& architecture, const Rope& usual,
                      int64_t head_dim_k);

}  // namespace crossval
