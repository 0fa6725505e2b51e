// Keys and values of the positions evaluated so far, in binary16 or f32.
//
// Keys lie one position after the other (a key row is a weight row of the score product). Values
// lie transposed, one row of positions per value element, because the value product runs over
// positions.
#pragma once

#include <cstdint>
#include <vector>

#include "base/error.h"
#include "base/zeroed_bytes.h"
#include "model/hparams.h"
#include "quant/format.h"

namespace crossval {

enum class KvType : uint8_t { f16, f32 };

class KvCache {
 public:
  /// Room for `capacity` positions of every layer that attends, zeroed. Errors (engine_failed): not
  /// enough memory.
  static Result<KvCache> create(const Hparams& hparams, KvType type, int64_t capacity);

  WeightType type() const { return type_ == KvType::f16 ? WeightType::f16 : WeightType::f32; }
  ActivationType partner() const {
    return type_ == KvType::f16 ? ActivationType::f16 : ActivationType::f32;
  }
  int64_t capacity() const { return capacity_; }

  /// Stores `n` positions from `first` on: k is n × the layer's k_width, v is n × v_width. Values
  /// behind them are zero afterwards as far as a dot over positions may reach, whatever was there.
  void store(int64_t layer, int64_t first, int64_t n, const float* k, const float* v);

  /// Key row of head `head` at position 0; the next position's lies k_stride() bytes on.
  const std::byte* keys(int64_t layer, int64_t head) const;
  int64_t k_stride(int64_t layer) const { return at(layer).k_width * element_; }

  /// Positions of value element 0 of head `head`; the next element's lie v_stride() bytes on.
  const std::byte* values(int64_t layer, int64_t head) const;
  int64_t v_stride() const { return capacity_ * element_; }
  int64_t element_bytes() const { return element_; }

  /// Keys of `n` positions from `first` on as they are stored, n × k_width; none where the layer
  /// has none.
  std::vector<float> key_rows(int64_t layer, int64_t first, int64_t n) const;
  /// Their values, n × v_width.
  std::vector<float> value_rows(int64_t layer, int64_t first, int64_t n) const;

  /// False once a value of this layer, as it is stored, is NaN or infinite; true again from
  /// position 0 on.
  bool finite_values(int64_t layer) const { return at(layer).finite_values; }

 private:
  /// One layer's part of the memory.
  struct Part {
    int64_t k_width = 0, v_width = 0;
    int64_t k_start = 0, v_start = 0;  // values before it
    bool finite_values = true;
  };
  float read(const ZeroedBytes& bytes, int64_t at) const;
  const Part& at(int64_t layer) const { return parts_[static_cast<size_t>(layer)]; }

  KvType type_ = KvType::f16;
  int64_t element_ = 2;   // bytes of a value
  int64_t capacity_ = 0;  // positions, a multiple of 32
  int64_t head_dim_k_ = 0, head_dim_v_ = 0;
  std::vector<Part> parts_;  // n_layer
  ZeroedBytes k_, v_;  // of each layer capacity × width; what no position reaches is never touched
};

}  // namespace crossval
