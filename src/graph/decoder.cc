#include "graph/decoder.h"

#include <optional>

#include "graph/attention.h"
#include "graph/builder.h"
#include "graph/minicpm3.h"

namespace crossval {
namespace {

class Decoder {
 public:
  Decoder(const Model& model, int64_t n_ctx)
      : weights_(model.weights),
        arch_(model.architecture),
        hp_(model.hparams),
        b_(arch_.norm, hp_.norm_eps),
        n_ctx_(n_ctx) {}

  Graph build() {
    ValueId x = embed();
    for (int64_t il = 0; il < hp_.n_layer; ++il) x = layer(il, x);
    return head(x);
  }

 private:
  ValueId embed() {
    ValueId x = b_.add(EmbedTokens{weights_.token_embd}, {}, hp_.n_embd, Role::token_embedding);
    if (arch_.embedding_scale == EmbeddingScale::sqrt_width) {
      x = b_.add(Scale{hp_.embedding_scale}, {x}, Role::embedding_scaled);
    } else {
      x = b_.scale(x, hp_.embedding_scale, Role::embedding_scaled);
    }
    if (weights_.position_embd.present()) {
      const ValueId learned =
          b_.add(EmbedPositions{weights_.position_embd}, {}, hp_.n_embd, Role::position_embedding);
      x = b_.add(Add{}, {x, learned}, Role::embedding_sum);
    }
    return b_.norm(weights_.embedding_norm, x, Role::embedding_norm);
  }

  ValueId layer(int64_t il, ValueId x) {
    const Layer& w = weights_.layers[static_cast<size_t>(il)];
    const LayerKind& kind = hp_.layers[static_cast<size_t>(il)];
    if (kind.n_ff == 0 && !kind.experts) return x;  // upstream drops its attention too
    b_.enter_layer(il);
    const bool two_norms = w.attn_norm_2.on;
    const ValueId in = two_norms ? b_.norm(w.attn_norm_2, x, Role::attn_norm_2)
                                 : b_.norm(w.attn_norm, x, Role::attn_norm);
    std::optional<ValueId> a;  // the attention's output
    if (kind.attends()) a = attention(w, kind, in);
    if (!kind.attends() && kind.n_head > 0) a = b_.linear(w.wo, in, Role::attn_stand_in);
    if (a) a = b_.norm(w.attn_post_norm, *a, Role::attn_post_norm);
    if (a) a = b_.scale(*a, hp_.residual_scale, Role::attn_scaled);
    if (a && hp_.block == Block::sequential) x = b_.add(Add{}, {x, *a}, Role::attn_residual);

    ValueId ffn_in = in;
    if (w.ffn_norm.on) ffn_in = b_.norm(w.ffn_norm, x, Role::ffn_norm);
    if (!w.ffn_norm.on && two_norms) ffn_in = b_.norm(w.attn_norm, x, Role::attn_norm);
    if (!w.ffn_norm.on && !two_norms && !w.attn_norm.on) ffn_in = x;  // norms of outputs only
    ValueId f = kind.experts ? experts(w, ffn_in) : dense(w, ffn_in);
    f = b_.norm(w.ffn_post_norm, f, Role::ffn_post_norm);
    f = b_.scale(f, hp_.residual_scale, Role::ffn_scaled);

    if (hp_.block == Block::branches) f = b_.add(Add{}, {f, *a}, Role::step);  // x + (A + F)
    if (hp_.block != Block::feed_first) return b_.add(Add{}, {x, f}, Role::layer_out);
    x = b_.add(Add{}, {x, f}, Role::step);
    return b_.add(Add{}, {x, *a}, Role::layer_out);  // (F + x) + A
  }

  ValueId attention(const Layer& w, const LayerKind& kind, ValueId in) {
    ValueId q = -1, k = -1, v = -1;
    const bool fused = w.qkv.present();
    if (fused) {
      const ValueId qkv = clamp(b_.linear(w.qkv, in, Role::qkv), Role::qkv_clamped);
      const int64_t q_width = hp_.q_width(kind);
      const int64_t k_width = hp_.k_width(kind);
      q = b_.add(Columns{0}, {qkv}, q_width, Role::step);
      k = b_.add(Columns{q_width}, {qkv}, k_width, Role::step);
      v = b_.add(Columns{q_width + k_width}, {qkv}, hp_.v_width(kind), Role::step);
    }
    if (!fused) q = clamp(b_.linear(w.wq, in, Role::q), Role::q_clamped);
    q = turn(w, kind, w.q_norm, q, Role::q_norm, Role::q_rope);
    q = b_.scale(q, hp_.query_scale, Role::q_scaled);
    if (hp_.query_temperature != 0.0F)
      q = b_.add(Temper{hp_.query_temperature, hp_.rope.n_ctx_orig}, {q}, Role::q_tempered);
    const auto values = [&] { v = clamp(b_.linear(w.wv, in, Role::v), Role::v_clamped); };
    if (!fused && !hp_.windowed()) values();  // upstream's order
    if (!fused) k = clamp(b_.linear(w.wk, in, Role::k), Role::k_clamped);
    k = turn(w, kind, w.k_norm, k, Role::k_norm, Role::k_rope);
    if (!fused && hp_.windowed()) values();

    const int64_t width = kind.n_head * hp_.head_dim_v;
    ValueId heads =
        b_.add(attend(w, hp_, kind, arch_.window.kind), {q, k, v}, width, Role::attention);
    if (w.attn_gate.present()) {
      const ValueId gate = b_.linear(w.attn_gate, in, Role::attn_gate);
      const auto gating =
          arch_.attn_gate == AttnGate::sigmoid ? GateKind::sigmoid : GateKind::softplus;
      heads = b_.add(GateBy{gating}, {heads, gate}, Role::attn_gated);
    }
    heads = b_.norm(w.attn_sub_norm, heads, Role::attn_sub_norm);
    return b_.linear(w.wo, heads, Role::attn_out);
  }

