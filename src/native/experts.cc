#include "native/experts.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "native/ops.h"

namespace crossval {
namespace {

constexpr float kNoSink = -std::numeric_limits<float>::infinity();
constexpr float kSmallestSum = 6.103515625e-5F;  // the smallest normal binary16

/// Weights of one position's selected experts.
void weigh(const KernelSet& kernels, const Hparams& hp, float* weights, int64_t used) {
  if (hp.gating == Gating::softmax_of_selected) kernels.softmax(weights, used, kNoSink);
  if (hp.normalise_experts) {
    double sum = 0.0;
    for (int64_t i = 0; i < used; ++i) sum += static_cast<double>(weights[i]);
    const float floor = std::max(static_cast<float>(sum), kSmallestSum);
    for (int64_t i = 0; i < used; ++i) weights[i] /= floor;
  }
  if (hp.expert_scale != 0.0F && hp.expert_scale != 1.0F)
    for (int64_t i = 0; i < used; ++i) weights[i] *= hp.expert_scale;
}

}  // namespace

Route route(const KernelSet& kernels, const Hparams& hp, const Vector& selection_bias,
            const std::vector<float>& logits, int64_t positions) {
  const int64_t n = hp.n_expert;
  Route r;
  r.used = hp.n_expert_used;
  r.probabilities = logits;
  std::vector<int32_t> order(static_cast<size_t>(n));
  std::vector<float> key(static_cast<size_t>(n));
  for (int64_t p = 0; p < positions; ++p) {
    float* probability = r.probabilities.data() + p * n;
    if (hp.gating == Gating::softmax) kernels.softmax(probability, n, kNoSink);
    if (hp.gating == Gating::sigmoid)
      for (int64_t e = 0; e < n; ++e) probability[e] = sigmoid(probability[e]);
    std::copy(probability, probability + n, key.begin());
    if (selection_bias.present()) add(key.data(), selection_bias.data, n);
    std::iota(order.begin(), order.end(), 0);
    // Equal keys: the order that std::sort leaves them in, as upstream's. NaN goes last: without an
    // order of its own it would lead std::sort out of the list.
    std::sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
      const float x = key[static_cast<size_t>(a)];
      const float y = key[static_cast<size_t>(b)];
      return x > y || (std::isnan(y) && !std::isnan(x));
    });
    for (int64_t i = 0; i < r.used; ++i) {
      r.expert.push_back(order[static_cast<size_t>(i)]);
      r.selected.push_back(probability[order[static_cast<size_t>(i)]]);
    }
  }
  r.weight = r.selected;
  for (int64_t p = 0; p < positions; ++p) weigh(kernels, hp, r.weight.data() + p * r.used, r.used);
  return r;
}

void sum_experts(const Route& r, int64_t width, float* outputs, float* sums) {
  for (size_t slot = 0; slot < r.expert.size(); ++slot) {
    float* row = outputs + static_cast<int64_t>(slot) * width;
    for (int64_t i = 0; i < width; ++i) row[i] *= r.weight[slot];
    float* sum = sums + static_cast<int64_t>(slot) / r.used * width;
    if (static_cast<int64_t>(slot) % r.used == 0) {
      std::copy_n(row, width, sum);
    } else {
      add(sum, row, width);
    }
  }
}

}  // namespace crossval
