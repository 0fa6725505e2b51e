#include "graph/minicpm3.h"

#include "graph/attention.h"
#include "graph/builder.h"

namespace crossval {
namespace {

constexpr float kBaseWidth = 256.0F;  // of the small model whose learning rates the large one kept

ValueId feed_forward(Builder& b, const Layer& w, ValueId in) {
  const ValueId gate = b.linear(w.gate, in, Role::ffn_gate);
  const ValueId up = b.linear(w.up, in, Role::ffn_up);
  return b.linear(w.down, b.add(Activate{Activation::silu}, {gate, up}, Role::ffn_act),
                  Role::ffn_out);
}

}  // namespace

Graph build_minicpm3(const Model& model, int64_t n_ctx) {
  const Hparams& hp = model.hparams;
  const Weights& weights = model.weights;
  const Scale residual = {hp.residual_scale};
  Builder b(NormKind::rms, hp.norm_eps);

  ValueId x = b.add(EmbedTokens{weights.token_embd}, {}, hp.n_embd, Role::token_embedding);
  x = b.add(Scale{hp.embedding_scale}, {x}, Role::embedding_scaled);
  for (int64_t il = 0; il < hp.n_layer; ++il) {
    const Layer& w = weights.layers[static_cast<size_t>(il)];
    b.enter_layer(il);
    ValueId a = b.norm(w.attn_norm, x, Role::attn_norm);
    a = latent_attention(b, w, hp, hp.layers[static_cast<size_t>(il)], a, n_ctx);
    a = b.linear(w.wo, a, Role::attn_out);
    a = b.add(residual, {a}, Role::attn_scaled);
    x = b.add(Add{}, {x, a}, Role::attn_residual);

    ValueId f = b.norm(w.ffn_norm, x, Role::ffn_norm);
    f = feed_forward(b, w, f);
    f = b.add(residual, {f}, Role::ffn_scaled);
    x = b.add(Add{}, {x, f}, Role::layer_out);
  }
  b.enter_layer(-1);
  x = b.norm(weights.output_norm, x, Role::output_norm);
  x = b.add(Scale{kBaseWidth / static_cast<float>(hp.n_embd)}, {x}, Role::output_scaled);
  b.enter_head();
  return b.take(b.linear(weights.output, x, Role::logits));
}

}  // namespace crossval