  ValueId clamp(ValueId x, Role role) {
    return hp_.clamp_qkv == 0.0F ? x : b_.add(Clamp{hp_.clamp_qkv}, {x}, role);
  }

  /// The norm of queries or keys and RoPE.
  ValueId turn(const Layer& w, const LayerKind& kind, const Norm& weights, ValueId x, Role normed,
               Role rotated) {
    const int64_t group = arch_.qk_norm == QkNorm::whole ? b_.width(x) : hp_.head_dim_k;
    if (!arch_.qk_norm_after_rope) x = b_.norm(weights, x, group, normed);
    if (kind.rope) x = b_.add(rotation(w, hp_, kind, n_ctx_), {x}, rotated);
    if (arch_.qk_norm_after_rope) x = b_.norm(weights, x, group, normed);
    return x;
  }

  ValueId dense(const Layer& w, ValueId in) {
    ValueId gate = -1;
    if (w.gate.present()) gate = b_.linear(w.gate, in, Role::ffn_gate);
    const ValueId up = b_.linear(w.up, in, Role::ffn_up);
    ValueId x = -1;
    if (w.gate.present()) {
      x = b_.add(activate(), {gate, up}, Role::ffn_act);
    } else if (arch_.gate == Gate::fused) {
      const int64_t half = b_.width(up) / 2;
      x = b_.add(Activate{arch_.activation, 0, half}, {up, up}, half, Role::ffn_act);
    } else {
      x = b_.add(activate(), {up}, Role::ffn_act);
    }
    if (w.activation_divisor.present())
      x = b_.add(Divide{w.activation_divisor}, {x}, Role::ffn_divided);
    x = b_.norm(w.ffn_sub_norm, x, Role::ffn_sub_norm);
    return b_.linear(w.down, x, Role::ffn_out);
  }

  ValueId experts(const Layer& w, ValueId in) {
    ValueId p = b_.linear(w.router, in, Role::router);
    if (hp_.gating != Gating::softmax_of_selected)
      p = b_.add(RouteProbabilities{hp_.gating}, {p}, Role::expert_probabilities);
    const int64_t used = hp_.n_expert_used;
    const ValueId chosen =
        b_.add(ChooseExperts{used, w.selection_bias}, {p}, used, Role::expert_choice);
    const ValueId weights =
        b_.add(WeighChosen{hp_.gating == Gating::softmax_of_selected, hp_.normalise_experts,
                           hp_.expert_scale == 0.0F ? 1.0F : hp_.expert_scale},
               {chosen}, Role::expert_weights);
    ValueId gate = -1;
    if (w.expert_gate.present())
      gate = b_.experts(w.expert_gate, in, chosen, used, Role::expert_gate);
    const ValueId up = b_.experts(w.expert_up, in, chosen, used, Role::expert_up);
    ValueId x = w.expert_gate.present() ? b_.add(activate(), {gate, up}, Role::expert_act)
                                        : b_.add(activate(), {up}, Role::expert_act);
    x = b_.experts(w.expert_down, x, chosen, used, Role::expert_down);
    x = b_.add(WeighExperts{}, {x, weights}, Role::expert_weighted);
    x = b_.add(SumExperts{used}, {x}, hp_.n_embd, Role::expert_sum);
    return w.shared_up.present() ? b_.add(Add{}, {shared_expert(w, in), x}, Role::ffn_sum) : x;
  }

  /// The network that every position goes through.
  ValueId shared_expert(const Layer& w, ValueId in) {
    ValueId gate = -1;
    if (w.shared_gate.present()) gate = b_.linear(w.shared_gate, in, Role::shared_gate);
    const ValueId up = b_.linear(w.shared_up, in, Role::shared_up);
    ValueId x = w.shared_gate.present() ? b_.add(activate(), {gate, up}, Role::shared_act)
                                        : b_.add(activate(), {up}, Role::shared_act);
    x = b_.linear(w.shared_down, x, Role::shared_out);
    if (!w.shared_router.present()) return x;
    gate = b_.linear(w.shared_router, in, Role::shared_router);
    return b_.add(GateBy{GateKind::silu_over_x}, {x, gate}, Role::shared_gated);
  }

  Activate activate() const { return {arch_.activation}; }

  Graph head(ValueId x) {
    b_.enter_layer(-1);
    x = b_.norm(weights_.output_norm, x, Role::output_norm);
    b_.enter_head();
    x = b_.linear(weights_.output, x, Role::logits);
    x = b_.scale(x, hp_.logit_scale, Role::logits);
    if (hp_.logit_soft_cap != 0.0F) x = b_.add(SoftCap{hp_.logit_soft_cap}, {x}, Role::logits);
    return b_.take(x);
  }

  const Weights& weights_;
  const Architecture& arch_;
  const Hparams& hp_;
  Builder b_;
  int64_t n_ctx_;
};

}  // namespace

Graph build_decoder(const Model& model, int64_t n_ctx) {
  if (model.architecture.name == "minicpm3") return build_minicpm3(model, n_ctx);
  return Decoder(model, n_ctx).build();
}

}  // namespace crossval
