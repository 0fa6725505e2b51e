#include "oracle/operation.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "oracle/activation.h"
#include "oracle/attention.h"
#include "oracle/experts.h"
#include "oracle/product.h"
#include "oracle/rotation.h"

namespace crossval {
namespace {

/// Computes one operation: a visitor of its action.
struct Computing {
  const OracleInputs& in;
  int64_t width;
  const Rounding& rounding;
  ThreadPool& pool;
  double* out;
  std::vector<int32_t>* chosen;

  /// Calls body(x, i) for the i-th value of each row of the first input and writes what it returns.
  template <class Body>
  void each(const Body& body) const {
    for (int64_t p = 0; p < in.positions; ++p) {
      const double* x = in.values[0].row(p);
      for (int64_t i = 0; i < width; ++i) out[p * width + i] = body(x[i], i);
    }
  }
  /// Calls body(x, part) for each value of each of a row's parts, one for each of the position's
  /// slots: part counts over all positions.
  template <class Body>
  void each_of_parts(int64_t parts, const Body& body) const {
    for (int64_t p = 0; p < in.positions; ++p) {
      const double* x = in.values[0].row(p);
      for (int64_t i = 0; i < width; ++i)
        out[p * width + i] = body(x[i], p * parts + i / (width / parts), i % (width / parts));
    }
  }
  /// The rows of the first input where the output goes; body(row) changes each.
  template <class Body>
  void each_row(const Body& body) const {
    std::copy_n(in.values[0].data, in.positions * width, out);
    for (int64_t p = 0; p < in.positions; ++p) body(out + p * width);
  }
  void embed(const Matrix& table, int64_t row, int64_t p) const {
    std::vector<float> values(static_cast<size_t>(width));
    table.decode_row(row, values.data());
    std::copy(values.begin(), values.end(), out + p * width);
  }

