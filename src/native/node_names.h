// Upstream's names and operations of the nodes whose name follows from what they compute.
#pragma once

#include <cstdint>

#include "model/architecture.h"

namespace crossval {

struct NodeName {
  const char* name;
  const char* op;
};

/// Names of a linear map: the product (scaled, when the scale comes first), with its bias, and
/// scaled after that. Null: no name.
struct LinearNames {
  const char* product = nullptr;
  const char* sum = nullptr;
  const char* scaled = nullptr;
};

/// Name of a norm's result and its layer; the plain norm inside is called "norm".
struct NormName {
  NormName(const char* result, int64_t il) : name(result), layer(il), inner_layer(il) {}
  NormName(const char* result, int64_t il, int64_t inner_il)
      : name(result), layer(il), inner_layer(inner_il) {}

  const char* name;
  int64_t layer;
  int64_t inner_layer;
};

inline NodeName activation_node(Activation kind, bool gated) {
  switch (kind) {
    case Activation::silu:
      return gated ? NodeName{"ffn_swiglu", "GLU"} : NodeName{"ffn_silu", "UNARY"};
    case Activation::gelu:
      return gated ? NodeName{"ffn_geglu", "GLU"} : NodeName{"ffn_gelu", "UNARY"};
    case Activation::relu:
      return gated ? NodeName{"ffn_reglu", "GLU"} : NodeName{"ffn_relu", "UNARY"};
    case Activation::relu_squared:
      return gated ? NodeName{"ffn_gate_par", "MUL"} : NodeName{"ffn_sqr(relu)", "SQR"};
    case Activation::clamped_silu:
      return {"ffn_swiglu_oai", "GLU"};
  }
  return {};
}

inline NodeName expert_activation_node(Activation kind, bool gated) {
  switch (kind) {
    case Activation::silu:
      return gated ? NodeName{"ffn_moe_swiglu", "GLU"} : NodeName{"ffn_moe_silu", "UNARY"};
    case Activation::gelu:
      return gated ? NodeName{"ffn_moe_geglu", "GLU"} : NodeName{"ffn_moe_gelu", "UNARY"};
    case Activation::relu:
      return gated ? NodeName{"ffn_moe_reglu", "GLU"} : NodeName{"ffn_moe_relu", "UNARY"};
    case Activation::relu_squared:
      return {"ffn_moe_relu_sqr", "SQR"};
    case Activation::clamped_silu:
      return {"ffn_moe_swiglu_oai", "GLU"};
  }
  return {};
}

/// What the biased router logits are called: where they are also the weights, by that name.
inline const char* biased_logits(Gating gating) {
  return gating == Gating::softmax_of_selected ? "ffn_moe_probs" : "ffn_moe_logits_biased";
}

inline NodeName gating_node(Gating gating) {
  switch (gating) {
    case Gating::softmax:
      return {"ffn_moe_probs", "SOFT_MAX"};
    case Gating::sigmoid:
      return {"ffn_moe_probs", "UNARY"};
    case Gating::softmax_of_selected:
      break;  // the logits themselves
  }
  return {};
}

}  // namespace crossval
