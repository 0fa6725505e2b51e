#include <vector>

#include "graph/mistakes/families.h"
#include "graph/mistakes/scope.h"

namespace crossval {
namespace {

Scope or_middle(const Graph& graph, const Scope& scope) {
  return or_layer(scope, layers_of(graph) / 2);
}

bool residual_scale(Graph& graph, const Scope& scope) {
  return leave_out(graph, scope, {Role::attn_scaled, Role::ffn_scaled});
}
bool stand_in(Graph& graph, const Scope& scope) {
  return leave_out(graph, scope, {Role::attn_stand_in});
}

/// The block's output goes on without what went into the block.
bool leave_out_residual(Graph& graph, const Scope& scope, Role sum) {
  const Scope one = or_role(or_middle(graph, scope), sum);
  for (size_t i = graph.ops.size(); i-- > 0;) {
    // Where both blocks stand side by side, one sum is of them both.
    const bool in_turn = last_of(graph, Role::attn_residual, graph.ops[i].layer) < graph.ops.size();
    if (graph.ops[i].role != sum || !concerns(one, graph.ops[i]) || !in_turn) continue;
    bypass(graph, i, 1);
    return true;
  }
  return false;
}
bool attn_residual(Graph& graph, const Scope& scope) {
  return leave_out_residual(graph, scope, Role::attn_residual);
}
bool ffn_residual(Graph& graph, const Scope& scope) {
  return leave_out_residual(graph, scope, Role::layer_out);
}

/// x + A + F of one x becomes x' = x + A, x' + F(x').
bool put_in_turn(Graph& graph, int64_t layer) {
  const size_t out = last_of(graph, Role::layer_out, layer);
  const size_t attention = last_of(graph, Role::attention, layer);
  if (attention >= out || out == graph.ops.size() ||
      first_of(graph, Role::attn_residual, layer) < graph.ops.size())
    return false;
  const size_t step = out - 1;  // x + F or F + A
  const bool feed_first = graph.ops[out].inputs.front() == graph.ops[step].output;
  const ValueId x = feed_first ? graph.ops[step].inputs[0] : graph.ops[out].inputs[0];
  const ValueId f = graph.ops[step].inputs[feed_first ? 1 : 0];
  const ValueId a = feed_first ? graph.ops[out].inputs[1] : graph.ops[step].inputs[1];
  graph.ops[out].inputs = {x, f};
  graph.ops.erase(graph.ops.begin() + static_cast<std::ptrdiff_t>(step));
  --graph.head;

  size_t at = writer_of(graph, a) + 1;
  const ValueId sum =
      insert(graph, at++, {Add{}, {x, a}, -1, layer, Role::attn_residual}, graph.width(x));
  const auto end = [&] { return last_of(graph, Role::layer_out, layer); };
  bool own_norm = false;  // the network reads x through a norm of its own
  for (size_t i = at; i <= end(); ++i) {
    for (ValueId& input : graph.ops[i].inputs) {
      if (input != x) continue;
      input = sum;
      own_norm |= i < end();
    }
  }
  if (own_norm) return true;
  ValueId normed = sum;
  const size_t first = first_of(graph, Role::attn_norm, layer);
  const size_t last = last_of(graph, Role::attn_norm, layer);
  if (first == graph.ops.size()) return true;
  const ValueId shared = graph.ops[last].output;
  for (size_t i = first; i <= last; ++i) {
    Op op = graph.ops[i];
    op.inputs.front() = normed;
    normed = insert(graph, at++, op, graph.width(normed));
  }
  for (size_t i = at; i <= end(); ++i) std::ranges::replace(graph.ops[i].inputs, shared, normed);
  return true;
}
bool block_order(Graph& graph, const Scope& scope) {
  bool changed = false;
  for (int64_t layer = 0; layer < layers_of(graph); ++layer)
    if (concerns_layer(scope, layer)) changed |= put_in_turn(graph, layer);
  return changed;
}

/// Indices of a layer's operations.
std::vector<size_t> ops_of(const Graph& graph, int64_t layer) {
  std::vector<size_t> ops;
  for (size_t i = 0; i < graph.ops.size(); ++i)
    if (graph.ops[i].layer == layer) ops.push_back(i);
  return ops;
}
bool layers_swapped(Graph& graph, const Scope& scope) {
  const int64_t layer = or_middle(graph, scope).layer.value_or(0);
  const std::vector<size_t> a = ops_of(graph, layer - 1);
  const std::vector<size_t> b = ops_of(graph, layer);
  const bool alike = !a.empty() && std::ranges::equal(a, b, [&](size_t i, size_t j) {
    const Op& x = graph.ops[i];
    const Op& y = graph.ops[j];
    return x.action.index() == y.action.index() && x.role == y.role &&
           graph.width(x.output) == graph.width(y.output);
  });
  if (!alike) return false;
  for (size_t i = 0; i < a.size(); ++i) std::swap(graph.ops[a[i]].action, graph.ops[b[i]].action);
  return true;
}
bool layer_left_out(Graph& graph, const Scope& scope) {
  const int64_t layer = or_middle(graph, scope).layer.value_or(0);
  const std::vector<size_t> ops = ops_of(graph, layer);
  if (layer < 0 || ops.empty()) return false;
  const ValueId x = graph.ops[ops.front()].inputs.front();
  replace_readers(graph, ops.back() + 1, graph.ops[ops.back()].output, x);
  return true;
}

bool poisoned(Graph& graph, const Scope& scope) {
  const Scope one = or_role(or_middle(graph, scope), Role::layer_out);
  const size_t out = last_of(graph, *one.role, *one.layer);
  if (out == graph.ops.size()) return false;
  append(graph, out, Poison{});
  return true;
}

constexpr Mistake kMistakes[] = {
    {"residual-scale", "residuals without their scale", "scaled residuals", residual_scale},
    {"attn-residual", "the middle layer's attention without what goes past it",
     "a residual around the attention", attn_residual},
    {"ffn-residual", "the middle layer's feed-forward network without what goes past it",
     "a residual around the feed-forward network", ffn_residual},
    {"block-order", "feed-forward network after the attention where it stands beside it",
     "a feed-forward network beside the attention", block_order},
    {"stand-in", "layers without the matrix in the place of their attention",
     "a matrix in the place of attention", stand_in},
    {"layers-swapped", "the middle layer and the one before it in the other order",
     "two layers of one kind in the middle", layers_swapped},
    {"layer-left-out", "the middle layer left out", "a layer", layer_left_out},
    {"nan", "NaN in the middle layer's output", "a layer", poisoned},
};

}  // namespace

std::span<const Mistake> block_mistakes() { return kMistakes; }

}  // namespace crossval
