// Products of weight matrices with chunks of activations: pack once, then tiles over rows.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/thread_pool.h"
#include "kernels/kernels.h"
#include "model/model.h"

namespace crossval {

/// A chunk of activations packed for a weight format's partner type; reused from product to
/// product.
class PackedRows {
 public:
  /// Packs `positions` rows of n values. Which thread packs what does not change a bit.
  void pack(const KernelSet& kernels, ThreadPool& pool, ActivationType type, const float* x,
            int64_t positions, int64_t n);

  /// Row rows[i] / share of `from` becomes row i.
  void gather(const PackedRows& from, std::span<const int64_t> rows, int64_t share);

  ActivationType type() const { return type_; }
  const std::byte* data() const { return bytes_.data(); }
  int64_t stride() const { return stride_; }
  int64_t positions() const { return positions_; }

 private:
  ActivationType type_ = ActivationType::f32;
  int64_t stride_ = 0;
  int64_t positions_ = 0;
  std::vector<std::byte> bytes_;
};

/// out[p × matrix.rows + r] = dot(matrix row r, x row p) · matrix.scale, rows shared out among the
/// threads. x is packed as matrix.format->activation.
void product(const KernelSet& kernels, ThreadPool& pool, const Matrix& matrix, const PackedRows& x,
             float* out);

}  // namespace crossval
