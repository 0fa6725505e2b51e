#include "model/layout.h"

#include <fmt/format.h>

namespace crossval {
namespace {

/// Plain matrices: llama.cpp loads no scales or biases of these.
void lay_out_latent(TensorSource& in, const Hparams& h, const LayerKind& kind,
                    const std::string& blk, Layer& l) {
  const auto matrix = [&](const char* name, int64_t rows, int64_t cols) {
    Linear linear;
    linear.matrix = in.matrix(blk + name + ".weight", rows, cols);
    return linear;
  };
  const int64_t own = h.head_dim_k - h.rope.n_rot;  // of a head's key; the rest all heads share
  l.q_latent = matrix("attn_q_a", h.q_latent, h.n_embd);
  l.q_latent_norm = in.norm(blk + "attn_q_a_norm", h.q_latent);
  l.q_from_latent = matrix("attn_q_b", h.q_width(kind), h.q_latent);
  l.kv_latent = matrix("attn_kv_a_mqa", h.kv_latent + h.rope.n_rot, h.n_embd);
  l.kv_latent_norm = in.norm(blk + "attn_kv_a_norm", h.kv_latent);
  l.kv_from_latent = matrix("attn_kv_b", kind.n_head * (own + h.head_dim_v), h.kv_latent);
}

void lay_out_projections(TensorSource& in, const Architecture& a, const Hparams& h,
                         const LayerKind& kind, const std::string& blk, Layer& l) {
  const int64_t q_width = h.q_width(kind);
  const int64_t k_width = h.k_width(kind);
  const int64_t v_width = h.v_width(kind);
  l.qkv =
      in.linear(blk + "attn_qkv", q_width + k_width + v_width, h.n_embd, a.qkv_bias, a.fused_qkv);
  if (!l.qkv.present() && a.fused_qkv != Presence::required) {
    l.wq = in.linear(blk + "attn_q", q_width, h.n_embd, a.qkv_bias);
    l.wk = in.linear(blk + "attn_k", k_width, h.n_embd, a.qkv_bias);
    l.wv = in.linear(blk + "attn_v", v_width, h.n_embd, a.qkv_bias);
  }
}

void lay_out_attention(TensorSource& in, const Architecture& a, const Hparams& h,
                       const LayerKind& kind, const std::string& blk, Layer& l) {
  if (kind.n_head == 0) return;
  if (a.attn_norm != nullptr) l.attn_norm = in.norm(blk + a.attn_norm, h.n_embd);
  if (!kind.attends()) {
    l.wo = in.linear(blk + "attn_output", h.n_embd, h.n_embd, Presence::ignored);
    l.wo.scale = {};
    return;
  }
  if (a.latent_attention) {
    lay_out_latent(in, h, kind, blk, l);
  } else {
    lay_out_projections(in, a, h, kind, blk, l);
  }
  if (a.qk_norm != QkNorm::none) {
    const auto qk_norm = [&](const char* name, int64_t heads) {
      const bool whole = a.qk_norm == QkNorm::whole;
      return in.norm(blk + name, whole ? heads * h.head_dim_k : h.head_dim_k, a.qk_norm_presence,
                     a.qk_norm == QkNorm::per_head ? heads : 1);
    };
    l.q_norm = qk_norm("attn_q_norm", kind.n_head);
    l.k_norm = qk_norm("attn_k_norm", kind.n_head_kv);
    if (a.qk_norm == QkNorm::whole && !l.q_norm.on) l.k_norm = {};  // both or none
  }
  const int64_t pairs = h.rope.n_rot / 2;
  l.rope_factors = in.vector("rope_freqs.weight", pairs, a.rope_freqs);
  l.rope_long = in.vector("rope_factors_long.weight", pairs, a.rope_by_length);
  l.rope_short = in.vector("rope_factors_short.weight", pairs, a.rope_by_length);
  if (a.sinks) l.sinks = in.vector(blk + "attn_sinks.weight", kind.n_head);
  const int64_t heads = kind.n_head * h.head_dim_v;
  if (a.attn_gate != AttnGate::none) {
    const std::string name = blk + "attn_gate";
    const bool per_head =
        a.attn_gate_width == GateWidth::heads ||
        (a.attn_gate_width == GateWidth::either && in.has_rows(name, kind.n_head));
    l.attn_gate = in.linear(name, per_head ? kind.n_head : heads, h.n_embd, Presence::absent);
    l.attn_gate.scale = {};
  }
  if (a.attn_sub_norm) l.attn_sub_norm = in.norm(blk + "attn_sub_norm", heads);
  l.wo = in.linear(blk + "attn_output", h.n_embd, heads, a.attn_out_bias);
  if (a.attn_post_norm != nullptr) l.attn_post_norm = in.norm(blk + a.attn_post_norm, h.n_embd);
}

void lay_out_experts(TensorSource& in, const Architecture& a, const Hparams& h,
                     const std::string& blk, Layer& l) {
  const Experts& e = a.experts;
  l.router = in.linear(blk + "ffn_gate_inp", h.n_expert, h.n_embd, Presence::absent);
  l.selection_bias = in.vector(blk + "exp_probs_b.bias", h.n_expert, e.selection_bias);
  l.expert_gate = in.experts(blk + "ffn_gate_exps", h.n_ff_expert, h.n_embd,
                             a.gate == Gate::none ? Presence::absent : Presence::required);
  l.expert_up = in.experts(blk + "ffn_up_exps", h.n_ff_expert, h.n_embd);
  l.expert_down = in.experts(blk + "ffn_down_exps", h.n_embd, h.n_ff_expert);
  for (ExpertLinear* linear : {&l.expert_gate, &l.expert_up, &l.expert_down})
    if (!e.scales) linear->scale = {};
  if (h.n_ff_shared == 0) return;
  const Presence none = Presence::absent;
  l.shared_gate = in.linear(blk + "ffn_gate_shexp", h.n_ff_shared, h.n_embd, none,
                            a.gate == Gate::none ? Presence::absent : Presence::required);
  l.shared_up = in.linear(blk + "ffn_up_shexp", h.n_ff_shared, h.n_embd, none);
  l.shared_down = in.linear(blk + "ffn_down_shexp", h.n_embd, h.n_ff_shared, none);
  for (Linear* linear : {&l.shared_gate, &l.shared_up, &l.shared_down}) linear->scale = {};
}

void lay_out_feed_forward(TensorSource& in, const Architecture& a, const Hparams& h, int64_t n_ff,
                          const std::string& blk, Layer& l) {
  switch (a.gate) {
    case Gate::none:
    case Gate::fused:
      break;
    case Gate::separate:
      l.gate = in.linear(blk + "ffn_gate", n_ff, h.n_embd, a.ffn_biases);
      break;
    case Gate::optional:
      l.gate = in.linear(blk + "ffn_gate", n_ff, h.n_embd, a.ffn_biases, Presence::optional);
      break;
  }
  const bool doubled = a.gate == Gate::fused;
  l.up = in.linear(blk + "ffn_up", doubled ? 2 * n_ff : n_ff, h.n_embd, a.ffn_biases);
  if (a.ffn_sub_norm) l.ffn_sub_norm = in.norm(blk + "ffn_sub_norm", n_ff);
  l.down = in.linear(blk + "ffn_down", h.n_embd, n_ff, a.ffn_biases);
  for (Linear* linear : {&l.gate, &l.up, &l.down}) {
    linear->scales_bias = true;
    if (!a.ffn_scales) linear->scale = {};
  }
}

Layer lay_out_layer(TensorSource& in, const Architecture& a, const Hparams& h, int64_t il) {
  const std::string blk = fmt::format("blk.{}.", il);
  const LayerKind& kind = h.layers[static_cast<size_t>(il)];
  Layer l;
  lay_out_attention(in, a, h, kind, blk, l);
  if (kind.n_ff == 0 && !kind.experts) return l;
  if (a.ffn_norm != nullptr) {
    l.ffn_norm = in.norm(blk + a.ffn_norm, h.n_embd,
                         a.ffn_norm_optional ? Presence::optional : Presence::required);
  }
  if (kind.experts) {
    lay_out_experts(in, a, h, blk, l);
  } else {
    lay_out_feed_forward(in, a, h, kind.n_ff, blk, l);
  }
  if (a.ffn_post_norm != nullptr) l.ffn_post_norm = in.norm(blk + a.ffn_post_norm, h.n_embd);
  return l;
}

}  // namespace

Weights lay_out(TensorSource& in, const Architecture& a, const Hparams& h) {
  Weights w;
  w.token_embd = in.matrix("token_embd.weight", h.n_vocab, h.n_embd);
  w.position_embd = in.matrix("position_embd.weight", h.n_ctx_train, h.n_embd, a.learned_positions);
  w.output_norm = in.norm("output_norm", h.n_embd);
  w.output = in.linear("output", h.n_vocab, h.n_embd, a.output_bias, a.output);
  if (!w.output.present()) w.output.matrix = w.token_embd;
  for (int64_t il = 0; il < h.n_layer; ++il) w.layers.push_back(lay_out_layer(in, a, h, il));
  if (a.own_tensors != nullptr) a.own_tensors(in, h, w);
  return w;
}

}  // namespace crossval
