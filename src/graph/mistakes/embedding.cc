#include "graph/mistakes/families.h"
#include "graph/mistakes/scope.h"

namespace crossval {
namespace {

bool embedding_scale(Graph& graph, const Scope& scope) {
  return leave_out(graph, scope, {Role::embedding_scaled});
}

bool logit_scale(Graph& graph, const Scope& scope) {
  return change_each<Scale>(graph, or_role(scope, Role::logits),
                            [](Scale& scale) { return set(scale.by, scale.by * 2.0F); });
}

bool logit_cap(Graph& graph, const Scope& scope) {
  return change_each<SoftCap>(graph, or_role(scope, Role::logits),
                              [](SoftCap& cap) { return set(cap.cap, cap.cap * 2.0F); });
}

bool tied_head(Graph& graph, const Scope& scope) {
  const auto* embed = std::get_if<EmbedTokens>(&graph.ops.front().action);
  if (embed == nullptr) return false;
  return change_each<MatMul>(graph, or_role(scope, Role::logits), [&](MatMul& product) {
    const bool own_matrix = product.matrix.data != embed->table.data;
    product.matrix = embed->table;
    return own_matrix;
  });
}

bool wrong_head(Graph& graph, const Scope& scope) {
  if (!concerns(scope, graph.ops.back())) return false;
  append(graph, graph.ops.size() - 1, Roll{1});
  return true;
}

constexpr Mistake kMistakes[] = {
    {"embedding-scale", "embeddings without their scale", "scaled embeddings", embedding_scale},
    {"logit-scale", "logits twice as large", "scaled logits", logit_scale},
    {"logit-cap", "the logits' soft cap twice as high", "logits with a soft cap", logit_cap},
    {"tied-head", "logits from the embeddings where the model has a matrix of its own",
     "an output matrix of its own", tied_head},
    {"wrong-head", "logit i from row i + 1 of the output matrix", "an output matrix", wrong_head},
};

}  // namespace

std::span<const Mistake> embedding_mistakes() { return kMistakes; }

}  // namespace crossval
