#include <fmt/format.h>

#include "model/own.h"

namespace crossval::own_tensors {
namespace {

/// change("blk.7.", its layer, its kind)
template <class Change>
void each_layer(const Hparams& h, Weights& w, const Change& change) {
  for (size_t il = 0; il < w.layers.size(); ++il)
    change(fmt::format("blk.{}.", il), w.layers[il], h.layers[il]);
}

}  // namespace

void bloom(TensorSource& in, const Hparams& h, Weights& w) {
  w.embedding_norm = in.norm("token_embd_norm", h.n_embd);
}

void command_r(TensorSource& in, const Hparams& h, Weights& w) {
  if (h.n_layer < 64) return;  // R+ normalises queries and keys, each head with weights of its own
  each_layer(h, w, [&](const std::string& blk, Layer& l, const LayerKind& kind) {
    l.q_norm = in.norm(blk + "attn_q_norm", h.head_dim_k, Presence::required, kind.n_head);
    l.k_norm = in.norm(blk + "attn_k_norm", h.head_dim_k, Presence::required, kind.n_head_kv);
  });
}

void falcon(TensorSource& in, const Hparams& h, Weights& w) {
  each_layer(h, w, [&](const std::string& blk, Layer& l, const LayerKind&) {
    l.attn_norm_2 = in.norm(blk + "attn_norm_2", h.n_embd, Presence::optional);  // 40B
  });
}

void gpt_oss(TensorSource& in, const Hparams& h, Weights& w) {
  each_layer(h, w, [&](const std::string& blk, Layer& l, const LayerKind&) {
    l.router.bias = in.vector(blk + "ffn_gate_inp.bias", h.n_expert);
    l.expert_gate.bias = in.vectors(blk + "ffn_gate_exps.bias", h.n_ff_expert, h.n_expert);
    l.expert_up.bias = in.vectors(blk + "ffn_up_exps.bias", h.n_ff_expert, h.n_expert);
    l.expert_down.bias = in.vectors(blk + "ffn_down_exps.bias", h.n_embd, h.n_expert);
  });
}

void mpt(TensorSource& in, const Hparams& h, Weights& w) {
  each_layer(h, w, [&](const std::string& blk, Layer& l, const LayerKind& kind) {
    l.activation_divisor = in.vector(blk + "ffn.act.scales", kind.n_ff, Presence::optional);
  });
}

void openelm(TensorSource& /*in*/, const Hparams& h, Weights& w) {  // upstream does not use it
  each_layer(h, w, [](const std::string&, Layer& l, const LayerKind&) { l.qkv.scale = {}; });
}

void qwen2moe(TensorSource& in, const Hparams& h, Weights& w) {
  if (h.n_ff_shared == 0) return;
  each_layer(h, w, [&](const std::string& blk, Layer& l, const LayerKind&) {
    l.shared_router = in.linear(blk + "ffn_gate_inp_shexp", 1, h.n_embd, Presence::absent);
  });
}

}  // namespace crossval::own_tensors
