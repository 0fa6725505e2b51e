#include "graph/builder.h"

namespace crossval {

ValueId Builder::add(Action action, std::vector<ValueId> inputs, int64_t width, Role role) {
  const auto output = static_cast<ValueId>(graph_.widths.size());
  graph_.widths.push_back(width);
  graph_.ops.push_back({std::move(action), std::move(inputs), output, layer_, role});
  return output;
}

ValueId Builder::add(Action action, std::vector<ValueId> inputs, Role role) {
  const int64_t width = graph_.width(inputs.front());
  return add(std::move(action), std::move(inputs), width, role);
}

ValueId Builder::norm(const Norm& norm, ValueId x, int64_t group, Role role) {
  if (!norm.on) return x;
  x = add(Normalise{norm_kind_, norm_eps_, group}, {x}, role);
  if (norm.weight.present()) x = add(Weigh{norm.weight}, {x}, role);
  if (norm.bias.present()) x = add(AddBias{norm.bias}, {x}, role);
  return x;
}

ValueId Builder::linear(const Linear& linear, ValueId x, Role role) {
  const bool scaled = linear.scale.present();
  x = add(MatMul{linear.matrix}, {x}, linear.matrix.rows, role);
  if (scaled && !linear.scales_bias) x = add(Weigh{linear.scale}, {x}, role);
  if (linear.bias.present()) x = add(AddBias{linear.bias}, {x}, role);
  if (scaled && linear.scales_bias) x = add(Weigh{linear.scale}, {x}, role);
  return x;
}

ValueId Builder::experts(const ExpertLinear& linear, ValueId x, ValueId chosen, int64_t used,
                         Role role) {
  x = add(ExpertMatMul{linear}, {x, chosen}, used * linear.matrix.rows, role);
  if (linear.scale.present()) x = add(ExpertScale{linear.scale}, {x, chosen}, role);
  if (linear.bias.present()) x = add(ExpertBias{linear.bias}, {x, chosen}, role);
  return x;
}

ValueId Builder::scale(ValueId x, float by, Role role) {
  return by == 1.0F ? x : add(Scale{by}, {x}, role);
}

}  // namespace crossval
