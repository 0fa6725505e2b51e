#include "inspect/model_facts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <utility>

#include "inspect/architecture_words.h"

namespace crossval {
namespace {

constexpr const char* kNone = "none";

std::string number(int64_t value) { return fmt::format("{}", value); }
std::string number(float value) { return fmt::format("{}", value); }
std::string yes(bool value) { return value ? "yes" : "no"; }
/// Of a cap or a clamp: 0 leaves it out.
std::string unless_zero(float value) { return value == 0.0F ? kNone : number(value); }

/// "0 to 2, 5".
std::string ranges(const std::vector<int64_t>& sorted) {
  std::string text;
  for (size_t i = 0; i < sorted.size();) {
    size_t last = i;
    while (last + 1 < sorted.size() && sorted[last + 1] == sorted[last] + 1) ++last;
    text += text.empty() ? "" : ", ";
    text += last == i ? number(sorted[i]) : fmt::format("{} to {}", sorted[i], sorted[last]);
    i = last + 1;
  }
  return text;
}

/// One value a layer: the most frequent one, then each other with its layers.
std::string by_layer(int64_t layers, const std::function<std::string(size_t)>& value_of) {
  std::map<std::string, std::vector<int64_t>> by_value;
  for (int64_t il = 0; il < layers; ++il) by_value[value_of(static_cast<size_t>(il))].push_back(il);
  const auto usual =
      std::ranges::max_element(by_value, {}, [](const auto& entry) { return entry.second.size(); });
  if (usual == by_value.end()) return kNone;
  std::string text = usual->first;
  for (const auto& [value, where] : by_value) {
    if (value == usual->first) continue;
    text +=
        fmt::format("; {} in {} {}", value, where.size() == 1 ? "layer" : "layers", ranges(where));
  }
  return text;
}

/// Which of a layer's matrices have a bias.
std::string biases(const Model& model) {
  const std::pair<const char*, std::function<bool(const Layer&)>> kinds[] = {
      {"Q, K and V",
       [](const Layer& l) { return (l.qkv.present() ? l.qkv : l.wq).bias.present(); }},
      {"attention's output", [](const Layer& l) { return l.wo.bias.present(); }},
      {"feed-forward", [](const Layer& l) { return l.up.bias.present(); }},
      {"experts", [](const Layer& l) { return l.expert_up.bias.present(); }},
      {"experts' selection", [](const Layer& l) { return l.selection_bias.present(); }},
      {"norms", [](const Layer& l) { return l.attn_norm.bias.present(); }}};
  std::vector<std::string> found;
  for (const auto& [name, holds] : kinds)
    if (in_some_layer(model, holds)) found.emplace_back(name);
  if (model.weights.output.bias.present()) found.emplace_back("output");
  return found.empty() ? kNone : list_of(found);
}

std::string rope_factors(const Model& model) {
  if (model.weights.layers.empty()) return kNone;
  const Layer& layer = model.weights.layers.front();
  if (layer.rope_long.present() || layer.rope_short.present()) return "long and short ones";
  if (!layer.rope_factors.present()) return kNone;
  const std::span<const float> factors(layer.rope_factors.data,
                                       static_cast<size_t>(layer.rope_factors.size));
  const auto [low, high] = std::ranges::minmax(factors);
  return fmt::format("{} from {} to {}", factors.size(), low, high);
}

const char* block_name(Block block) {
  switch (block) {
    case Block::sequential:
      return "attention, then feed-forward";
    case Block::branches:
      return "attention beside feed-forward";
    case Block::feed_first:
      return "feed-forward and residual, then attention";
  }
  return kNone;
}

class Facts {
 public:
  void add(const char* name, std::string value, const char* effect) {
    facts_.push_back({name, std::move(value), effect});
  }
  void add_sizes(const Model& model);
  void add_norms(const Model& model);
  void add_rope(const Model& model);
  void add_scaled_rope(const Rope& rope);
  void add_attention(const Model& model);
  void add_feed_forward(const Model& model);
  void add_experts(const Model& model);
  void add_head(const Model& model);
  std::vector<ModelFact> take() { return std::move(facts_); }

