#include "native/feature_faults.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>
#include <vector>

#include "graph/edit.h"

namespace crossval {
namespace {

tl::unexpected<Error> needs(std::string_view fault, std::string_view what) {
  return fail(ExitCode::usage, fmt::format("fault {} needs a model with {}", fault, what));
}

/// Makes a number the one that changes nothing; false when it is already.
bool neutralise(float& number, float neutral) { return std::exchange(number, neutral) != neutral; }

Result<void> layer_heads(FaultTarget& t) {
  const auto group = [](const LayerKind& layer) { return layer.n_head / layer.n_head_kv; };
  const std::vector<LayerKind>& layers = t.model.hparams.layers;
  const bool other = std::ranges::any_of(layers, [&](const LayerKind& layer) {
    return layer.n_head_kv > 1 && group(layer) != group(layers.front());
  });
  if (!other) return needs("layer-heads", "layers whose heads are grouped in another way");
  t.edits.emplace_back([group = group(layers.front())](Graph& graph) {
    for_each<Attend>(graph, [&](Attend& attend) {
      for (size_t head = 0; head < attend.kv_head.size(); ++head)
        attend.kv_head[head] = static_cast<int64_t>(head) / group % attend.n_head_kv;
    });
  });
  return {};
}
Result<void> stand_in(FaultTarget& t) {
  const bool found = std::ranges::any_of(t.model.hparams.layers, [](const LayerKind& layer) {
    return !layer.attends() && layer.n_head > 0 && layer.n_ff > 0;
  });
  if (!found) return needs("stand-in", "a matrix in the place of attention");
  t.edits.emplace_back([](Graph& graph) {
    for (size_t i = graph.ops.size(); i-- > 0;)
      if (graph.ops[i].role == Role::attn_stand_in) bypass(graph, i);
  });
  return {};
}
Result<void> embedding_scale(FaultTarget& t) {
  if (!neutralise(t.model.hparams.embedding_scale, 1.0F))
    return needs("embedding-scale", "scaled embeddings");
  return {};
}

Result<void> qk_norm(FaultTarget& t) {
  if (!t.model.weights.layers.front().q_norm.on) return needs("qk-norm", "query and key norms");
  for (Layer& layer : t.model.weights.layers) layer.q_norm.on = layer.k_norm.on = false;
  return {};
}
Result<void> sub_norm(FaultTarget& t) {
  if (!t.model.weights.layers.front().attn_sub_norm.on)
    return needs("sub-norm", "norms inside attention and feed-forward network");
  for (Layer& layer : t.model.weights.layers)
    layer.attn_sub_norm.on = layer.ffn_sub_norm.on = false;
  return {};
}
Result<void> window(FaultTarget& t) {
  if (!t.model.hparams.windowed()) return needs("window", "sliding windows");
  t.edits.emplace_back(
      [](Graph& graph) { for_each<Attend>(graph, [](Attend& attend) { attend.window = 0; }); });
  return {};
}
Result<void> soft_cap(FaultTarget& t) {
  if (!neutralise(t.model.hparams.score_soft_cap, 0.0F))
    return needs("soft-cap", "scores with a soft cap");
  return {};
}
Result<void> logit_cap(FaultTarget& t) {
  if (t.model.hparams.logit_soft_cap == 0.0F) return needs("logit-cap", "logits with a soft cap");
  t.model.hparams.logit_soft_cap *= 2.0F;
  return {};
}
Result<void> sink(FaultTarget& t) {
  if (!t.model.weights.layers.front().sinks.present()) return needs("sink", "attention sinks");
  t.edits.emplace_back(
      [](Graph& graph) { for_each<Attend>(graph, [](Attend& attend) { attend.sinks = {}; }); });
  return {};
}
Result<void> alibi(FaultTarget& t) {
  if (t.model.hparams.alibi_bias == 0.0F) return needs("alibi", "ALiBi");
  t.model.hparams.alibi_bias *= 2.0F;
  return {};
}
Result<void> wrong_expert(FaultTarget& t) {
  if (t.model.hparams.n_expert < 2) return needs("wrong-expert", "experts");
  t.edits.emplace_back([](Graph& graph) {
    for_each<ChooseExperts>(graph, [](ChooseExperts& choose) { choose.offset = 1; });
  });
  return {};
}
Result<void> expert_weights(FaultTarget& t) {
  if (t.model.hparams.n_expert_used < 2) return needs("expert-weights", "several experts at once");
  t.model.hparams.normalise_experts = !t.model.hparams.normalise_experts;
  return {};
}

Result<void> silu_for_relu2(FaultTarget& t) {
  if (t.model.architecture.activation != Activation::relu_squared)
    return needs("silu-for-relu2", "squared ReLU");
  t.edits.emplace_back([](Graph& graph) {
    for_each<Activate>(graph, [](Activate& activate) { activate.kind = Activation::silu; });
  });
  return {};
}

/// The value that BitNet-rs reads from two bits of what it calls QK256.
float qk256_value(unsigned code) {
  constexpr float kValues[] = {-2.0F, -1.0F, 1.0F, 2.0F};
  return kValues[code];
}

/// I2_S read as BitNet-rs does: codes in the order of their values, lowest bits first, no scale.
/// Its product is that of plain floats, so the weights become F32.
void reread_as_qk256(Model& model, Matrix& matrix) {
  if (!matrix.present() || matrix.format->type != WeightType::i2_s) return;
  std::vector<float> values(static_cast<size_t>(matrix.rows * matrix.cols));
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = qk256_value(std::to_integer<unsigned>(matrix.data[i / 4]) >> (2 * (i % 4)) & 3U);
  }
  const auto bytes = std::as_bytes(std::span(values));
  model.overlay.push_back(std::make_unique<std::vector<std::byte>>(bytes.begin(), bytes.end()));
  matrix = {&weight_format(WeightType::f32),
            model.overlay.back()->data(),
            matrix.rows,
            matrix.cols,
            1.0F,
            matrix.name};
}
Result<void> i2s_as_qk256(FaultTarget& t) {
  if (!t.model.i2s) return needs("i2s-as-qk256", "I2_S weights");
  for (Layer& layer : t.model.weights.layers) {
    for (Linear* linear : {&layer.qkv, &layer.wq, &layer.wk, &layer.wv, &layer.wo, &layer.gate,
                           &layer.up, &layer.down})
      reread_as_qk256(t.model, linear->matrix);
  }
  return {};
}

/// Leaves a part out of every layer; false when no layer has it.
bool leave_out(Model& model, Norm Layer::* part) {
  bool found = false;
  for (Layer& layer : model.weights.layers) {
    found |= (layer.*part).on;
    (layer.*part).on = false;
  }
  return found;
}
bool leave_out(Model& model, Vector Layer::* part) {
  bool found = false;
  for (Layer& layer : model.weights.layers) {
    found |= (layer.*part).present();
    layer.*part = {};
  }
  return found;
}
bool leave_out(Model& model, Linear Layer::* part) {
  bool found = false;
  for (Layer& layer : model.weights.layers) {
    found |= (layer.*part).present();
    layer.*part = {};
  }
  return found;
}
bool leave_out_bias(Model& model, Linear Layer::* part) {
  bool found = false;
  for (Layer& layer : model.weights.layers) {
    found |= (layer.*part).bias.present();
    (layer.*part).bias = {};
  }
  return found;
}
bool leave_out_bias(Model& model, Norm Layer::* part) {
  bool found = false;
  for (Layer& layer : model.weights.layers) {
    found |= (layer.*part).bias.present();
    (layer.*part).bias = {};
  }
  return found;
}

Result<void> qkv_bias(FaultTarget& t) {
  bool found = false;
  for (Linear Layer::* part : {&Layer::qkv, &Layer::wq, &Layer::wk, &Layer::wv})
    found |= leave_out_bias(t.model, part);
  if (!found) return needs("qkv-bias", "biases of queries, keys and values");
  return {};
}
Result<void> ffn_bias(FaultTarget& t) {
  bool found = false;
  for (Linear Layer::* part : {&Layer::gate, &Layer::up, &Layer::down})
    found |= leave_out_bias(t.model, part);
  if (!found) return needs("ffn-bias", "biases of the feed-forward network");
  return {};
}
Result<void> norm_bias(FaultTarget& t) {
  bool found = false;
  for (Norm Layer::* part : {&Layer::attn_norm, &Layer::attn_norm_2, &Layer::ffn_norm})
    found |= leave_out_bias(t.model, part);
  if (!found) return needs("norm-bias", "biases of norms");
  return {};
}
Result<void> norm_kind(FaultTarget& t) {
  NormKind& kind = t.model.architecture.norm;
  kind = kind == NormKind::rms ? NormKind::layer : NormKind::rms;
  return {};
}
Result<void> post_norm(FaultTarget& t) {
  const bool attention = leave_out(t.model, &Layer::attn_post_norm);
  const bool ffn = leave_out(t.model, &Layer::ffn_post_norm);
  if (!attention && !ffn) return needs("post-norm", "norms of the blocks' outputs");
  return {};
}
Result<void> embedding_norm(FaultTarget& t) {
  if (!t.model.weights.embedding_norm.on)
    return needs("embedding-norm", "a norm of the embeddings");
  t.model.weights.embedding_norm.on = false;
  return {};
}
Result<void> qk_norm_order(FaultTarget& t) {
  if (!t.model.weights.layers.front().q_norm.on || !t.model.hparams.layers.front().rope)
    return needs("qk-norm-order", "query and key norms and RoPE in the first layer");
  t.model.architecture.qk_norm_after_rope = !t.model.architecture.qk_norm_after_rope;
  return {};
}

Result<void> residual_scale(FaultTarget& t) {
  if (!neutralise(t.model.hparams.residual_scale, 1.0F))
    return needs("residual-scale", "scaled residuals");
  return {};
}
Result<void> logit_scale(FaultTarget& t) {
  if (t.model.hparams.logit_scale == 1.0F) return needs("logit-scale", "scaled logits");
  t.model.hparams.logit_scale *= 2.0F;
  return {};
}
Result<void> score_scale(FaultTarget& t) {
  Hparams& h = t.model.hparams;
  float& scale = h.query_scale != 1.0F ? h.query_scale : h.score_scale;
  if (!neutralise(scale, 1.0F / std::sqrt(static_cast<float>(h.head_dim_k))))
    return needs("score-scale", "another scale of scores than 1/sqrt(head width)");
  return {};
}
Result<void> query_temperature(FaultTarget& t) {
  if (!neutralise(t.model.hparams.query_temperature, 0.0F))
    return needs("query-temperature", "queries scaled by their position");
  return {};
}
Result<void> clamp(FaultTarget& t) {
  if (!neutralise(t.model.hparams.clamp_qkv, 0.0F))
    return needs("clamp", "clamped queries, keys and values");
  return {};
}
Result<void> block_order(FaultTarget& t) {
  if (t.model.hparams.block == Block::sequential)
    return needs("block-order", "a feed-forward network beside the attention");
  t.model.hparams.block = Block::sequential;
  return {};
}
Result<void> rope_layers(FaultTarget& t) {
  bool some = false;
  bool all = true;
  for (LayerKind& layer : t.model.hparams.layers) {
    some |= layer.rope;
    all &= layer.rope;
    layer.rope = true;
  }
  if (!some || all) return needs("rope-layers", "layers without RoPE beside others with it");
  return {};
}
Result<void> rope_sections(FaultTarget& t) {
  Hparams& h = t.model.hparams;
  if (h.rope.still.empty()) return needs("rope-sections", "RoPE in sections");
  h.rope.still.clear();
  h.window_rope.still.clear();
  return {};
}
Result<void> rope_factors(FaultTarget& t) {
  bool found = false;
  for (Vector Layer::* part : {&Layer::rope_factors, &Layer::rope_long, &Layer::rope_short})
    found |= leave_out(t.model, part);
  if (!found) return needs("rope-factors", "RoPE factors");
  return {};
}
Result<void> window_rope(FaultTarget& t) {
  Hparams& h = t.model.hparams;
  const bool same = h.window_rope.base == h.rope.base && h.window_rope.scale == h.rope.scale &&
                    h.window_rope.ext_factor == h.rope.ext_factor;
  if (!h.windowed() || same) return needs("window-rope", "another RoPE in layers with a window");
  h.window_rope = h.rope;
  return {};
}
Result<void> learned_positions(FaultTarget& t) {
  if (!t.model.weights.position_embd.present())
    return needs("learned-positions", "learned positions");
  t.edits.emplace_back([](Graph& graph) {
    for_each<EmbedPositions>(graph, [](EmbedPositions& embed) { embed.offset = 1; });
  });
  return {};
}
Result<void> attn_gate(FaultTarget& t) {
  if (!leave_out(t.model, &Layer::attn_gate))
    return needs("attn-gate", "a gate on the attention's output");
  return {};
}
Result<void> shared_expert(FaultTarget& t) {
  if (!leave_out(t.model, &Layer::shared_up)) return needs("shared-expert", "shared experts");
  return {};
}
Result<void> selection_bias(FaultTarget& t) {
  if (!leave_out(t.model, &Layer::selection_bias))
    return needs("selection-bias", "a bias that selects experts");
  return {};
}
Result<void> gating(FaultTarget& t) {
  Hparams& h = t.model.hparams;
  if (h.n_expert < 2) return needs("gating", "experts");
  h.gating = h.gating == Gating::softmax ? Gating::sigmoid : Gating::softmax;
  return {};
}
Result<void> activation(FaultTarget& t) {
  Activation& activation = t.model.architecture.activation;
  activation = activation == Activation::silu ? Activation::gelu : Activation::silu;
  return {};
}
Result<void> gate_order(FaultTarget& t) {
  bool found = false;
  for (Layer& layer : t.model.weights.layers) {
    if (layer.gate.present()) std::swap(layer.gate, layer.up);
    if (layer.expert_gate.present()) std::swap(layer.expert_gate, layer.expert_up);
    found |= layer.gate.present() || layer.expert_gate.present();
    if (t.model.architecture.gate == Gate::fused && layer.up.present()) {
      Matrix& both = layer.up.matrix;
      std::byte* bytes = own_copy(t.model, both);
      const auto half = both.rows / 2 * both.row_bytes();
      std::swap_ranges(bytes, bytes + half, bytes + half);
      found = true;
    }
  }
  if (!found) return needs("gate-order", "a gated feed-forward network");
  return {};
}
Result<void> tied_head(FaultTarget& t) {
  Weights& w = t.model.weights;
  if (w.output.matrix.data == w.token_embd.data)
    return needs("tied-head", "an output matrix of its own");
  w.output.matrix = w.token_embd;
  return {};
}

constexpr Fault kFaults[] = {
    {"layer-heads", "every layer groups its query heads as the first does", layer_heads},
    {"stand-in", "layers without the matrix in the place of their attention", stand_in},
    {"qk-norm", "queries and keys without their norms", qk_norm},
    {"sub-norm", "no norms inside attention and feed-forward network", sub_norm},
    {"window", "layers with a sliding window see everything before them", window},
    {"soft-cap", "scores without their soft cap", soft_cap},
    {"logit-cap", "the logits' soft cap twice as high", logit_cap},
    {"sink", "the attention's sinks ignored", sink},
    {"alibi", "ALiBi twice as steep", alibi},
    {"wrong-expert", "each position goes through the experts after the right ones", wrong_expert},
    {"expert-weights", "weights of experts normalised where they are not, and the reverse",
     expert_weights},
    {"silu-for-relu2", "SiLU where the architecture has squared ReLU", silu_for_relu2},
    {"i2s-as-qk256", "I2_S weights read as BitNet-rs does: codes -2, -1, 1, 2, no scale",
     i2s_as_qk256},
    {"qkv-bias", "queries, keys and values without their biases", qkv_bias},
    {"ffn-bias", "the feed-forward network without its biases", ffn_bias},
    {"norm-bias", "norms without their biases", norm_bias},
    {"norm-kind", "RMS norm where the architecture has layer norm, and the reverse", norm_kind},
    {"post-norm", "no norms of the blocks' outputs", post_norm},
    {"embedding-norm", "embeddings without their norm", embedding_norm},
    {"qk-norm-order", "query and key norms on the other side of RoPE", qk_norm_order},
    {"embedding-scale", "embeddings without their scale", embedding_scale},
    {"residual-scale", "residuals without their scale", residual_scale},
    {"logit-scale", "logits twice as large", logit_scale},
    {"score-scale", "scores scaled by 1/sqrt(head width) where the model has its own", score_scale},
    {"query-temperature", "queries not scaled by their position", query_temperature},
    {"clamp", "queries, keys and values not clamped", clamp},
    {"block-order", "feed-forward network after the attention where it stands beside it",
     block_order},
    {"rope-layers", "RoPE in layers that have none", rope_layers},
    {"rope-sections", "RoPE turns the pairs that stand still on text", rope_sections},
    {"rope-factors", "RoPE without its factors", rope_factors},
    {"window-rope", "layers with a window use the other layers' RoPE", window_rope},
    {"learned-positions", "learned positions off by one", learned_positions},
    {"attn-gate", "the attention's output without its gate", attn_gate},
    {"shared-expert", "the shared experts left out", shared_expert},
    {"selection-bias", "experts selected without the bias", selection_bias},
    {"gating", "softmax of the router where it has sigmoid, and the reverse", gating},
    {"activation", "SiLU where the architecture has another activation, else GELU", activation},
    {"gate-order", "gate and up matrix exchanged", gate_order},
    {"tied-head", "logits from the embeddings where the model has a matrix of its own", tied_head},
};

}  // namespace

std::span<const Fault> feature_faults() { return kFaults; }

}  // namespace crossval
