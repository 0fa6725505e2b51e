#include "inspect/meaning.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "base/count_text.h"
#include "inspect/architecture_words.h"

namespace crossval {
namespace {

std::string words_if(bool condition, std::string text) { return condition ? text : std::string(); }

std::string layers_with(const Hparams& h, const std::function<bool(const LayerKind&)>& holds) {
  return fmt::format("{} of {}", std::ranges::count_if(h.layers, holds),
                     counted(h.n_layer, "layer"));
}

/// "8", or "2…8" where layers differ.
std::string of_layers(const Hparams& h, int64_t LayerKind::* number) {
  const auto [least, most] = std::ranges::minmax_element(h.layers, {}, number);
  return (*least).*number == (*most).*number
             ? fmt::format("{}", (*least).*number)
             : fmt::format("{}…{}", (*least).*number, (*most).*number);
}

std::string sizes(const Hparams& h) {
  const LayerKind& first = h.layers.front();
  const bool plain = std::ranges::all_of(h.layers, [&](const LayerKind& layer) {
    return layer.n_head == first.n_head && layer.n_head_kv == first.n_head;
  });
  const std::string heads =
      plain ? fmt::format("{} of {}", counted(first.n_head, "head"), h.head_dim_k)
            : fmt::format("{} query and {} key/value heads of {}", of_layers(h, &LayerKind::n_head),
                          of_layers(h, &LayerKind::n_head_kv), h.head_dim_k);
  return list_of({counted(h.n_layer, "layer"), fmt::format("width {}", h.n_embd), heads,
                  words_if(h.head_dim_v != h.head_dim_k, fmt::format("values of {}", h.head_dim_v)),
                  "feed-forward " + of_layers(h, &LayerKind::n_ff),
                  fmt::format("vocabulary {}", h.n_vocab),
                  fmt::format("context {}", h.n_ctx_train)});
}

std::string norms(const Model& model) {
  return fmt::format("{} {}, epsilon {:g}", norm_kind(model), norm_places(model),
                     model.hparams.norm_eps);
}

std::string rope(const Model& model) {
  const Hparams& h = model.hparams;
  const Rope& r = h.rope;
  const auto turns = [](const LayerKind& layer) { return layer.rope; };
  if (r.pairs == RopePairs::none || std::ranges::none_of(h.layers, turns)) return "no RoPE";
  const char* scaling = r.scaling == RopeScaling::yarn       ? "YaRN"
                        : r.scaling == RopeScaling::longrope ? "LongRoPE"
                                                             : "scaled";
  const auto factors = [](const Layer& l) {
    return l.rope_factors.present() || l.rope_long.present();
  };
  return list_of(
      {fmt::format("RoPE on {}", r.pairs == RopePairs::adjacent ? "adjacent pairs" : "halves"),
       words_if(r.n_rot != h.head_dim_k, fmt::format("{} of {} values", r.n_rot, h.head_dim_k)),
       fmt::format("base {:g}", r.base),
       words_if(r.scale != 1.0F, fmt::format("{} by {:g}", scaling, 1.0F / r.scale)),
       words_if(in_some_layer(model, factors), "factors in the file"),
       words_if(!r.still.empty(), "in sections"),
       words_if(h.windowed() && h.window_rope.base != r.base,
                fmt::format("base {:g} in windows", h.window_rope.base)),
       words_if(!std::ranges::all_of(h.layers, turns), "in " + layers_with(h, turns))});
}

std::string positions(const Model& model) {
  return list_of({rope(model), words_if(model.weights.position_embd.present(), "learned positions"),
                  words_if(model.hparams.alibi_bias != 0,
                           fmt::format("ALiBi up to {:g}", model.hparams.alibi_bias))});
}

std::string attention(const Model& model) {
  const Architecture& a = model.architecture;
  const Hparams& h = model.hparams;
  const auto windowed = std::ranges::find_if(h.layers, [](auto& l) { return l.window > 0; });
  const bool window = windowed != h.layers.end();
  const bool fused = in_some_layer(model, [](const Layer& l) { return l.qkv.present(); });
  const bool biases = in_some_layer(
      model, [](const Layer& l) { return (l.qkv.present() ? l.qkv : l.wq).bias.present(); });
  return list_of(
      {std::string(fused ? "attention with Q, K and V in one matrix"
                         : "attention with separate Q, K and V"),
       words_if(biases, "their biases"),
       words_if(window,
                fmt::format("{} of {} in {}",
                            a.window.kind == WindowKind::chunked ? "chunks" : "a sliding window",
                            window ? windowed->window : 0,
                            layers_with(h, [](const LayerKind& l) { return l.window > 0; }))),
       words_if(h.score_soft_cap != 0, fmt::format("scores capped at {:g}", h.score_soft_cap)),
       words_if(h.clamp_qkv != 0, fmt::format("Q, K and V clamped at {:g}", h.clamp_qkv)),
       words_if(a.sinks, "sinks"),
       words_if(a.attn_gate != AttnGate::none, "a gate on its output")});
}

std::string experts(const Hparams& h) {
  if (h.n_expert == 0) return {};
  return list_of(
      {fmt::format("{} experts of {}, {} used", h.n_expert, h.n_ff_expert, h.n_expert_used),
       "routed by " + gating_name(h.gating),
       words_if(h.n_ff_shared > 0, fmt::format("shared experts of {}", h.n_ff_shared)),
       "in " + layers_with(h, [](const LayerKind& l) { return l.experts; })});
}

std::string feed_forward(const Model& model) {
  const Hparams& h = model.hparams;
  return list_of({"feed-forward with " + activation_name(model),
                  words_if(h.block != Block::sequential, "beside the attention"), experts(h)});
}

std::string head(const Model& model) {
  const Hparams& h = model.hparams;
  const bool tied = model.weights.output.matrix.data == model.weights.token_embd.data;
  return list_of(
      {std::string(tied ? "the embeddings as output matrix" : "an output matrix of its own"),
       words_if(h.embedding_scale != 1, fmt::format("embeddings by {:g}", h.embedding_scale)),
       words_if(h.residual_scale != 1, fmt::format("residuals by {:g}", h.residual_scale)),
       words_if(h.logit_scale != 1, fmt::format("logits by {:g}", h.logit_scale)),
       words_if(h.logit_soft_cap != 0, fmt::format("logits capped at {:g}", h.logit_soft_cap))});
}

}  // namespace

std::vector<std::string> meaning_of(const Model& model) {
  return {sizes(model.hparams), norms(model),        positions(model),
          attention(model),     feed_forward(model), head(model)};
}

}  // namespace crossval
