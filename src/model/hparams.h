// The numbers of a model, read from its metadata as its architecture says. Plain data.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "gguf/file.h"
#include "model/architecture.h"

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

/// What attention differs in from layer to layer.
struct LayerKind {
  bool rope = true;
  int64_t window = 0;  // keys a query sees, its own among them; 0: all before it
  bool experts = false;
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
  Rope window_rope;  // of layers with a window
  std::vector<LayerKind> layers;
  Block block = Block::sequential;

  // Experts: zero without.
  int64_t n_expert = 0;
  int64_t n_expert_used = 0;
  int64_t n_ff_expert = 0;
  int64_t n_ff_shared = 0;
  Gating gating = Gating::softmax;
  bool normalise_experts = true;
  float expert_scale = 0.0F;  // of the routed weights; 0 and 1: none

  // Scales: 1 leaves out the operation, as 0 does for the caps, the clamp and ALiBi.
  float embedding_scale = 1.0F;
  float query_scale = 1.0F;  // of the rotated query, before it is rounded
  float score_scale = 1.0F;  // inside the softmax
  float residual_scale = 1.0F;
  float logit_scale = 1.0F;
  float score_soft_cap = 0.0F;
  float logit_soft_cap = 0.0F;
  float clamp_qkv = 0.0F;
  float alibi_bias = 0.0F;

  /// Whether any layer has a window.
  bool windowed() const {
    return std::any_of(layers.begin(), layers.end(),
                       [](const LayerKind& layer) { return layer.window > 0; });
  }
  int64_t q_width() const { return n_head * head_dim_k; }
  int64_t k_width() const { return n_head_kv * head_dim_k; }
  int64_t v_width() const { return n_head_kv * head_dim_v; }
};

/// Reads the `<architecture>.*` keys that `architecture` knows, with upstream's defaults. Errors
/// name the key; sizes are checked for sense (heads divide, nothing is zero or beyond 2^24).
Result<Hparams> read_hparams(const GgufFile& file, const Architecture& architecture);

}  // namespace crossval
