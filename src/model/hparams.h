// The numbers of a model, read from its metadata: sizes, RoPE, epsilons. Plain data.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"
#include "gguf/file.h"

namespace crossval {

enum class RopeScaling : uint8_t { none, linear, yarn, longrope };

struct Rope {
  int64_t n_rot = 0;  // values of a head that are rotated
  float base = 10000.0F;
  float scale = 1.0F;  // positions are multiplied by it
  RopeScaling scaling = RopeScaling::none;
  int64_t n_ctx_orig = 0;    // context the model was trained with before scaling
  float ext_factor = 0.0F;   // YaRN: 1 when on
  float attn_factor = 1.0F;  // magnitude of the rotated vector
  float beta_fast = 32.0F;
  float beta_slow = 1.0F;
};

struct Hparams {
  std::string architecture;  // "llama"
  std::string name;          // general.name, may be empty
  int64_t n_layer = 0;
  int64_t n_embd = 0;
  int64_t n_ff = 0;
  int64_t n_head = 0;
  int64_t n_head_kv = 0;
  int64_t head_dim_k = 0;  // of queries and keys
  int64_t head_dim_v = 0;
  int64_t n_vocab = 0;
  int64_t n_ctx_train = 0;
  float norm_eps = 0.0F;
  Rope rope;

  int64_t q_width() const { return n_head * head_dim_k; }
  int64_t k_width() const { return n_head_kv * head_dim_k; }
  int64_t v_width() const { return n_head_kv * head_dim_v; }
};

/// Reads `<architecture>.*` keys with upstream's defaults. Errors name the key; sizes are checked
/// for sense (heads divide, nothing is zero or beyond 2^31).
Result<Hparams> read_hparams(const GgufFile& file);

}  // namespace crossval
