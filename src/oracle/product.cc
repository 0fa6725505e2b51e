#include "oracle/product.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <numeric>

#include "base/float16.h"
#include "quant/activation.h"
#include "quant/blocks32.h"
#include "quant/k_quants.h"
#include "quant/round_to_codes.h"
#include "quant/ternary.h"

namespace crossval {
namespace {

constexpr int64_t kLanes = 8;     // partial sums of a dot: the same on every machine
constexpr int64_t kTogether = 4;  // weight rows that are decoded at a time

using Lane = double __attribute__((vector_size(32)));

/// Codes and scales of a packed row back as values.
void widen(ActivationType type, const std::byte* packed, int64_t n, double* out,
           double* sum_errors) {
  switch (type) {
    case ActivationType::f32:
      for (int64_t i = 0; i < n; ++i) {
        float x = 0.0F;
        std::memcpy(&x, packed + i * 4, sizeof(x));
        out[i] = x;
      }
      return;
    case ActivationType::f16:
    case ActivationType::bf16:
      for (int64_t i = 0; i < n; ++i) {
        uint16_t x = 0;
        std::memcpy(&x, packed + i * 2, sizeof(x));
        out[i] = type == ActivationType::f16 ? f16_to_f32(x) : bf16_to_f32(x);
      }
      return;
    case ActivationType::q8_0: {
      const auto* blocks = reinterpret_cast<const BlockQ8_0*>(packed);
      for (int64_t b = 0; b < n / 32; ++b)
        for (int64_t i = 0; i < 32; ++i) out[32 * b + i] = double{blocks[b].d} * blocks[b].codes[i];
      return;
    }
    case ActivationType::q8_1: {
      const auto* blocks = reinterpret_cast<const BlockQ8_1*>(packed);
      for (int64_t b = 0; b < n / 32; ++b) {
        int64_t sum = 0;
        for (int64_t i = 0; i < 32; ++i) {
          out[32 * b + i] = double{blocks[b].d} * blocks[b].codes[i];
          sum += blocks[b].codes[i];
        }
        sum_errors[b] = double{blocks[b].s} - double{blocks[b].d} * static_cast<double>(sum);
      }
      return;
    }
    case ActivationType::q8_k: {
      const auto* blocks = reinterpret_cast<const BlockQ8_K*>(packed);
      for (int64_t b = 0; b < n / 256; ++b)
        for (int64_t i = 0; i < 256; ++i)
          out[256 * b + i] = double{blocks[b].d} * blocks[b].codes[i];
      return;
    }
    case ActivationType::i8_s: {
      const auto* row = reinterpret_cast<const RowI8_S*>(packed);
      for (int64_t i = 0; i < n; ++i) out[i] = row->codes[i] / double{row->scale};
      return;
    }
  }
}

ActivationType type_of(ProductRounding rounding, ActivationType partner) {
  if (rounding == ProductRounding::f16) return ActivationType::f16;
  return rounding == ProductRounding::bf16 ? ActivationType::bf16 : partner;
}

template <class Format, class Codes>
Codes unpacked(const Matrix& matrix, int64_t row, int64_t block) {
  Codes codes{};
  Format::unpack(reinterpret_cast<const uint8_t*>(matrix.row(row)) + block * Format::kBytes, codes);
  return codes;
}

// Each of the loops below is compiled twice: the bits are the same, the lanes are wider with AVX2.
// No target_clones: their resolvers run before a sanitizer's own start.

bool has_avx2() {
  static const bool has = __builtin_cpu_supports("avx2") != 0;
  return has;
}

/// Dots of kTogether rows w (n values each) with x. n is a multiple of kLanes.
[[gnu::always_inline]] inline void dots_loop(const double* w, const double* x, int64_t n,
                                             double* out) {
  Lane sums[kTogether][2] = {};
  for (int64_t i = 0; i < n; i += kLanes) {
    Lane low;
    Lane high;
    std::memcpy(&low, x + i, sizeof(low));
    std::memcpy(&high, x + i + 4, sizeof(high));
    for (int64_t r = 0; r < kTogether; ++r) {
      Lane a;
      Lane b;
      std::memcpy(&a, w + r * n + i, sizeof(a));
      std::memcpy(&b, w + r * n + i + 4, sizeof(b));
      sums[r][0] += a * low;
      sums[r][1] += b * high;
    }
  }
  for (int64_t r = 0; r < kTogether; ++r) {
    const Lane both = sums[r][0] + sums[r][1];
    out[r] = (both[0] + both[1]) + (both[2] + both[3]);
  }
}

[[gnu::target("avx2")]] void dots_avx2(const double* w, const double* x, int64_t n, double* out) {
  dots_loop(w, x, n, out);
}
void dots(const double* w, const double* x, int64_t n, double* out) {
  return has_avx2() ? dots_avx2(w, x, n, out) : dots_loop(w, x, n, out);
}

/// The sum of a · b over n values.
double dot(const double* a, const double* b, int64_t n) {
  Lane sums = {};
  int64_t i = 0;
  for (; i + 4 <= n; i += 4) {
    Lane x;
    Lane y;
    std::memcpy(&x, a + i, sizeof(x));
    std::memcpy(&y, b + i, sizeof(y));
    sums += x * y;
  }
  double sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
  for (; i < n; ++i) sum += a[i] * b[i];
  return sum;
}

/// What minima add to the blocks of kTogether rows, as far as a format has any: by block the
/// minimum of each row, and the sum of the activations that it meets.
struct OfMinima {
  const double* minima = nullptr;  // blocks × kTogether
  const double* sums = nullptr;
};

// Vectors go by reference: by value they would be passed in another way with AVX.

[[gnu::always_inline]] inline void add_sizes(const Lane& x, Lane& to) { to += x < 0 ? -x : x; }

/// Adds to each value of `to` the sum of the lanes of one of four rows: (0 + 1) + (2 + 3).
[[gnu::always_inline]] inline void add_lanes(const Lane (&rows)[kTogether], Lane& to) {
  const Lane pairs01 = __builtin_shufflevector(rows[0], rows[1], 0, 4, 2, 6) +
                       __builtin_shufflevector(rows[0], rows[1], 1, 5, 3, 7);
  const Lane pairs23 = __builtin_shufflevector(rows[2], rows[3], 0, 4, 2, 6) +
                       __builtin_shufflevector(rows[2], rows[3], 1, 5, 3, 7);
  to += __builtin_shufflevector(pairs01, pairs23, 0, 1, 4, 5) +
        __builtin_shufflevector(pairs01, pairs23, 2, 3, 6, 7);
}

/// The same as dots, with the size of what is summed up: of blocks of `block` values, or single
/// ones.
[[gnu::always_inline]] inline void sizes_loop(const double* w, const double* x, int64_t n,
                                              int64_t block, const OfMinima& of, double* out,
                                              double* sizes) {
  const int64_t blocks = block == 1 ? 1 : (n + block - 1) / block;
  // An engine adds a block's integers up in several lanes and rounds each: once, not once a block.
  const double of_lanes = 2 / std::sqrt(static_cast<double>(n));
  Lane total = {};
  Lane size = {};
  for (int64_t b = 0; b < blocks; ++b) {
    const int64_t begin = b * block;
    const int64_t end = block == 1 ? n : std::min(n, begin + block);
    Lane sums[kTogether] = {};
    Lane absolute[kTogether] = {};
    for (int64_t i = begin; i < end; i += 4) {
      Lane values;
      std::memcpy(&values, x + i, sizeof(values));
      for (int64_t r = 0; r < kTogether; ++r) {
        Lane weights;
        std::memcpy(&weights, w + r * n + i, sizeof(weights));
        const Lane product = weights * values;
        sums[r] += product;
        if (block == 1) add_sizes(product, absolute[r]);
      }
    }
    Lane sum = {};
    add_lanes(sums, sum);
    total += sum;
    if (block == 1) {
      add_lanes(absolute, size);
      continue;
    }
    Lane minimum = {};
    if (of.minima != nullptr) {
      std::memcpy(&minimum, of.minima + b * kTogether, sizeof(minimum));
      minimum *= of.sums[b];
    }
    Lane lanes[kTogether] = {};
    for (int64_t r = 0; r < kTogether; ++r) add_sizes(sums[r], lanes[r]);
    Lane of_block = {};
    add_lanes(lanes, of_block);
    of_block *= of_lanes;
    add_sizes(sum - minimum, of_block);
    add_sizes(minimum, of_block);
    size += of_block;
  }
  std::memcpy(out, &total, sizeof(total));
  std::memcpy(sizes, &size, sizeof(size));
}

[[gnu::target("avx2")]] void sizes_avx2(const double* w, const double* x, int64_t n, int64_t block,
                                        const OfMinima& of, double* out, double* sizes) {
  sizes_loop(w, x, n, block, of, out, sizes);
}
void dots_and_sizes(const double* w, const double* x, int64_t n, int64_t block, const OfMinima& of,
                    double* out, double* sizes) {
  return has_avx2() ? sizes_avx2(w, x, n, block, of, out, sizes)
                    : sizes_loop(w, x, n, block, of, out, sizes);
}

}  // namespace

/// Where codes have an offset, engines add it up by itself, too: minus 32 scales in Q6_K.
int64_t minimum_group(WeightType type) {
  switch (type) {
    case WeightType::q4_1:
    case WeightType::q5_1:
      return 32;
    case WeightType::q2_k:
    case WeightType::q4_k:
    case WeightType::q5_k:
    case WeightType::q6_k:
    case WeightType::tq1_0:
    case WeightType::tq2_0:
      return 16;
    default:
      return 0;
  }
}

void read_minima(const Matrix& matrix, int64_t row, double* out) {
  const auto of_small = [&](auto format) {
    for (int64_t b = 0; b < matrix.cols / 32; ++b)
      out[b] = unpacked<decltype(format), Codes32>(matrix, row, b).m;
  };
  const auto of_super = [&](auto format) {
    for (int64_t b = 0; b < matrix.cols / 256; ++b) {
      const auto codes = unpacked<decltype(format), Codes256>(matrix, row, b);
      for (int64_t g = 0; g < 16; ++g) out[16 * b + g] = -double{codes.dmin} * codes.min[g];
    }
  };
  const WeightType type = matrix.format->type;
  if (type == WeightType::q4_1) of_small(Q4_1{});
  if (type == WeightType::q5_1) of_small(Q5_1{});
  if (type == WeightType::q2_k) of_super(Q2_K{});
  if (type == WeightType::q4_k) of_super(Q4_K{});
  if (type == WeightType::q5_k) of_super(Q5_K{});
  const auto of_offset = [&](auto format, int offset) {
    for (int64_t b = 0; b < matrix.cols / 256; ++b) {
      const auto codes = unpacked<decltype(format), Codes256>(matrix, row, b);
      for (int64_t g = 0; g < 16; ++g) out[16 * b + g] = -double{codes.d} * codes.scale[g] * offset;
    }
  };
  if (type == WeightType::q6_k) of_offset(Q6_K{}, 32);
  if (type == WeightType::tq1_0) of_offset(TQ1_0{}, 1);
  if (type == WeightType::tq2_0) of_offset(TQ2_0{}, 1);
}

ProductRows::ProductRows(const double* x, int64_t rows, int64_t n, ProductRounding rounding,
                         ActivationType partner)
    : rows_(rows), cols_(n), values_(static_cast<size_t>(rows * n)) {
  if (rounding == ProductRounding::none) {
    std::copy_n(x, rows * n, values_.begin());
    return;
  }
  const ActivationType type = type_of(rounding, partner);
  // Engines add up the integers of a super-block in several lanes, and round each.
  block_ = type == ActivationType::i8_s ? n : std::min(32, activation_block_elements(type));
  std::vector<float> narrow(static_cast<size_t>(n));
  // i8_s begins with numbers of four bytes each.
  std::vector<std::byte> packed(static_cast<size_t>(packed_row_bytes(type, n)));
  if (type == ActivationType::q8_1) sum_errors_.resize(static_cast<size_t>(rows * (n / 32)));
  for (int64_t r = 0; r < rows; ++r) {
    std::transform(x + r * n, x + (r + 1) * n, narrow.begin(),
                   [](double value) { return static_cast<float>(value); });
    pack_row_scalar(type, narrow.data(), n, packed.data());
    widen(type, packed.data(), n, values_.data() + r * n,
          sum_errors_.empty() ? nullptr : sum_errors_.data() + r * (n / 32));
  }
  if (block_ == 1) return;
  for (const int64_t group : {16, 32}) {
    if (n % group != 0) continue;
    std::vector<double>& sums = group == 16 ? sums_of_16_ : sums_of_32_;
    sums.resize(static_cast<size_t>(rows * n / group));
    for (size_t g = 0; g < sums.size(); ++g) {
      const double* first = values_.data() + g * static_cast<size_t>(group);
      sums[g] = std::accumulate(first, first + group, 0.0);
    }
  }
}

ProductRows activations_of(const MatMul& product, const double* x, int64_t rows,
                           ProductRounding rounding) {
  const int64_t cols = product.matrix.cols;
  const ActivationType partner = product.matrix.format->activation;
  if (product.activations == RoundedActivations::declared)
    return {x, rows, cols, rounding, partner};
  if (product.activations == RoundedActivations::floats)
    return {x, rows, cols, ProductRounding::none, partner};
  std::vector<float> coded(x, x + rows * cols);
  const int64_t group = product.activations == RoundedActivations::blocks ? 32 : cols;
  round_to_codes(coded.data(), std::ssize(coded), group);
  const std::vector<double> wide(coded.begin(), coded.end());
  return {wide.data(), rows, cols, ProductRounding::none, partner};
}

const std::vector<double>& ProductRows::group_sums(int64_t group) const {
  return group == 16 ? sums_of_16_ : sums_of_32_;
}

void product(const Matrix& matrix, const ProductRows& x, ThreadPool& pool, double* out,
             int64_t stride, double* magnitude) {
  const int64_t n = matrix.cols;
  const int64_t width = (n + kLanes - 1) / kLanes * kLanes;
  const std::vector<double>& sum_errors = x.sum_errors();
  // Whole lanes: zeros fill the last one.
  std::vector<double> padded;
  const double* rows = x.row(0);
  if (width != n) {
    padded.assign(static_cast<size_t>(x.rows() * width), 0.0);
    for (int64_t p = 0; p < x.rows(); ++p) std::copy_n(x.row(p), n, padded.data() + p * width);
    rows = padded.data();
  }
  const int64_t group = x.block() == 1 ? 0 : minimum_group(matrix.format->type);
  const int64_t block = group == 0 ? x.block() : group;
  const int64_t groups = group == 0 ? 0 : n / group;
  pool.parallel_for(matrix.rows, kTogether, [&](int64_t begin, int64_t end) {
    std::vector<float> decoded(static_cast<size_t>(n));
    std::vector<double> w(static_cast<size_t>(kTogether * width));
    std::vector<double> minima(static_cast<size_t>(kTogether * groups));
    std::vector<double> by_group(minima.size());
    double sums[kTogether];
    double sizes[kTogether];
    for (int64_t r = begin; r < end; r += kTogether) {
      const int64_t together = std::min(kTogether, end - r);
      for (int64_t i = 0; i < together; ++i) {
        matrix.decode_row(r + i, decoded.data());
        std::copy(decoded.begin(), decoded.end(), w.data() + i * width);
        if (group == 0) continue;
        read_minima(matrix, r + i, minima.data() + i * groups);
        for (int64_t g = 0; g < groups; ++g)
          by_group[static_cast<size_t>(g * kTogether + i)] =
              minima[static_cast<size_t>(i * groups + g)];
      }
      for (int64_t p = 0; p < x.rows(); ++p) {
        if (magnitude == nullptr) {
          dots(w.data(), rows + p * width, width, sums);
        } else {
          OfMinima of;
          if (group > 0) of = {by_group.data(), x.group_sums(group).data() + p * groups};
          dots_and_sizes(w.data(), rows + p * width, width, block, of, sums, sizes);
          std::copy_n(sizes, together, magnitude + p * stride + r);
        }
        for (int64_t i = 0; !sum_errors.empty() && i < together; ++i)
          sums[i] += dot(minima.data() + i * groups, sum_errors.data() + p * groups, groups);
        std::copy_n(sums, together, out + p * stride + r);
      }
    }
  });
}

}  // namespace crossval
