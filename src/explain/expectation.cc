#include "explain/expectation.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "explain/attention_bound.h"
#include "explain/units.h"
#include "oracle/activation.h"
#include "oracle/attention.h"
#include "oracle/experts.h"
#include "oracle/product.h"
#include "oracle/rotation.h"

namespace crossval {
namespace {

/// Bounds of one operation: a visitor of its action. The value is there already, but for products
/// and attention, which make both at once.
struct Bounding {
  const OracleInputs& in;
  const std::vector<const double*>& slacks;
  int64_t width;
  const Rounding& rounding;
  ThreadPool& pool;
  KnownValue& result;
  std::vector<double>& bound;  // zeros

  const double* value() const { return result.values.data(); }
  const double* slack(size_t input) const {
    return input < slacks.size() ? slacks[input] : nullptr;
  }
  bool exact_inputs() const {
    return std::ranges::all_of(slacks, [](const auto* each) { return each == nullptr; });
  }
  /// `steps` roundings of the result itself, and what the input lacks times `gain`.
  template <class Gain>
  void relative(double steps, const Gain& gain) {
    for (size_t i = 0; i < bound.size(); ++i) {
      bound[i] = kRoundoff * steps * std::abs(value()[i]);
      if (slack(0) != nullptr)
        bound[i] += slack(0)[i] * std::abs(gain(static_cast<int64_t>(i) % width));
    }
  }
  void relative(double steps) {
    relative(steps, [](int64_t) { return 1.0; });
  }
  /// No bound where an input is not known exactly.
  void only_exact() { result.known = result.known && exact_inputs(); }

  void operator()(const EmbedTokens&) { relative(2); }
  void operator()(const EmbedPositions&) { relative(2); }

