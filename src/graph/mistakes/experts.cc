#include "graph/mistakes/families.h"
#include "graph/mistakes/scope.h"

namespace crossval {
namespace {

bool wrong_expert(Graph& graph, const Scope& scope) {
  return change_each<ChooseExperts>(
      graph, scope, [](ChooseExperts& choose) { return set<int64_t>(choose.offset, 1); });
}
bool expert_weights(Graph& graph, const Scope& scope) {
  bool changed = false;
  for (Op& op : graph.ops) {
    auto* weigh = std::get_if<WeighChosen>(&op.action);
    // The weight of one expert alone, normalised, is one.
    if (weigh == nullptr || !concerns(scope, op) || graph.width(op.output) < 2) continue;
    weigh->normalise = !weigh->normalise;
    changed = true;
  }
  return changed;
}
bool expert_left_out(Graph& graph, const Scope& scope) {
  return change_each<SumExperts>(
      graph, scope, [](SumExperts& sum) { return sum.used > 1 && set<int64_t>(sum.left_out, 1); });
}
bool expert_scale(Graph& graph, const Scope& scope) {
  return change_each<WeighChosen>(graph, scope,
                                  [](WeighChosen& weigh) { return set(weigh.scale, 1.0F); });
}
bool selection_bias(Graph& graph, const Scope& scope) {
  return change_each<ChooseExperts>(graph, scope, [](ChooseExperts& choose) {
    const bool had = choose.selection_bias.present();
    choose.selection_bias = {};
    return had;
  });
}
bool weigh_by_selection(Graph& graph, const Scope& scope) {
  bool changed = false;
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    auto* choose = std::get_if<ChooseExperts>(&graph.ops[i].action);
    if (choose == nullptr || !concerns(scope, graph.ops[i]) || !choose->selection_bias.present())
      continue;
    const Vector bias = std::exchange(choose->selection_bias, Vector{});
    const Op op = graph.ops[i];
    const ValueId sum = insert(graph, i, {AddBias{bias}, op.inputs, -1, op.layer, Role::step},
                               graph.width(op.inputs.front()));
    graph.ops[++i].inputs.front() = sum;
    changed = true;
  }
  return changed;
}

/// Softmax of all experts before the choice, in the place of the chosen ones' after it.
bool softmax_before(Graph& graph, const Scope& scope) {
  bool changed = false;
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    if (!std::holds_alternative<ChooseExperts>(graph.ops[i].action)) continue;
    for (size_t j = i + 1; j < graph.ops.size(); ++j) {
      auto* weigh = std::get_if<WeighChosen>(&graph.ops[j].action);
      if (weigh == nullptr || graph.ops[j].inputs.front() != graph.ops[i].output) continue;
      if (!weigh->softmax || !concerns(scope, graph.ops[j])) break;
      weigh->softmax = false;
      const Op op = graph.ops[i];
      const ValueId all = insert(graph, i,
                                 {RouteProbabilities{Gating::softmax}, op.inputs, -1, op.layer,
                                  Role::expert_probabilities},
                                 graph.width(op.inputs.front()));
      graph.ops[++i].inputs.front() = all;
      changed = true;
      break;
    }
  }
  return changed;
}
bool gating(Graph& graph, const Scope& scope) {
  const bool other = change_each<RouteProbabilities>(graph, scope, [](RouteProbabilities& route) {
    route.gating = route.gating == Gating::softmax ? Gating::sigmoid : Gating::softmax;
    return true;
  });
  return softmax_before(graph, scope) || other;
}

bool shared_expert(Graph& graph, const Scope& scope) {
  bool found = false;
  for (size_t i = graph.ops.size(); i-- > 0;) {
    if (graph.ops[i].role != Role::ffn_sum || !concerns(scope, graph.ops[i])) continue;
    bypass(graph, i, 1);  // the routed experts' sum
    found = true;
  }
  return found;
}
bool shared_gate(Graph& graph, const Scope& scope) {
  return leave_out(graph, scope, {Role::shared_gated});
}

constexpr Mistake kMistakes[] = {
    {"wrong-expert", "each position goes through the experts after the right ones", "experts",
     wrong_expert},
    {"expert-weights", "weights of experts normalised where they are not, and the reverse",
     "several experts at once", expert_weights},
    {"expert-left-out", "the last of the chosen experts left out of the sum",
     "several experts at once", expert_left_out},
    {"expert-scale", "weights of experts without their scale", "scaled weights of experts",
     expert_scale},
    {"gating",
     "softmax of the router where it has sigmoid, and the reverse; of all experts where "
     "the chosen ones have it",
     "experts", gating},
    {"selection-bias", "experts selected without the bias", "a bias that selects experts",
     selection_bias},
    {"weighed-by-bias", "experts weighed with the bias that only selects them",
     "a bias that selects experts", weigh_by_selection},
    {"shared-expert", "the shared experts left out", "shared experts", shared_expert},
    {"shared-gate", "the shared experts without their gate", "a gate of the shared experts",
     shared_gate},
};

}  // namespace

std::span<const Mistake> expert_mistakes() { return kMistakes; }

}  // namespace crossval
