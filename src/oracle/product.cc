#include "oracle/product.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "base/float16.h"
#include "quant/activation.h"
#include "quant/blocks32.h"

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
      for (int64_t i = 0; i < n; ++i)
        out[i] = double{blocks[i / 32].d} * blocks[i / 32].codes[i % 32];
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
      for (int64_t i = 0; i < n; ++i)
        out[i] = double{blocks[i / 256].d} * blocks[i / 256].codes[i % 256];
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

/// The minima of a row's blocks of 32, in formats whose partner is Q8_1.
void minima_of(const Matrix& matrix, int64_t row, double* out) {
  const auto* block = reinterpret_cast<const uint8_t*>(matrix.row(row));
  for (int64_t b = 0; b < matrix.cols / 32; ++b) {
    Codes32 codes{};
    (matrix.format->type == WeightType::q4_1 ? Q4_1::unpack : Q5_1::unpack)(
        block + b * matrix.format->block_bytes, codes);
    out[b] = codes.m;
  }
}

/// Dots of kTogether rows w (n values each) with x. n is a multiple of kLanes.
[[gnu::target_clones("avx2", "default")]] void dots(const double* w, const double* x, int64_t n,
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

}  // namespace

ProductRows::ProductRows(const double* x, int64_t rows, int64_t n, ProductRounding rounding,
                         ActivationType partner)
    : rows_(rows), cols_(n), values_(static_cast<size_t>(rows * n)) {
  if (rounding == ProductRounding::none) {
    std::copy_n(x, rows * n, values_.begin());
    return;
  }
  const ActivationType type = type_of(rounding, partner);
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
}

void product(const Matrix& matrix, const ProductRows& x, ThreadPool& pool, double* out,
             int64_t stride) {
  const int64_t n = matrix.cols;
  const int64_t width = (n + kLanes - 1) / kLanes * kLanes;
  const bool corrected = !x.sum_errors().empty();
  // Whole lanes: zeros fill the last one.
  std::vector<double> padded;
  const double* rows = x.row(0);
  if (width != n) {
    padded.assign(static_cast<size_t>(x.rows() * width), 0.0);
    for (int64_t p = 0; p < x.rows(); ++p) std::copy_n(x.row(p), n, padded.data() + p * width);
    rows = padded.data();
  }
  pool.parallel_for(matrix.rows, kTogether, [&](int64_t begin, int64_t end) {
    std::vector<float> decoded(static_cast<size_t>(n));
    std::vector<double> w(static_cast<size_t>(kTogether * width));
    std::vector<double> minima(static_cast<size_t>(corrected ? n / 32 : 0));
    double sums[kTogether];
    for (int64_t r = begin; r < end; r += kTogether) {
      const int64_t together = std::min(kTogether, end - r);
      for (int64_t i = 0; i < together; ++i) {
        matrix.decode_row(r + i, decoded.data());
        std::copy(decoded.begin(), decoded.end(), w.data() + i * width);
      }
      for (int64_t p = 0; p < x.rows(); ++p) {
        dots(w.data(), rows + p * width, width, sums);
        std::copy_n(sums, together, out + p * stride + r);
      }
      if (!corrected) continue;
      for (int64_t i = 0; i < together; ++i) {
        minima_of(matrix, r + i, minima.data());
        for (int64_t p = 0; p < x.rows(); ++p) {
          const double* errors = x.sum_errors().data() + p * (n / 32);
          for (int64_t b = 0; b < n / 32; ++b)
            out[p * stride + r + i] += minima[static_cast<size_t>(b)] * errors[b];
        }
      }
    }
  });
}

}  // namespace crossval
