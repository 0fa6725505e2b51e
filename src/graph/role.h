// What an operation's result is in the model: our names, the same for every architecture and
// engine. upstream_names.h translates them.
#pragma once

#include <cstdint>

namespace crossval {

/// A norm and a linear map are several operations (product, bias, scale) of one role; the last of
/// them makes what the role names.
enum class Role : uint8_t {
  step,  // on the way to the next operation's

  token_embedding,
  embedding_scaled,
  position_embedding,
  embedding_sum,
  embedding_norm,

  attn_norm,
  attn_norm_2,
  qkv,
  qkv_clamped,
  q,
  q_clamped,
  k,
  k_clamped,
  v,
  v_clamped,
  q_latent,  // the short vector that queries come out of
  q_latent_norm,
  kv_latent,  // that of keys and values, and the part of keys that all heads share
  kv_latent_norm,
  kv,  // of each head its part of the key, then its value
  kv_values,
  k_joined,  // each head's part of the key and the shared one
  q_norm,
  k_norm,
  q_rope,
  k_rope,
  q_scaled,
  q_tempered,
  attention,  // merged heads
  attn_gate,
  attn_gated,
  attn_sub_norm,
  attn_out,
  attn_stand_in,  // what a layer has in the place of attention
  attn_post_norm,
  attn_scaled,
  attn_residual,  // x + attention

  ffn_norm,
  ffn_gate,
  ffn_up,
  ffn_act,
  ffn_divided,
  ffn_sub_norm,
  ffn_out,

  router,
  expert_probabilities,
  expert_choice,
  expert_weights,
  expert_gate,
  expert_up,
  expert_act,
  expert_down,
  expert_weighted,
  expert_sum,
  shared_gate,
  shared_up,
  shared_act,
  shared_out,
  shared_router,
  shared_gated,
  ffn_sum,  // routed and shared experts

  ffn_post_norm,
  ffn_scaled,
  layer_out,

  output_norm,
  output_scaled,
  logits,
};

}  // namespace crossval