 private:
  std::vector<ModelFact> facts_;
};

void Facts::add_sizes(const Model& model) {
  const Hparams& h = model.hparams;
  const char* shape = "the networks have other shapes";
  const auto size = [&](int64_t LayerKind::* of) {
    return by_layer(h.n_layer, [&](size_t il) { return number(h.layers[il].*of); });
  };
  add("architecture", h.architecture, "another architecture computes something else");
  add("layers", number(h.n_layer), shape);
  add("width", number(h.n_embd), shape);
  add("heads", size(&LayerKind::n_head), "the same weights are cut into other heads");
  add("key-value-heads", size(&LayerKind::n_head_kv), "query heads share other keys and values");
  add("head-width", number(h.head_dim_k), "the same weights are cut into other heads");
  add("value-width", number(h.head_dim_v), "the same weights are cut into other heads");
  add("feed-forward", size(&LayerKind::n_ff), shape);
}

void Facts::add_norms(const Model& model) {
  add("norm", norm_kind(model), "norms are another function");
  add("norm-places", norm_places(model), "norms stand at other places");
  add("norm-eps", number(model.hparams.norm_eps), "norms divide by something else");
}

void Facts::add_scaled_rope(const Rope& rope) {
  if (rope.scaling == RopeScaling::longrope) {
    add("trained-before-scaling", number(rope.n_ctx_orig),
        "long contexts begin elsewhere, which have other factors");
  }
  if (rope.ext_factor == 0.0F) return;
  const char* mixed = "YaRN scales other pairs";
  add("yarn-context", number(rope.n_ctx_orig), mixed);
  add("yarn-beta-fast", number(rope.beta_fast), mixed);
  add("yarn-beta-slow", number(rope.beta_slow), mixed);
}

void Facts::add_rope(const Model& model) {
  const Hparams& h = model.hparams;
  const Rope& rope = h.rope;
  const char* angles = "positions are rotated by other angles";
  const bool rotates = rope.pairs != RopePairs::none &&
                       std::ranges::any_of(h.layers, [](const LayerKind& l) { return l.rope; });
  if (rotates) {
    add("rope-pairs", rope.pairs == RopePairs::adjacent ? "adjacent" : "halves",
        "other values of a head are rotated together");
    add("rope-width", number(rope.n_rot), "more or fewer values of a head are rotated");
    add("rope-base", number(rope.base), angles);
    add("rope-scale", number(rope.scale), angles);
    const bool linear = rope.scaling == RopeScaling::linear && rope.scale != 1.0F;
    add("rope-scaling",
        rope.scaling == RopeScaling::yarn       ? "YaRN"
        : rope.scaling == RopeScaling::longrope ? "LongRoPE"
        : linear                                ? "linear"
                                                : kNone,
        angles);
    add_scaled_rope(rope);
    const float stretched =
        rope.ext_factor != 0.0F ? 1.0F + 0.1F * std::log(1.0F / rope.scale) : 1.0F;
    add("rope-magnitude", number(rope.attn_factor * stretched),
        "rotated queries and keys, and so the scores, are larger or smaller");
    add("rope-factors", rope_factors(model), angles);
    std::vector<int64_t> still;
    for (size_t pair = 0; pair < rope.still.size(); ++pair)
      if (rope.still[pair]) still.push_back(static_cast<int64_t>(pair));
    add("rope-still-pairs", still.empty() ? kNone : ranges(still), "other pairs are rotated");
    add("rope-layers", by_layer(h.n_layer, [&](size_t il) { return yes(h.layers[il].rope); }),
        "other layers have RoPE");
  }
  if (rotates && h.windowed()) {
    add("window-rope-base", number(h.window_rope.base), angles);
    add("window-rope-scale", number(h.window_rope.scale), angles);
  }
  add("learned-positions", yes(model.weights.position_embd.present()),
      "positions are told in another way");
  add("alibi", unless_zero(h.alibi_bias), "scores fall with distance differently");
}

void Facts::add_attention(const Model& model) {
  const Hparams& h = model.hparams;
  const Architecture& a = model.architecture;
  add("window",
      by_layer(h.n_layer,
               [&](size_t il) {
                 const int64_t window = h.layers[il].window;
                 return window == 0 ? std::string(kNone) : number(window);
               }),
      "queries see more or fewer keys");
  if (h.windowed()) {
    add("window-kind", a.window.kind == WindowKind::chunked ? "chunks" : "sliding",
        "queries see other keys");
  }
  add("score-scale", number(h.query_scale * h.score_scale), "scores are larger or smaller");
  add("score-cap", unless_zero(h.score_soft_cap), "scores are capped elsewhere");
  add("query-temperature", unless_zero(h.query_temperature), "far queries are scaled elsewhere");
  add("qkv-clamp", unless_zero(h.clamp_qkv), "queries, keys and values are clamped elsewhere");
  add("sinks", yes(a.sinks), "the softmax has a term more");
  add("attention-gate",
      a.attn_gate == AttnGate::none      ? kNone
      : a.attn_gate == AttnGate::sigmoid ? "sigmoid"
                                         : "softplus",
      "the attention's output is gated differently");
  add("biases", biases(model), "products have a term more");
}

void Facts::add_feed_forward(const Model& model) {
  add("feed-forward-function", activation_name(model),
      "the feed-forward networks are different functions");
  add("block", block_name(model.hparams.block), "attention and feed-forward see other inputs");
}

void Facts::add_experts(const Model& model) {
  const Hparams& h = model.hparams;
  add("experts", number(h.n_expert), "the networks have other shapes");
  if (h.n_expert == 0) return;
  const char* weighed = "experts are weighed differently";
  add("experts-used", number(h.n_expert_used), "more or fewer experts take part");
  add("expert-width", number(h.n_ff_expert), "the networks have other shapes");
  add("shared-expert-width", number(h.n_ff_shared), "the networks have other shapes");
  add("gating", gating_name(h.gating), weighed);
  add("expert-weights-sum-to-one", yes(h.normalise_experts), weighed);
  add("expert-scale", number(h.expert_scale == 0.0F ? 1.0F : h.expert_scale), weighed);
  add("expert-layers", by_layer(h.n_layer, [&](size_t il) { return yes(h.layers[il].experts); }),
      "other layers have experts");
}

void Facts::add_head(const Model& model) {
  const Hparams& h = model.hparams;
  const bool tied = model.weights.output.matrix.data == model.weights.token_embd.data;
  add("output-matrix", tied ? "the embeddings" : "its own", "logits come from another matrix");
  add("embedding-scale", number(h.embedding_scale), "embeddings are larger or smaller");
  add("residual-scale", number(h.residual_scale), "layers add more or less");
  add("logit-scale", number(h.logit_scale), "logits are larger or smaller");
  add("logit-cap", unless_zero(h.logit_soft_cap), "logits are capped elsewhere");
}

const ModelFact* find(const std::vector<ModelFact>& facts, const std::string& name) {
  const auto at = std::ranges::find(facts, name, &ModelFact::name);
  return at == facts.end() ? nullptr : &*at;
}

}  // namespace

std::vector<ModelFact> facts_of(const Model& model) {
  Facts facts;
  facts.add_sizes(model);
  facts.add_norms(model);
  facts.add_rope(model);
  facts.add_attention(model);
  facts.add_feed_forward(model);
  facts.add_experts(model);
  facts.add_head(model);
  return facts.take();
}

std::vector<ModelFactPair> paired(const std::vector<ModelFact>& a,
                                  const std::vector<ModelFact>& b) {
  std::vector<ModelFactPair> pairs;
  for (const ModelFact& fact : a) {
    const ModelFact* other = find(b, fact.name);
    pairs.push_back({fact.name, fact.value, other != nullptr ? other->value : kNone, fact.effect});
  }
  for (const ModelFact& fact : b)
    if (find(a, fact.name) == nullptr) pairs.push_back({fact.name, kNone, fact.value, fact.effect});
  return pairs;
}

}  // namespace crossval
