#include <vector>

#include "graph/mistakes/families.h"
#include "graph/mistakes/scope.h"

namespace crossval {
namespace {

using enum Role;

bool qkv_bias(Graph& graph, const Scope& scope) {
  return leave_out_kind<AddBias>(graph, scope, {qkv, q, k, v});
}

/// What the columns from a part's first on have added in one matrix for all three.
bool leave_out_columns(Graph& graph, const Scope& scope, int part) {
  bool found = false;
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    auto* add = std::get_if<AddBias>(&graph.ops[i].action);
    if (add == nullptr || graph.ops[i].role != qkv || !concerns(scope, graph.ops[i])) continue;
    std::vector<float> bias(add->bias.data, add->bias.data + add->bias.size);
    int64_t first = 0;
    int seen = 0;
    for (size_t reader = i + 1; reader < graph.ops.size(); ++reader) {  // q, k and v in turn
      if (!std::holds_alternative<Columns>(graph.ops[reader].action)) continue;
      const int64_t width = graph.width(graph.ops[reader].output);
      if (seen++ == part) {
        std::fill_n(bias.begin() + first, width, 0.0F);
        break;
      }
      first += width;
    }
    add->bias = own(graph, bias, add->bias.name);
    found = true;
  }
  return found;
}

bool leave_out_part(Graph& graph, const Scope& scope, Role role, int part) {
  const bool own_matrix = leave_out_kind<AddBias>(graph, scope, {role});
  return leave_out_columns(graph, scope, part) || own_matrix;
}
bool q_bias(Graph& graph, const Scope& scope) { return leave_out_part(graph, scope, q, 0); }
bool k_bias(Graph& graph, const Scope& scope) { return leave_out_part(graph, scope, k, 1); }
bool v_bias(Graph& graph, const Scope& scope) { return leave_out_part(graph, scope, v, 2); }
bool attn_out_bias(Graph& graph, const Scope& scope) {
  return leave_out_kind<AddBias>(graph, scope, {attn_out});
}
bool ffn_bias(Graph& graph, const Scope& scope) {
  return leave_out_kind<AddBias>(graph, scope, {ffn_gate, ffn_up, ffn_out});
}
bool gate_bias(Graph& graph, const Scope& scope) {
  return leave_out_kind<AddBias>(graph, scope, {ffn_gate});
}
bool up_bias(Graph& graph, const Scope& scope) {
  return leave_out_kind<AddBias>(graph, scope, {ffn_up});
}
bool down_bias(Graph& graph, const Scope& scope) {
  return leave_out_kind<AddBias>(graph, scope, {ffn_out});
}
bool router_bias(Graph& graph, const Scope& scope) {
  return leave_out_kind<AddBias>(graph, scope, {router});
}
bool expert_bias(Graph& graph, const Scope& scope) {
  return leave_out_kind<ExpertBias>(graph, scope, {expert_gate, expert_up, expert_down});
}
bool norm_bias(Graph& graph, const Scope& scope) {
  return leave_out_kind<AddBias>(graph, scope, {attn_norm, attn_norm_2, ffn_norm});
}
bool output_bias(Graph& graph, const Scope& scope) {
  return leave_out_kind<AddBias>(graph, scope, {logits});
}

constexpr Mistake kMistakes[] = {
    {"norm-bias", "norms without their biases", "biases of norms", norm_bias},
    {"qkv-bias", "queries, keys and values without their biases",
     "biases of queries, keys and values", qkv_bias},
    {"q-bias", "queries without their bias", "a bias of queries", q_bias},
    {"k-bias", "keys without their bias", "a bias of keys", k_bias},
    {"v-bias", "values without their bias", "a bias of values", v_bias},
    {"attn-out-bias", "the attention's output projection without its bias",
     "a bias of the attention's output projection", attn_out_bias},
    {"ffn-bias", "the feed-forward network without its biases",
     "biases of the feed-forward network", ffn_bias},
    {"gate-bias", "the feed-forward network's gate without its bias",
     "a bias of the feed-forward network's gate", gate_bias},
    {"up-bias", "the feed-forward network's up matrix without its bias",
     "a bias of the feed-forward network's up matrix", up_bias},
    {"down-bias", "the feed-forward network's down matrix without its bias",
     "a bias of the feed-forward network's down matrix", down_bias},
    {"router-bias", "experts chosen without the router's bias", "a bias of the router",
     router_bias},
    {"expert-bias", "experts without their biases", "biases of experts", expert_bias},
    {"output-bias", "logits without their bias", "a bias of the logits", output_bias},
};

}  // namespace

std::span<const Mistake> bias_mistakes() { return kMistakes; }

}  // namespace crossval
