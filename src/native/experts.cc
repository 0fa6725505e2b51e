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

}  // namespace

void route_probabilities(const KernelSet& kernels, Gating gating, float* row, int64_t n) {
  if (gating == Gating::softmax) kernels.softmax(row, n, kNoSink);
  if (gating == Gating::sigmoid)
    for (int64_t e = 0; e < n; ++e) row[e] = sigmoid(row[e]);
}

void choose_experts(const ChooseExperts& choice, const float* probability, int64_t n,
                    int32_t* expert, float* weight, float* ranking) {
  std::vector<float> key(probability, probability + n);
  if (choice.selection_bias.present()) add(key.data(), choice.selection_bias.data, n);
  std::vector<int32_t> order(static_cast<size_t>(n));
  std::iota(order.begin(), order.end(), 0);
  // Equal keys: the order that std::sort leaves them in, as upstream's. NaN goes last: without an
  // order of its own it would lead std::sort out of the list.
  std::sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
    const float x = key[static_cast<size_t>(a)];
    const float y = key[static_cast<size_t>(b)];
    return x > y || (std::isnan(y) && !std::isnan(x));
  });
  for (int64_t i = 0; i < choice.used; ++i) {
    weight[i] = probability[order[static_cast<size_t>(i)]];
    expert[i] = static_cast<int32_t>((order[static_cast<size_t>(i)] + choice.offset) % n);
  }
  if (ranking != nullptr) std::ranges::copy(order, ranking);
}

void weigh_chosen(const KernelSet& kernels, const WeighChosen& how, float* weights, int64_t used) {
  if (how.softmax) kernels.softmax(weights, used, kNoSink);
  if (how.normalise) {
    double sum = 0.0;
    for (int64_t i = 0; i < used; ++i) sum += static_cast<double>(weights[i]);
    const float floor = std::max(static_cast<float>(sum), kSmallestSum);
    for (int64_t i = 0; i < used; ++i) weights[i] /= floor;
  }
  if (how.scale != 1.0F)
    for (int64_t i = 0; i < used; ++i) weights[i] *= how.scale;
}

}  // namespace crossval
