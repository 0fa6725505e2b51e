#include <fmt/format.h>

#include <cmath>

#include "model/own.h"

namespace crossval::own_numbers {
namespace {

void without_rope(Hparams& h) {
  for (LayerKind& layer : h.layers) layer.rope = false;
}

/// The query's scale is that of heads that share out the model's width.
void scale_as_wide(Hparams& h) {
  const int64_t share = h.n_embd / h.layers.front().n_head;
  h.query_scale = 1.0F / std::sqrt(static_cast<float>(share));
}

/// A scale that the file may give as 0 for "none".
float scale_or(KeyReader& keys, const std::string& key, double fallback) {
  const float scale = keys.real(key, fallback);
  return scale == 0.0F ? 1.0F : scale;
}

}  // namespace

void baichuan(KeyReader& /*keys*/, Hparams& h) {
  if (h.n_layer != 40) h.alibi_bias = 0.0F;  // 13B has ALiBi
  if (h.n_layer != 32) without_rope(h);      // 7B has RoPE
}

void ernie45_moe(KeyReader& keys, Hparams& h) {  // every n-th layer has experts
  const char* key = "interleave_moe_layer_step";
  const int64_t step = keys.required(key);
  if (step < 1) {
    keys.refuse(fmt::format("the step is {}", step), key);
    return;
  }
  for (int64_t il = 0; il < h.n_layer; ++il)
    h.layers[static_cast<size_t>(il)].experts &= (il + 1) % step == 0;
}

void exaone4(KeyReader& /*keys*/, Hparams& h) {
  if (h.n_layer == 64) return;  // 32B: the others have no windows
  for (LayerKind& layer : h.layers) {
    layer.window = 0;
    layer.rope = true;
  }
}

void gemma2(KeyReader& keys, Hparams& h) {
  h.score_soft_cap = keys.real("attn_logit_softcapping", 50.0);
  h.logit_soft_cap = keys.real("final_logit_softcapping", 30.0);
  if (h.n_layer == 46) scale_as_wide(h);  // 27B
}

void gemma3(KeyReader& keys, Hparams& h) {
  h.window_rope.base = keys.real("rope.freq_base_swa", 10000.0);
  h.logit_soft_cap = keys.real("final_logit_softcapping", 0.0);
  if (h.n_layer == 62) scale_as_wide(h);  // 27B
}

void gptneox(KeyReader& keys, Hparams& h) {
  if (!keys.flag("use_parallel_residual", true)) h.block = Block::sequential;
}

void granite(KeyReader& keys, Hparams& h) {
  if (!keys.flag("rope.scaling.finetuned", true)) without_rope(h);
}

void granite_swa(KeyReader& keys, Hparams& h) {
  const char* key = "attention.rope_pattern";
  if (!keys.has_array(key)) return;
  for (int64_t il = 0; il < h.n_layer; ++il)
    h.layers[static_cast<size_t>(il)].rope &= keys.element(key, il, 1) != 0;
}

void hunyuan(KeyReader& keys, Hparams& h) {  // a larger base for a longer context
  const float alpha = keys.real("rope.scaling.alpha", 0.0);
  if (!(alpha > 0.0F)) return;
  const auto width = static_cast<float>(h.head_dim_k);
  const auto less = static_cast<float>(h.head_dim_k - 2);
  h.rope.base *= std::pow(alpha, width / less);
}

void jais(KeyReader& keys, Hparams& h) {
  h.alibi_bias = keys.real("attention.max_alibi_bias", 0.0);
  h.score_scale = 1.0F / static_cast<float>(h.head_dim_k);
}

void minicpm(KeyReader& keys, Hparams& h) {  // older files say none of these
  h.embedding_scale = scale_or(keys, "embedding_scale", 12.0);
  h.residual_scale =
      scale_or(keys, "residual_scale", 1.4F / std::sqrt(static_cast<float>(h.n_layer)));
  h.logit_scale = 1.0F / keys.real("logit_scale", 256.0F / static_cast<float>(h.n_embd));
}

void minicpm3(KeyReader& /*keys*/, Hparams& h) {
  h.embedding_scale = 12.0F;
  h.residual_scale = 1.4F / std::sqrt(static_cast<float>(h.n_layer));
}

void mistral3(KeyReader& keys, Hparams& h) {
  h.query_temperature = keys.real("attention.temperature_scale", 0.0);
  if (h.query_temperature != 0.0F && h.rope.n_ctx_orig < 1)
    keys.refuse("positions are divided by 0", "rope.scaling.original_context_length");
}

void mpt(KeyReader& keys, Hparams& h) { h.alibi_bias = keys.real("attention.max_alibi_bias", 0.0); }

void qwen(KeyReader& /*keys*/, Hparams& h) {  // the file counts gate and up
  for (LayerKind& layer : h.layers) layer.n_ff /= 2;
}

void smollm3(KeyReader& /*keys*/, Hparams& h) {
  for (int64_t il = 3; il < h.n_layer; il += 4) h.layers[static_cast<size_t>(il)].rope = false;
}

}  // namespace crossval::own_numbers
