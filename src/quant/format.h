// Weight formats: how values are stored in a model file. One table entry per format; the scalar
// decoder is the truth every kernel is tested against. Numbers are GGUF's tensor type ids.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace crossval {

enum class WeightType : uint32_t {
  f32 = 0,
  f16 = 1,
  q4_0 = 2,
  q4_1 = 3,
  q5_0 = 6,
  q5_1 = 7,
  q8_0 = 8,
  q2_k = 10,
  q3_k = 11,
  q4_k = 12,
  q5_k = 13,
  q6_k = 14,
  iq2_xxs = 16,
  iq2_xs = 17,
  iq3_xxs = 18,
  iq1_s = 19,
  iq4_nl = 20,
  iq3_s = 21,
  iq2_s = 22,
  iq4_xs = 23,
  iq1_m = 29,
  bf16 = 30,
  tq1_0 = 34,
  tq2_0 = 35,
  i2_s = 36,  // bitnet.cpp
  mxfp4 = 39,
  nvfp4 = 40,
  q1_0 = 41,
  q2_0 = 42,
};

/// What a product converts its activations to before the dot, by weight format.
enum class ActivationType : uint8_t { f32, f16, bf16, q8_0, q8_1, q8_k, i8_s };

struct WeightFormat {
  WeightType type;
  std::string_view name;      // as upstream prints it: "Q4_1"
  int block_elements;         // values per block
  int block_bytes;            // stored bytes per block
  ActivationType activation;  // partner in a product
  /// Decodes `elements` values (a multiple of block_elements) from `blocks` to `out`.
  /// Formats with a scale of the whole tensor (I2_S) leave that to the caller.
  void (*decode)(const std::byte* blocks, float* out, int64_t elements);
  int tail_bytes = 0;  // behind the last row: what belongs to the whole tensor

  /// Bytes of a row of `elements` values; elements must be a multiple of block_elements.
  int64_t row_bytes(int64_t elements) const { return elements / block_elements * block_bytes; }
  /// Bytes of a tensor of `elements` values.
  int64_t tensor_bytes(int64_t elements) const { return row_bytes(elements) + tail_bytes; }
  /// What decoded values are multiplied by, from the tensor's tail; 1 without one.
  float tensor_scale(const std::byte* data, int64_t elements) const;
};

/// The entry for a GGUF tensor type id, or nullptr when we do not read it.
const WeightFormat* find_weight_format(uint32_t type_id);
const WeightFormat* find_weight_format(std::string_view name);  // case-insensitive
const WeightFormat& weight_format(WeightType type);

/// All formats, in id order.
std::span<const WeightFormat> weight_formats();

}  // namespace crossval
