#include "inspect/architecture_words.h"

#include <algorithm>

namespace crossval {
namespace {

std::string activation_word(Activation activation) {
  switch (activation) {
    case Activation::silu:
      return "SiLU";
    case Activation::gelu:
      return "GELU";
    case Activation::gelu_erf:
      return "GELU by erf";
    case Activation::gelu_quick:
      return "quick GELU";
    case Activation::relu:
      return "ReLU";
    case Activation::relu_squared:
      return "squared ReLU";
    case Activation::clamped_silu:
      return "clamped SiLU";
  }
  return {};
}

}  // namespace

bool in_some_layer(const Model& model, const std::function<bool(const Layer&)>& holds) {
  return std::ranges::any_of(model.weights.layers, holds);
}

std::string list_of(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts)
    if (!part.empty()) text += (text.empty() ? "" : ", ") + part;
  return text;
}

std::string norm_kind(const Model& model) {
  const Architecture& a = model.architecture;
  return std::string(a.norm == NormKind::rms ? "RMS norm" : "layer norm") +
         (a.norm_weights == Presence::absent ? " without weights" : "");
}

std::string norm_places(const Model& model) {
  const Architecture& a = model.architecture;
  const bool ffn = in_some_layer(model, [](const Layer& l) { return l.ffn_norm.on; });
  std::vector<std::string> places;
  if (a.attn_norm != nullptr && ffn) places.emplace_back("before attention and feed-forward");
  if (a.attn_norm != nullptr && !ffn) places.emplace_back("before attention");
  if (a.attn_post_norm != nullptr) places.emplace_back("after both");
  if (a.attn_sub_norm) places.emplace_back("inside both");
  if (model.weights.embedding_norm.on) places.emplace_back("on the embeddings");
  if (in_some_layer(model, [](const Layer& l) { return l.q_norm.on; })) {
    places.emplace_back(a.qk_norm == QkNorm::whole ? "on queries and keys, all heads as one"
                                                   : "on each head's queries and keys");
  }
  return list_of(places);
}

std::string activation_name(const Model& model) {
  const bool gated =
      model.architecture.gate == Gate::fused || in_some_layer(model, [](const Layer& l) {
        return l.gate.present() || l.expert_gate.present();
      });
  return (gated ? "gated " : "") + activation_word(model.architecture.activation);
}

std::string gating_name(Gating gating) {
  return gating == Gating::sigmoid   ? "sigmoid"
         : gating == Gating::softmax ? "softmax"
                                     : "softmax of the selected";
}

}  // namespace crossval
