#include "oracle/experts.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "oracle/product.h"

namespace crossval {
namespace {

constexpr double kSmallestSum = 6.103515625e-5;  // what weights are divided by at least: 2^-14

}  // namespace

void softmax_of(double* row, int64_t n) {
  const double highest = *std::max_element(row, row + n);
  double sum = 0;
  for (int64_t i = 0; i < n; ++i) sum += row[i] = std::exp(row[i] - highest);
  for (int64_t i = 0; i < n; ++i) row[i] /= sum;
}

std::vector<int32_t> ranking_of(const ChooseExperts& how, const double* probabilities, int64_t n) {
  std::vector<double> key(probabilities, probabilities + n);
  if (how.selection_bias.present())
    for (int64_t e = 0; e < n; ++e) key[static_cast<size_t>(e)] += how.selection_bias.data[e];
  std::vector<int32_t> order(static_cast<size_t>(n));
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
    const double x = key[static_cast<size_t>(a)];
    const double y = key[static_cast<size_t>(b)];
    if (std::isnan(x) || std::isnan(y)) return std::isnan(y) && (!std::isnan(x) || a < b);
    return x != y ? x > y : a < b;
  });
  return order;
}

void choose(const ChooseExperts& how, const double* probabilities, int64_t n, int32_t* chosen,
            double* out) {
  const std::vector<int32_t> order = ranking_of(how, probabilities, n);
  for (int64_t i = 0; i < how.used; ++i) {
    const int32_t best = order[static_cast<size_t>(i)];
    out[i] = probabilities[best];
    chosen[i] = static_cast<int32_t>((best + how.offset) % n);
  }
}

void weigh(const WeighChosen& how, double* weights, int64_t used) {
  if (how.softmax) softmax_of(weights, used);
  if (how.normalise) {
    const double sum = std::max(std::accumulate(weights, weights + used, 0.0), kSmallestSum);
    for (int64_t i = 0; i < used; ++i) weights[i] /= sum;
  }
  for (int64_t i = 0; i < used; ++i) weights[i] *= how.scale;
}

void expert_product(const ExpertMatMul& how, const OracleInputs& in, ProductRounding rounding,
                    ThreadPool& pool, double* out, double* magnitude) {
  const Matrix& matrix = how.experts.matrix;
  const auto slots = static_cast<int64_t>(in.chosen.size());
  const int64_t rows = in.positions * in.values[0].width / matrix.cols;
  const int64_t share = std::max<int64_t>(1, slots / rows);  // slots that read a row
  std::map<int32_t, std::vector<int64_t>> slots_of;
  for (int64_t s = 0; s < slots; ++s) slots_of[in.chosen[static_cast<size_t>(s)]].push_back(s);
  std::vector<double> x;
  std::vector<double> y;
  std::vector<double> sizes;
  for (const auto& [expert, mine] : slots_of) {
    const auto n = static_cast<int64_t>(mine.size());
    x.resize(static_cast<size_t>(n * matrix.cols));
    y.resize(static_cast<size_t>(n * matrix.rows));
    for (int64_t i = 0; i < n; ++i) {
      std::copy_n(in.values[0].data + mine[static_cast<size_t>(i)] / share * matrix.cols,
                  matrix.cols, x.data() + i * matrix.cols);
    }
    const ProductRows packed(x.data(), n, matrix.cols, rounding, matrix.format->activation);
    sizes.resize(magnitude == nullptr ? 0 : y.size());
    product(how.experts.expert(expert), packed, pool, y.data(), matrix.rows,
            magnitude == nullptr ? nullptr : sizes.data());
    for (int64_t i = 0; i < n; ++i) {
      const int64_t to = mine[static_cast<size_t>(i)] * matrix.rows;
      std::copy_n(y.data() + i * matrix.rows, matrix.rows, out + to);
      if (magnitude != nullptr)
        std::copy_n(sizes.data() + i * matrix.rows, matrix.rows, magnitude + to);
    }
  }
}

}  // namespace crossval