  void operator()(const EmbedTokens& a) const {
    for (int64_t p = 0; p < in.positions; ++p) embed(a.table, in.ids[static_cast<size_t>(p)], p);
  }
  void operator()(const EmbedPositions& a) const {
    for (int64_t p = 0; p < in.positions; ++p)
      embed(a.table, std::min(in.first + p + a.offset, a.table.rows - 1), p);
  }
  void operator()(const Normalise& a) const {
    for (int64_t begin = 0; begin < in.positions * width; begin += a.width) {
      const double* x = in.values[0].data + begin;
      const auto n = static_cast<double>(a.width);
      double mean = 0;
      if (a.kind == NormKind::layer)
        for (int64_t i = 0; i < a.width; ++i) mean += x[i] / n;
      double square = 0;
      for (int64_t i = 0; i < a.width; ++i) square += (x[i] - mean) * (x[i] - mean) / n;
      for (int64_t i = 0; i < a.width; ++i)
        out[begin + i] = (x[i] - mean) / std::sqrt(square + a.eps);
    }
  }
  void operator()(const Weigh& a) const {
    each([&](double x, int64_t i) { return x * a.by.data[i % a.by.size]; });
  }
  void operator()(const AddBias& a) const {
    each([&](double x, int64_t i) { return x + a.bias.data[i % a.bias.size]; });
  }
  void operator()(const Divide& a) const {
    each([&](double x, int64_t i) { return x / a.by.data[i % a.by.size]; });
  }
  void operator()(const MatMul& a) const {
    const int64_t rows = in.positions * in.values[0].width / a.matrix.cols;
    const ProductRows x = activations_of(a, in.values[0].data, rows, rounding.product);
    product(a.matrix, x, pool, out, a.matrix.rows);
  }
  void operator()(const Scale& a) const {
    each([&](double x, int64_t) { return x * a.by; });
  }
  void operator()(const Clamp& a) const {
    const double limit = a.limit;
    each([&](double x, int64_t) { return limit == 0 ? x : std::clamp(x, -limit, limit); });
  }
  void operator()(const SoftCap& a) const {
    each([&](double x, int64_t) { return a.cap == 0.0F ? x : a.cap * std::tanh(x / a.cap); });
  }
  void operator()(const Add& /*a*/) const {
    for (int64_t i = 0; i < in.positions * width; ++i)
      out[i] = in.values[0].data[i] + in.values[1].data[i];
  }
  void operator()(const Columns& a) const {
    const int64_t stride = in.values[0].width / a.heads;
    const int64_t part = width / a.heads;
    for (int64_t i = 0; i < in.positions * a.heads; ++i)
      std::copy_n(in.values[0].data + i * stride + a.first, part, out + i * part);
  }
  void operator()(const JoinHeads& a) const {
    const int64_t own = in.values[0].width / a.heads;
    const int64_t shared = in.values[1].width;
    double* head = out;
    for (int64_t i = 0; i < in.positions * a.heads; ++i, head += own + shared) {
      std::copy_n(in.values[0].data + i * own, own, head);
      std::copy_n(in.values[1].row(i / a.heads), shared, head + own);
    }
  }
  void operator()(const Rotate& a) const {
    std::copy_n(in.values[0].data, in.positions * width, out);
    for (int64_t p = 0; p < in.positions; ++p) {
      const auto angles = pair_angles(a, in.first + p);
      for (int64_t head = 0; head < width; head += a.head_dim)
        turn(a, angles, out + p * width + head + a.first);
    }
  }
  void operator()(const Temper& a) const {
    for (int64_t p = 0; p < in.positions; ++p) {
      const int64_t whole = (in.first + p) / a.length;
      const auto lengths = static_cast<double>(whole);
      for (int64_t i = 0; i < width; ++i)
        out[p * width + i] = in.values[0].row(p)[i] * (1 + a.temperature * std::log1p(lengths));
    }
  }
  void operator()(const Attend& a) const { attend(a, in, rounding.attention, pool, out); }
  void operator()(const GateBy& a) const {
    const double* gate = in.values[1].data;
    each_of_parts(in.values[1].width,
                  [&](double x, int64_t part, int64_t) { return x * gate_of(a.kind, gate[part]); });
  }
  void operator()(const Activate& a) const {
    const bool gated = in.values.size() == 2;
    for (int64_t p = 0; p < in.positions; ++p) {
      for (int64_t i = 0; i < width; ++i) {
        const double gate = in.values[0].row(p)[a.gate_column + i];
        const double up = gated ? in.values[1].row(p)[a.up_column + i] : 1.0;
        out[p * width + i] = activate(a.kind, rounding.gelu, gate, up);
      }
    }
  }
  void operator()(const RouteProbabilities& a) const {
    each_row([&](double* row) {
      if (a.gating == Gating::softmax) softmax_of(row, width);
      if (a.gating == Gating::sigmoid) std::transform(row, row + width, row, sigmoid_of);
    });
  }
  void operator()(const ChooseExperts& a) const {
    chosen->resize(static_cast<size_t>(in.positions * a.used));
    for (int64_t p = 0; p < in.positions; ++p) {
      choose(a, in.values[0].row(p), in.values[0].width, chosen->data() + p * a.used,
             out + p * a.used);
    }
  }
  void operator()(const WeighChosen& a) const {
    each_row([&](double* row) { weigh(a, row, width); });
  }
  void operator()(const ExpertMatMul& a) const {
    expert_product(a, in, rounding.product, pool, out);
  }
  void operator()(const ExpertScale& a) const {
    each_of_parts(used(), [&](double x, int64_t slot, int64_t) {
      return x * a.by.data[in.chosen[static_cast<size_t>(slot)]];
    });
  }
  void operator()(const ExpertBias& a) const {
    const int64_t part = width / used();
    each_of_parts(used(), [&](double x, int64_t slot, int64_t i) {
      return x + a.bias.data[in.chosen[static_cast<size_t>(slot)] * part + i];
    });
  }
  void operator()(const WeighExperts& /*a*/) const {
    const double* weights = in.values[1].data;
    each_of_parts(in.values[1].width,
                  [&](double x, int64_t slot, int64_t) { return x * weights[slot]; });
  }
  void operator()(const SumExperts& a) const {
    for (int64_t p = 0; p < in.positions; ++p) {
      for (int64_t i = 0; i < width; ++i) {
        double sum = 0;
        for (int64_t e = 0; e < a.used - a.left_out; ++e) sum += in.values[0].row(p)[e * width + i];
        out[p * width + i] = sum;
      }
    }
  }
  void operator()(const Poison& /*a*/) const {
    std::copy_n(in.values[0].data, in.positions * width, out);
    out[0] = std::numeric_limits<double>::quiet_NaN();
  }
  void operator()(const Roll& a) const {
    for (int64_t p = 0; p < in.positions; ++p) {
      const double* row = in.values[0].row(p);
      std::rotate_copy(row, row + a.by, row + width, out + p * width);
    }
  }

  /// Experts of a position.
  int64_t used() const { return std::ssize(in.chosen) / in.positions; }
};

}  // namespace

void compute(const Action& action, const OracleInputs& in, int64_t width, const Rounding& rounding,
             ThreadPool& pool, double* out, std::vector<int32_t>* chosen) {
  std::visit(Computing{in, width, rounding, pool, out, chosen}, action);
}

}  // namespace crossval
