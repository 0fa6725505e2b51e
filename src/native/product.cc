#include "native/product.h"

#include <algorithm>

namespace crossval {
namespace {

constexpr int64_t kRowGrain = 16;  // weight rows of one call; a thread's share is a multiple of it
constexpr int64_t kPositionBlock = 64;  // packed rows that stay in the second-level cache

}  // namespace

void PackedRows::pack(const KernelSet& kernels, ThreadPool& pool, ActivationType type,
                      const float* x, int64_t positions, int64_t n) {
  type_ = type;
  stride_ = packed_row_bytes(type, n);
  positions_ = positions;
  bytes_.resize(static_cast<size_t>(stride_ * positions));
  const PackFn pack_row = kernels.pack(type);
  pool.parallel_for(positions, 1, [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; ++p) pack_row(x + p * n, n, bytes_.data() + p * stride_);
  });
}

void PackedRows::gather(const PackedRows& from, std::span<const int64_t> rows, int64_t share) {
  type_ = from.type_;
  stride_ = from.stride_;
  positions_ = static_cast<int64_t>(rows.size());
  bytes_.resize(static_cast<size_t>(stride_ * positions_));
  for (size_t i = 0; i < rows.size(); ++i) {
    std::copy_n(from.data() + rows[i] / share * stride_, stride_,
                bytes_.data() + static_cast<int64_t>(i) * stride_);
  }
}

void product(const KernelSet& kernels, ThreadPool& pool, const Matrix& matrix, const PackedRows& x,
             float* out) {
  const TileFn tile = kernels.tile(matrix.format->type);
  pool.parallel_for(matrix.rows, kRowGrain, [&](int64_t begin, int64_t end) {
    for (int64_t p = 0; p < x.positions(); p += kPositionBlock) {
      const int64_t positions = std::min(kPositionBlock, x.positions() - p);
      for (int64_t r = begin; r < end; r += kRowGrain) {
        tile(matrix.row(r), matrix.row_bytes(), std::min(kRowGrain, end - r),
             x.data() + p * x.stride(), x.stride(), positions, matrix.cols,
             out + p * matrix.rows + r, matrix.rows);
      }
      if (matrix.scale == 1.0F) continue;
      for (int64_t i = p; i < p + positions; ++i) {
        for (int64_t r = begin; r < end; ++r) out[i * matrix.rows + r] *= matrix.scale;
      }
    }
  });
}

}  // namespace crossval
