#include <vector>

#include "graph/mistakes/families.h"
#include "graph/mistakes/scope.h"

namespace crossval {
namespace {

/// bend(weights) on a copy of the weights of each norm in scope.
template <class Bend>
bool bend_weights(Graph& graph, const Scope& scope, const Bend& bend) {
  bool found = false;
  for (Op& op : graph.ops) {
    auto* weigh = std::get_if<Weigh>(&op.action);
    if (weigh == nullptr || !is_norm(op.role) || !concerns(scope, op)) continue;
    std::vector<float> weights(weigh->by.data, weigh->by.data + weigh->by.size);
    bend(weights);
    weigh->by = own(graph, weights, weigh->by.name);
    found = true;
  }
  return found;
}

Scope first_norm(const Scope& scope) { return or_role(or_layer(scope, 0), Role::attn_norm); }

bool eps(Graph& graph, const Scope& scope) {
  return change_each<Normalise>(graph, scope,
                                [](Normalise& norm) { return set(norm.eps, norm.eps * 0.1F); });
}

bool norm_kind(Graph& graph, const Scope& scope) {
  return change_each<Normalise>(graph, scope, [](Normalise& norm) {
    norm.kind = norm.kind == NormKind::rms ? NormKind::layer : NormKind::rms;
    return true;
  });
}

bool missing_norm_weight(Graph& graph, const Scope& scope) {
  return bend_weights(graph, first_norm(scope),
                      [](std::vector<float>& w) { std::ranges::fill(w, 1.0F); });
}

bool zero_norm_weight(Graph& graph, const Scope& scope) {
  return bend_weights(graph, first_norm(scope),
                      [](std::vector<float>& w) { w[w.size() / 2] = 0.0F; });
}

bool norm_plus_one(Graph& graph, const Scope& scope) {
  return bend_weights(graph, scope, [](std::vector<float>& w) {
    for (float& weight : w) weight += 1.0F;
  });
}

bool norm_minus_one(Graph& graph, const Scope& scope) {
  return bend_weights(graph, scope, [](std::vector<float>& w) {
    for (float& weight : w) weight -= 1.0F;
  });
}

/// The attention's norm goes from its input to its output.
bool move_norm(Graph& graph, const Scope& scope, int64_t layer) {
  const size_t first = first_of(graph, Role::attn_norm, layer);
  const size_t last = last_of(graph, Role::attn_norm, layer);
  const size_t sum = last_of(graph, Role::attn_residual, layer);
  if (sum == graph.ops.size() || last >= sum || !concerns(scope, graph.ops[first])) return false;
  ValueId x = graph.ops[sum].inputs[1];
  size_t at = sum;
  for (size_t i = first; i <= last; ++i) {
    Op op = graph.ops[i];
    op.inputs.front() = x;
    x = insert(graph, at++, op, graph.width(x));
  }
  graph.ops[at].inputs[1] = x;
  for (size_t i = last + 1; i-- > first;) bypass(graph, i);
  return true;
}
bool norm_place(Graph& graph, const Scope& scope) {
  bool moved = false;
  for (int64_t layer = 0; layer < layers_of(graph); ++layer)
    moved |= move_norm(graph, scope, layer);
  return moved;
}

bool embedding_norm(Graph& graph, const Scope& scope) {
  return leave_out(graph, scope, {Role::embedding_norm});
}
bool post_norm(Graph& graph, const Scope& scope) {
  return leave_out(graph, scope, {Role::attn_post_norm, Role::ffn_post_norm});
}
bool sub_norm(Graph& graph, const Scope& scope) {
  return leave_out(graph, scope, {Role::attn_sub_norm, Role::ffn_sub_norm});
}
bool qk_norm(Graph& graph, const Scope& scope) {
  return leave_out(graph, scope, {Role::q_norm, Role::k_norm});
}

bool latent_norm(Graph& graph, const Scope& scope) {
  return leave_out(graph, scope, {Role::q_latent_norm, Role::kv_latent_norm});
}

/// The norm of queries or keys and their rotation change places.
bool swap_with_rope(Graph& graph, Role norm, Role rope, int64_t layer) {
  const size_t first = first_of(graph, norm, layer);
  const size_t end = last_of(graph, norm, layer) + 1;
  const size_t turn = first_of(graph, rope, layer);
  if (first == graph.ops.size()) return false;
  if (turn == end) {
    swap_neighbours(graph, first, turn, turn + 1);
  } else if (turn + 1 == first) {
    swap_neighbours(graph, turn, first, end);
  } else {
    return false;
  }
  return true;
}
bool qk_norm_order(Graph& graph, const Scope& scope) {
  bool swapped = false;
  for (int64_t layer = 0; layer < layers_of(graph); ++layer) {
    if (!concerns_layer(scope, layer)) continue;
    for (const auto& [norm, rope] :
         {std::pair(Role::q_norm, Role::q_rope), {Role::k_norm, Role::k_rope}}) {
      if (!scope.role || *scope.role == norm || *scope.role == rope)
        swapped |= swap_with_rope(graph, norm, rope, layer);
    }
  }
  return swapped;
}

constexpr Mistake kMistakes[] = {
    {"eps", "a tenth of the norm's epsilon", "norms", eps},
    {"norm-kind", "RMS norm where the architecture has layer norm, and the reverse", "norms",
     norm_kind},
    {"missing-norm-weight", "the first layer's attention norm without its weights",
     "a norm with weights", missing_norm_weight},
    {"zero-norm-weight", "one weight of the first layer's attention norm is zero",
     "a norm with weights", zero_norm_weight},
    {"norm-plus-one", "one added to every norm weight, as Gemma's checkpoints need",
     "a norm with weights", norm_plus_one},
    {"norm-minus-one", "norm weights without the one that Gemma's checkpoints need",
     "a norm with weights", norm_minus_one},
    {"norm-place", "the attention's norm on its output in the place of its input",
     "a norm before the attention and a residual behind it", norm_place},
    {"embedding-norm", "embeddings without their norm", "a norm of the embeddings", embedding_norm},
    {"post-norm", "no norms of the blocks' outputs", "norms of the blocks' outputs", post_norm},
    {"sub-norm", "no norms inside attention and feed-forward network",
     "norms inside attention and feed-forward network", sub_norm},
    {"qk-norm", "queries and keys without their norms", "query and key norms", qk_norm},
    {"latent-norm", "the short vectors of latent attention without their norms", "latent attention",
     latent_norm},
    {"qk-norm-order", "query and key norms on the other side of RoPE",
     "query and key norms beside RoPE", qk_norm_order},
};

}  // namespace

std::span<const Mistake> norm_mistakes() { return kMistakes; }

}  // namespace crossval
