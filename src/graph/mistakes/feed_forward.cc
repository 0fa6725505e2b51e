#include "graph/mistakes/families.h"
#include "graph/mistakes/scope.h"

namespace crossval {
namespace {

/// From one activation to another, where it is that one.
bool take_for(Graph& graph, const Scope& scope, Activation right, Activation wrong) {
  return change_each<Activate>(graph, scope, [&](Activate& activate) {
    return activate.kind == right && set(activate.kind, wrong);
  });
}

bool activation(Graph& graph, const Scope& scope) {
  return change_each<Activate>(graph, scope, [](Activate& activate) {
    activate.kind = activate.kind == Activation::silu ? Activation::gelu : Activation::silu;
    return true;
  });
}
bool silu_for_relu2(Graph& graph, const Scope& scope) {
  return take_for(graph, scope, Activation::relu_squared, Activation::silu);
}
bool relu_for_relu2(Graph& graph, const Scope& scope) {
  return take_for(graph, scope, Activation::relu_squared, Activation::relu);
}
bool gelu_erf(Graph& graph, const Scope& scope) {
  return take_for(graph, scope, Activation::gelu, Activation::gelu_erf);
}
bool gelu_quick(Graph& graph, const Scope& scope) {
  return take_for(graph, scope, Activation::gelu, Activation::gelu_quick);
}

bool gate_order(Graph& graph, const Scope& scope) {
  bool swapped = false;
  for (Op& op : graph.ops) {
    auto* activate = std::get_if<Activate>(&op.action);
    if (activate == nullptr || op.inputs.size() < 2 || !concerns(scope, op)) continue;
    std::swap(op.inputs[0], op.inputs[1]);
    std::swap(activate->gate_column, activate->up_column);
    swapped = true;
  }
  return swapped;
}

bool activation_divisor(Graph& graph, const Scope& scope) {
  return leave_out(graph, scope, {Role::ffn_divided});
}

constexpr Mistake kMistakes[] = {
    {"activation", "SiLU where the architecture has another activation, else GELU",
     "a feed-forward network", activation},
    {"silu-for-relu2", "SiLU where the architecture has squared ReLU", "squared ReLU",
     silu_for_relu2},
    {"relu-for-relu2", "ReLU that is not squared", "squared ReLU", relu_for_relu2},
    {"gelu-erf", "GELU by erf where the architecture has its tanh form", "GELU", gelu_erf},
    {"gelu-quick", "x·sigmoid(1.702 x) where the architecture has GELU", "GELU", gelu_quick},
    {"gate-order", "the activation on the up matrix's part, not on the gate's",
     "a gated feed-forward network", gate_order},
    {"activation-divisor", "activations not divided by their scales", "divided activations",
     activation_divisor},
};

}  // namespace

std::span<const Mistake> feed_forward_mistakes() { return kMistakes; }

}  // namespace crossval
