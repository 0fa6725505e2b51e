#include "model/tensor_source.h"

namespace crossval {

Linear TensorSource::linear(const std::string& name, int64_t rows, int64_t cols, Presence bias,
                            Presence presence) {
  Linear linear;
  linear.matrix = matrix(name + ".weight", rows, cols, presence);
  if (!linear.present()) return linear;
  linear.scale = vector(name + ".scale", 1, Presence::optional);
  linear.bias = vector(name + ".bias", rows, bias);
  return linear;
}

ExpertLinear TensorSource::experts(const std::string& name, int64_t rows, int64_t cols,
                                   Presence presence) {
  const int64_t n = hparams_.n_expert;
  ExpertLinear linear;
  linear.matrix = find_matrix(name + ".weight", rows, cols, n, presence);
  if (!linear.present()) return linear;
  linear.count = n;
  linear.scale = vector(name + ".scale", n, Presence::optional);
  return linear;
}

Norm TensorSource::norm(const std::string& name, int64_t size, Presence presence, int64_t slices) {
  const Presence usual = architecture_.norm_biases;
  const bool without_weights = architecture_.norm_weights == Presence::absent;
  Norm norm;
  norm.weight =
      find_vector(name + ".weight", size, slices, without_weights ? Presence::absent : presence);
  norm.bias = find_vector(
      name + ".bias", size, slices,
      presence == Presence::optional && usual == Presence::required ? Presence::optional : usual);
  norm.on = norm.weight.present() || without_weights;
  return norm;
}

}  // namespace crossval
