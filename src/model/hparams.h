// The numbers of a model, read from its metadata as its architecture says. Plain data.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "gguf/file.h"
#include "model/architecture.h"
#include "model/rope.h"

namespace crossval {

/// What layers differ in.
struct LayerKind {
  int64_t n_head = 0;     // 0: no attention
  int64_t n_head_kv = 0;  // 0 beside heads: one matrix in the attention's place
  int64_t n_ff = 0;       // 0: upstream leaves out the whole layer
  bool rope = true;
  int64_t window = 0;  // keys a query sees, its own among them; 0: all before it
  bool experts = false;

  bool attends() const { return n_head_kv > 0; }
};

struct Hparams {
  std::string architecture;  // "llama"
  std::string name;          // general.name, may be empty
  int64_t n_layer = 0;
  int64_t n_embd = 0;
  int64_t head_dim_k = 0;  // of queries and keys
  int64_t head_dim_v = 0;
  int64_t q_latent = 0;  // width of the vector that queries come out of; 0: they have a matrix
  int64_t kv_latent = 0;
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
  /// Queries at position p are multiplied by 1 + this · log(1 + floor(p / rope.n_ctx_orig)); 0:
  /// not.
  float query_temperature = 0.0F;
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
  int64_t q_width(const LayerKind& layer) const { return layer.n_head * head_dim_k; }
  int64_t k_width(const LayerKind& layer) const { return layer.n_head_kv * head_dim_k; }
  int64_t v_width(const LayerKind& layer) const { return layer.n_head_kv * head_dim_v; }
};

/// Reads the `<architecture>.*` keys that `architecture` knows, with upstream's defaults. Errors
/// name the key, a value that is not known, and those that are; sizes are checked for sense (heads
/// divide, nothing is zero or beyond 2^24 but what a layer may lack).
Result<Hparams> read_hparams(const GgufFile& file, const Architecture& architecture);

}  // namespace crossval
