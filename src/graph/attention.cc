#include "graph/attention.h"

namespace crossval {

Rotate rotation(const Layer& w, const Hparams& hp, const LayerKind& kind, int64_t n_ctx) {
  constexpr int64_t kContextStep = 256;  // upstream rounds contexts up to it
  const int64_t context = (n_ctx + kContextStep - 1) / kContextStep * kContextStep;
  const Vector& by_length = context > hp.rope.n_ctx_orig ? w.rope_long : w.rope_short;
  return {kind.window > 0 ? hp.window_rope : hp.rope,
          w.rope_factors.present() ? w.rope_factors : by_length, hp.head_dim_k};
}

Attend attend(const Layer& w, const Hparams& hp, const LayerKind& kind, WindowKind window) {
  Attend a;
  a.n_head = kind.n_head;
  a.n_head_kv = kind.n_head_kv;
  a.head_dim_k = hp.head_dim_k;
  a.head_dim_v = hp.head_dim_v;
  a.soft_cap = hp.score_soft_cap;
  a.scale = hp.score_scale;
  a.alibi_bias = hp.alibi_bias;
  a.sinks = w.sinks;
  a.window_kind = window;
  a.window = kind.window;
  for (int64_t head = 0; head < kind.n_head; ++head)
    a.kv_head.push_back(head / (kind.n_head / kind.n_head_kv));
  return a;
}

ValueId latent_attention(Builder& b, const Layer& w, const Hparams& hp, const LayerKind& kind,
                         ValueId in, int64_t n_ctx) {
  const int64_t heads = kind.n_head;
  const int64_t own = hp.head_dim_k - hp.rope.n_rot;  // of a head's key; the rest they share
  Rotate turn = rotation(w, hp, kind, n_ctx);

  ValueId q = b.linear(w.q_latent, in, Role::q_latent);
  q = b.norm(w.q_latent_norm, q, Role::q_latent_norm);
  q = b.linear(w.q_from_latent, q, Role::q);
  turn.first = own;
  q = b.add(turn, {q}, Role::q_rope);

  const ValueId latent = b.linear(w.kv_latent, in, Role::kv_latent);
  ValueId kv = b.add(Columns{0}, {latent}, hp.kv_latent, Role::step);
  kv = b.norm(w.kv_latent_norm, kv, Role::kv_latent_norm);
  kv = b.linear(w.kv_from_latent, kv, Role::kv);
  ValueId k = b.add(Columns{0, heads}, {kv}, heads * own, Role::step);
  const ValueId v = b.add(Columns{own, heads}, {kv}, heads * hp.head_dim_v, Role::kv_values);

  ValueId shared = b.add(Columns{hp.kv_latent}, {latent}, hp.rope.n_rot, Role::step);
  turn.first = 0;
  turn.head_dim = hp.rope.n_rot;
  shared = b.add(turn, {shared}, Role::k_rope);
  k = b.add(JoinHeads{heads}, {k, shared}, heads * hp.head_dim_k, Role::k_joined);

  return b.add(attend(w, hp, kind, WindowKind::none), {q, k, v}, heads * hp.head_dim_v,
               Role::attention);
}

}  // namespace crossval