  // Sums of n squares or values lose sqrt(n) roundings; layer norm also subtracts a mean that does.
  void operator()(const Normalise& a) {
    const auto n = static_cast<double>(a.width);
    const double steps = 3 + std::sqrt(n);
    for (int64_t begin = 0; begin < std::ssize(bound); begin += a.width) {
      const double* x = in.values[0].data + begin;
      double mean = 0;
      double absolute = 0;
      for (int64_t i = 0; i < a.width; ++i) {
        mean += x[i] / n;
        absolute += std::abs(x[i]) / n;
      }
      if (a.kind == NormKind::rms) mean = absolute = 0;
      double square = a.eps;
      double lacking = 0;  // relative, of the length
      for (int64_t i = 0; i < a.width; ++i) square += (x[i] - mean) * (x[i] - mean) / n;
      if (slack(0) != nullptr) {
        for (int64_t i = 0; i < a.width; ++i)
          lacking += std::abs(x[i] - mean) * slack(0)[static_cast<size_t>(begin + i)] / n / square;
      }
      const double length = std::sqrt(square);
      for (int64_t i = 0; i < a.width; ++i) {
        const auto at = static_cast<size_t>(begin + i);
        const double y = std::abs(value()[at]);
        bound[at] =
            kRoundoff * (steps * y + (a.kind == NormKind::rms
                                          ? 0.0
                                          : (std::abs(x[i]) + std::sqrt(n) * absolute) / length)) +
            lacking * y;
        if (slack(0) != nullptr) bound[at] += slack(0)[at] / length;
      }
    }
  }
  void operator()(const Weigh& a) {
    relative(1, [&](int64_t i) { return a.by.data[i % a.by.size]; });
  }
  void operator()(const AddBias&) { relative(1); }
  void operator()(const Divide& a) {
    relative(1, [&](int64_t i) { return 1 / a.by.data[i % a.by.size]; });
  }
  void operator()(const MatMul& a) {
    const Matrix& matrix = a.matrix;
    const int64_t rows = in.positions * in.values[0].width / matrix.cols;
    const ProductRows x = activations_of(a, in.values[0].data, rows, rounding.product);
    product(matrix, x, pool, result.values.data(), matrix.rows, bound.data());
    for (double& each : bound) each *= kRoundoff * std::sqrt(static_cast<double>(matrix.cols));
    if (slack(0) != nullptr) add_lacking(a, x);
  }
  /// sum |w| · what an activation may be off by, a step of its grid where it lies near a boundary.
  void add_lacking(const MatMul& action, const ProductRows& x) {
    const Matrix& matrix = action.matrix;
    const auto shifted = [&](double sign) {
      std::vector<double> values(static_cast<size_t>(x.rows() * x.cols()));
      for (size_t i = 0; i < values.size(); ++i)
        values[i] = in.values[0].data[i] + sign * slack(0)[i];
      return activations_of(action, values.data(), x.rows(), rounding.product);
    };
    const ProductRows low = shifted(-1);
    const ProductRows high = shifted(1);
    std::vector<double> off(static_cast<size_t>(x.rows() * x.cols()));
    for (size_t i = 0; i < off.size(); ++i) {
      off[i] =
          std::max(std::abs(low.row(0)[i] - x.row(0)[i]), std::abs(high.row(0)[i] - x.row(0)[i]));
    }
    // Sums that are rounded by themselves fall to either side, too.
    std::vector<double> sums_off(x.sum_errors().size());
    for (size_t b = 0; b < sums_off.size(); ++b) {
      const auto sum = [&](const ProductRows& of) {
        return of.sum_errors()[b] + of.group_sums(32)[b];
      };
      sums_off[b] = std::max(std::abs(sum(low) - sum(x)), std::abs(sum(high) - sum(x)));
    }
    const int64_t blocks = std::ssize(sums_off) / x.rows();
    pool.parallel_for(matrix.rows, 1, [&](int64_t begin, int64_t end) {
      std::vector<float> weights(static_cast<size_t>(matrix.cols));
      std::vector<double> minima(static_cast<size_t>(blocks));
      for (int64_t r = begin; r < end; ++r) {
        matrix.decode_row(r, weights.data());
        if (blocks > 0) read_minima(matrix, r, minima.data());
        for (int64_t p = 0; p < x.rows(); ++p) {
          double sum = 0;
          for (int64_t b = 0; b < blocks; ++b)
            sum += std::abs(minima[static_cast<size_t>(b)]) *
                   sums_off[static_cast<size_t>(p * blocks + b)];
          for (int64_t i = 0; i < matrix.cols; ++i)
            sum += std::abs(weights[static_cast<size_t>(i)]) *
                   off[static_cast<size_t>(p * matrix.cols + i)];
          bound[static_cast<size_t>(p * matrix.rows + r)] += sum;
        }
      }
    });
  }
  void operator()(const Scale& a) {
    relative(1, [&](int64_t) { return a.by; });
  }
  void operator()(const Clamp&) { relative(0); }
  void operator()(const SoftCap&) {
    for (int64_t p = 0; p < in.positions; ++p) {
      for (int64_t i = 0; i < width; ++i) {
        const auto at = static_cast<size_t>(p * width + i);
        bound[at] = kRoundoff * (4 * std::abs(value()[at]) + 2 * std::abs(in.values[0].row(p)[i]));
        if (slack(0) != nullptr) bound[at] += slack(0)[at];
      }
    }
  }
  void operator()(const Add&) {
    relative(1);
    if (slack(1) == nullptr) return;
    for (size_t i = 0; i < bound.size(); ++i) bound[i] += slack(1)[i];
  }
  void operator()(const Columns& a) { copied(a); }
  void operator()(const JoinHeads& a) { copied(a); }
  /// What the inputs lack goes where they go.
  void copied(const Action& action) {
    if (exact_inputs()) return;
    OracleInputs lacking = in;
    std::vector<std::vector<double>> zeros(in.values.size());
    for (size_t i = 0; i < in.values.size(); ++i) {
      zeros[i].resize(static_cast<size_t>(in.positions * in.values[i].width));
      lacking.values[i].data = slack(i) == nullptr ? zeros[i].data() : slack(i);
    }
    compute(action, lacking, width, rounding, pool, bound.data());
  }
  // The angle of pair i is a product of i factors in llama.cpp, and rounded as often.
  void operator()(const Rotate& a) {
    const bool adjacent = a.rope.pairs == RopePairs::adjacent;
    for (int64_t p = 0; p < in.positions; ++p) {
      const auto angles = pair_angles(a, in.first + p);
      for (int64_t head = 0; head < width; head += a.head_dim) {
        const double* x = in.values[0].row(p) + head + a.first;
        double* to = bound.data() + p * width + head + a.first;
        const double* lacks = slack(0) == nullptr ? nullptr : slack(0) + p * width + head + a.first;
        if (lacks != nullptr) std::copy_n(lacks - a.first, a.head_dim, to - a.first);
        for (int64_t pair = 0; pair < std::ssize(angles); ++pair) {
          const PairAngle& angle = angles[static_cast<size_t>(pair)];
          const int64_t first = adjacent ? 2 * pair : pair;
          const int64_t second = adjacent ? first + 1 : first + a.rope.n_rot / 2;
          const double turns = std::abs(angle.angle) * static_cast<double>(pair + 1) / 2;
          double off = kRoundoff * std::abs(angle.magnitude) *
                       (std::abs(x[first]) + std::abs(x[second])) *
                       (1 + turns + (angle.magnitude == 1 ? 0 : 3));
          if (lacks != nullptr) off += std::abs(angle.magnitude) * (lacks[first] + lacks[second]);
          to[first] = to[second] = off;
        }
      }
    }
  }
  void operator()(const Temper&) { relative(4); }
  void operator()(const Attend& a) {
    attend_within(a, in, {slack(0), slack(1), slack(2)}, rounding.attention, pool,
                  result.values.data(), bound.data());
  }
  void operator()(const GateBy& a) {
    const int64_t parts = in.values[1].width;
    for (int64_t i = 0; i < std::ssize(bound); ++i) {
      const auto at = static_cast<size_t>(i);
      const int64_t gate = i / width * parts + i % width / (width / parts);
      const double g = in.values[1].data[gate];
      bound[at] = kRoundoff * std::abs(value()[i]) * (4 + std::abs(g));
      if (slack(0) != nullptr) bound[at] += slack(0)[i] * gate_of(a.kind, g);
      if (slack(1) != nullptr) bound[at] += slack(1)[gate] * std::abs(in.values[0].data[i]);
    }
  }
  void operator()(const Activate& a) {
    const bool gated = in.values.size() == 2;
    for (int64_t p = 0; p < in.positions; ++p) {
      for (int64_t i = 0; i < width; ++i) {
        const double gate = in.values[0].row(p)[a.gate_column + i];
        const double up = gated ? in.values[1].row(p)[a.up_column + i] : 1.0;
        const auto at = static_cast<size_t>(p * width + i);
        const double y = std::abs(value()[at]);
        switch (a.kind) {
          case Activation::silu:
          case Activation::clamped_silu:
            bound[at] = kRoundoff * y * (3 + std::abs(gate));
            break;
          case Activation::relu:
          case Activation::relu_squared:
            bound[at] = kRoundoff * y * 3;
            break;
          case Activation::gelu_quick:
            bound[at] = kRoundoff * y * (4 + 2 * std::abs(gate));
            if (rounding.gelu == GeluRounding::f16) bound[at] = rounded_gelu(a.kind, gate, up);
            break;
          case Activation::gelu_erf:
          case Activation::gelu:  // 1 + tanh cancels where the gate is negative
            bound[at] = kRoundoff * (3 * y + std::abs(gate * up) * (4 + std::abs(gate)));
            if (a.kind == Activation::gelu && rounding.gelu == GeluRounding::f16)
              bound[at] = rounded_gelu(a.kind, gate, up);
            break;
        }
        if (!exact_inputs()) add_lacking(a, p, i, gate, up, bound[at]);
      }
    }
  }
  /// No activation is steeper than kSteepest, but for the squared ones.
  void add_lacking(const Activate& a, int64_t p, int64_t i, double gate, double up,
                   double& to) const {
    constexpr double kSteepest = 1.2;
    const double steep = a.kind == Activation::relu_squared ? 2 * std::abs(gate) : kSteepest;
    const double table = rounding.gelu == GeluRounding::f16 ? 0x1p-10 * std::abs(gate) : 0.0;
    if (slack(0) != nullptr)
      to += std::abs(up) * (steep * slack(0)[p * in.values[0].width + a.gate_column + i] + table);
    if (slack(1) != nullptr) {
      to += std::abs(activate(a.kind, rounding.gelu, gate, 1.0)) *
            slack(1)[p * in.values[1].width + a.up_column + i];
    }
  }
  /// GELU's table entry may lie on either side of where it should be rounded to.
  double rounded_gelu(Activation kind, double gate, double up) const {
    const double x = rounded(gate, Grid::f16);
    const double exact = activate(kind, GeluRounding::none, x, 1.0);
    const double off = kRoundoff * std::abs(x) * (4 + std::abs(x));
    const double either =
        rounded(exact + kLimit * off, Grid::f16) - rounded(exact - kLimit * off, Grid::f16);
    return std::abs(up) * (either + 2 * kRoundoff * std::abs(exact));
  }
  void operator()(const RouteProbabilities&) {
    const double steps = 4 + std::sqrt(static_cast<double>(width));
    for (int64_t p = 0; p < in.positions; ++p) {
      const double* x = in.values[0].row(p);
      const double highest = *std::max_element(x, x + width);
      double lacking = 0;
      for (int64_t i = 0; slack(0) != nullptr && i < width; ++i)
        lacking = std::max(lacking, slack(0)[p * width + i]);
      for (int64_t i = 0; i < width; ++i) {
        const auto at = static_cast<size_t>(p * width + i);
        bound[at] = std::abs(value()[at]) *
                    (kRoundoff * (steps + std::abs(highest - x[i]) + std::abs(x[i])) + 2 * lacking);
      }
    }
  }
  /// Where the choice itself hangs on what is not known, nothing can be said.
  void operator()(const ChooseExperts& a) {
    if (slack(0) == nullptr) return;
    const int64_t n = in.values[0].width;
    for (int64_t p = 0; p < in.positions; ++p) {
      const double* x = in.values[0].row(p);
      const double* off = slack(0) + p * n;
      const auto key = [&](int64_t e) {
        return x[e] + (a.selection_bias.present() ? a.selection_bias.data[e] : 0.0F);
      };
      std::vector<int64_t> order(static_cast<size_t>(n));
      std::iota(order.begin(), order.end(), 0);
      std::ranges::sort(order, [&](int64_t b, int64_t c) { return key(b) > key(c); });
      for (int64_t i = 0; i < a.used; ++i) {
        const int64_t e = order[static_cast<size_t>(i)];
        bound[static_cast<size_t>(p * a.used + i)] = off[e];
        if (i + 1 == n) continue;
        const int64_t next = order[static_cast<size_t>(i) + 1];
        if (key(e) - key(next) <= off[e] + off[next]) result.known = false;
      }
    }
  }
  void operator()(const WeighChosen& a) {
    for (int64_t p = 0; p < in.positions; ++p) {
      const double* x = in.values[0].row(p);
      const auto [low, high] = std::minmax_element(x, x + width);
      double sum = 0;
      double lacking = 0;
      for (int64_t i = 0; i < width; ++i) {
        sum += std::abs(x[i]);
        if (slack(0) != nullptr) lacking += slack(0)[p * width + i];
      }
      for (int64_t i = 0; i < width; ++i) {
        const auto at = static_cast<size_t>(p * width + i);
        const double y = std::abs(value()[at]);
        bound[at] = kRoundoff * y * (6 + static_cast<double>(width) + (*high - *low));
        if (lacking == 0) continue;
        const double own = std::abs(double{a.scale}) * slack(0)[at];
        bound[at] += a.softmax ? 2 * y * lacking : a.normalise ? (own + y * lacking) / sum : own;
      }
    }
  }
  void operator()(const ExpertMatMul& a) {
    only_exact();
    expert_product(a, in, rounding.product, pool, result.values.data(), bound.data());
    const double root = std::sqrt(static_cast<double>(a.experts.matrix.cols));
    for (double& each : bound) each *= kRoundoff * root;
  }
  void operator()(const ExpertScale& a) {
    relative(1);
    if (slack(0) == nullptr) return;
    const int64_t used = std::ssize(in.chosen) / in.positions;
    for (size_t i = 0; i < bound.size(); ++i) {
      const size_t slot = i / static_cast<size_t>(width / used);
      bound[i] =
          kRoundoff * std::abs(value()[i]) + slack(0)[i] * std::abs(a.by.data[in.chosen[slot]]);
    }
  }
  void operator()(const ExpertBias&) { relative(1); }
  void operator()(const WeighExperts&) {
    const int64_t parts = in.values[1].width;
    for (int64_t i = 0; i < std::ssize(bound); ++i) {
      const auto at = static_cast<size_t>(i);
      const int64_t slot = i / width * parts + i % width / (width / parts);
      bound[at] = kRoundoff * std::abs(value()[at]);
      if (slack(0) != nullptr) bound[at] += slack(0)[i] * std::abs(in.values[1].data[slot]);
      if (slack(1) != nullptr) bound[at] += slack(1)[slot] * std::abs(in.values[0].data[i]);
    }
  }
  void operator()(const SumExperts& a) {
    for (int64_t p = 0; p < in.positions; ++p) {
      for (int64_t i = 0; i < width; ++i) {
        double size = 0;
        double lacking = 0;
        for (int64_t e = 0; e < a.used; ++e) {
          size += std::abs(in.values[0].row(p)[e * width + i]);
          if (slack(0) != nullptr) lacking += slack(0)[(p * a.used + e) * width + i];
        }
        bound[static_cast<size_t>(p * width + i)] =
            kRoundoff * static_cast<double>(a.used) * size + lacking;
      }
    }
  }
  void operator()(const Poison&) { relative(0); }
  void operator()(const Roll& a) { copied(a); }
};

bool computes_by_itself(const Action& action) {
  return std::holds_alternative<MatMul>(action) || std::holds_alternative<ExpertMatMul>(action) ||
         std::holds_alternative<Attend>(action);
}

}  // namespace

const double* KnownValue::lacking() const {
  const bool exact = std::ranges::all_of(slack, [](double off) { return off == 0; });
  return exact ? nullptr : slack.data();
}

KnownValue expect(const Action& action, const OracleInputs& in,
                  const std::vector<const double*>& slacks, int64_t width, const Rounding& rounding,
                  ThreadPool& pool, std::vector<int32_t>* chosen) {
  KnownValue result;
  const auto size = static_cast<size_t>(in.positions * width);
  result.values.assign(size, 0.0);
  result.slack.assign(size, 0.0);
  if (!computes_by_itself(action))
    compute(action, in, width, rounding, pool, result.values.data(), chosen);
  std::visit(Bounding{in, slacks, width, rounding, pool, result, result.slack}, action);
  return result;
}

}  // namespace crossval
