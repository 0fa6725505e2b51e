// Records operations one after the other, in the order of a forward pass.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "graph/op.h"

namespace crossval {

class Builder {
 public:
  explicit Builder(NormKind kind, float eps) : norm_kind_(kind), norm_eps_(eps) {}

  /// Operations that follow belong to it; -1: to none.
  void enter_layer(int64_t layer) { layer_ = layer; }
  /// Operations that follow make logits.
  void enter_head() { graph_.head = graph_.ops.size(); }

  ValueId add(Action action, std::vector<ValueId> inputs, int64_t width, Role role);
  /// The same for one that keeps its first input's width.
  ValueId add(Action action, std::vector<ValueId> inputs, Role role);

  /// Each `group` values of a row alone, with weights and bias as far as there are any; x itself
  /// where the norm is not on.
  ValueId norm(const Norm& norm, ValueId x, int64_t group, Role role);
  /// Over whole rows.
  ValueId norm(const Norm& weights, ValueId x, Role role) {
    return norm(weights, x, graph_.width(x), role);
  }
  ValueId linear(const Linear& linear, ValueId x, Role role);
  /// `used`: experts of a position.
  ValueId experts(const ExpertLinear& linear, ValueId x, ValueId chosen, int64_t used, Role role);
  /// x · by, or x itself for 1.
  ValueId scale(ValueId x, float by, Role role);

  int64_t width(ValueId value) const { return graph_.width(value); }
  Graph take(ValueId logits) {
    graph_.logits = logits;
    return std::move(graph_);
  }

 private:
  Graph graph_;
  NormKind norm_kind_;
  float norm_eps_;
  int64_t layer_ = -1;
};

}  // namespace crossval
