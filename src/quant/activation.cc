#include "quant/activation.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/float16.h"

namespace crossval {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

/// Round to nearest even of |value| < 2^22: the sum lies where one unit in the last place is 1.
int round_even(float value) {
  constexpr float kShift = 0x1.8p23F;
  return std::bit_cast<int32_t>(value + kShift) - std::bit_cast<int32_t>(kShift);
}

struct Extent {
  float largest = 0;  // max |x|
  float at = 0;       // the first x with that magnitude
  bool nan = false;
};

Extent extent_of(const float* x, int64_t count) {
  Extent extent;
  for (int64_t i = 0; i < count; ++i) {
    if (std::isnan(x[i])) extent.nan = true;
    if (std::fabs(x[i]) > extent.largest) {
      extent.largest = std::fabs(x[i]);
      extent.at = x[i];
    }
  }
  return extent;
}

/// The common part of Q8_0 and Q8_1. Returns the scale before its rounding to binary16 and leaves
/// the sum of the codes as 32-bit integers in `sum`. A product that is not finite (the multiplier
/// overflowed, or an infinite x) becomes the integer -2^31, stored as -128; their sum wraps as
/// 32-bit addition does.
float quantize_block32(const float* x, int8_t* codes, int32_t& sum) {
  const Extent extent = extent_of(x, 32);
  if (extent.nan) {  // stays visible: the scale makes every product with this block NaN
    std::memset(codes, 0, 32);
    sum = 0;
    return kNaN;
  }
  const float multiplier = extent.largest == 0 ? 0 : 127.0F / extent.largest;
  uint32_t total = 0;
  for (int i = 0; i < 32; ++i) {
    const float product = x[i] * multiplier;
    if (std::isfinite(product)) {
      const int code = round_even(product);
      codes[i] = static_cast<int8_t>(code);
      total += static_cast<uint32_t>(code);
    } else {
      codes[i] = -128;
      total += 0x80000000U;
    }
  }
  sum = static_cast<int32_t>(total);
  return extent.largest / 127.0F;
}

void pack_q8_0(const float* x, int64_t n, BlockQ8_0* out) {
  for (int64_t b = 0; b < n / 32; ++b) {
    int32_t sum = 0;
    const float d = quantize_block32(x + 32 * b, out[b].codes, sum);
    out[b].d = f16_to_f32(f32_to_f16(d));
  }
}

void pack_q8_1(const float* x, int64_t n, BlockQ8_1* out) {
  for (int64_t b = 0; b < n / 32; ++b) {
    int32_t sum = 0;
    const float d = quantize_block32(x + 32 * b, out[b].codes, sum);
    out[b].d = f16_to_f32(f32_to_f16(d));
    out[b].s = f16_to_f32(f32_to_f16(d * static_cast<float>(sum)));
  }
}

void pack_block_q8_k(const float* x, BlockQ8_K& out) {
  const Extent extent = extent_of(x, 256);
  if (extent.nan || extent.largest == 0) {
    std::memset(&out, 0, sizeof out);
    if (extent.nan) out.d = kNaN;  // stays visible, as in Q8_0
    return;
  }
  const float multiplier = -127.0F / extent.at;
  for (int i = 0; i < 256; ++i) {
    const float product = multiplier * x[i];
    // Not finite when the multiplier overflowed (d is then -0 or +0) or x is infinite (d is
    // infinite).
    out.codes[i] = static_cast<int8_t>(std::isfinite(product) ? round_even(product) : 0);
  }
  for (int g = 0; g < 16; ++g) {
    int sum = 0;
    for (int i = 0; i < 16; ++i) sum += out.codes[16 * g + i];
    out.sums[g] = static_cast<int16_t>(sum);
  }
  out.d = 1.0F / multiplier;
}

/// One scale for the row. A code beyond eight bits cannot occur: |x| · scale is at most 127 and
/// half an ulp.
void pack_i8_s(const float* x, int64_t n, RowI8_S& out) {
  const Extent extent = extent_of(x, n);
  out.scale =
      extent.nan ? kNaN : static_cast<float>(127.0 / std::max(1e-5, double{extent.largest}));
  out.sum = 0;
  for (int64_t i = 0; i < n; ++i) {
    const float product = x[i] * out.scale;
    // Not finite when a NaN is in the row, or an infinity, whose scale is 0: then every dot is NaN.
    const int code = std::isfinite(product) ? round_even(product) : 0;
    out.codes[i] = static_cast<int8_t>(code);
    out.sum += code;
  }
}

template <class Narrow>
void pack_narrow(const float* x, int64_t n, std::byte* out, Narrow narrow) {
  for (int64_t i = 0; i < n; ++i) {
    const uint16_t value = narrow(x[i]);
    std::memcpy(out + 2 * i, &value, 2);
  }
}

}  // namespace

std::string_view activation_name(ActivationType type) {
  switch (type) {
    case ActivationType::f32:
      return "F32";
    case ActivationType::f16:
      return "F16";
    case ActivationType::bf16:
      return "BF16";
    case ActivationType::q8_0:
      return "Q8_0";
    case ActivationType::q8_1:
      return "Q8_1";
    case ActivationType::q8_k:
      return "Q8_K";
    case ActivationType::i8_s:
      return "I8_S";
  }
  return "";
}

int activation_block_elements(ActivationType type) {
  switch (type) {
    case ActivationType::q8_0:
    case ActivationType::q8_1:
      return 32;
    case ActivationType::q8_k:
      return 256;
    default:
      return 1;
  }
}

int64_t packed_row_bytes(ActivationType type, int64_t n) {
  switch (type) {
    case ActivationType::f32:
      return 4 * n;
    case ActivationType::f16:
    case ActivationType::bf16:
      return 2 * n;
    case ActivationType::q8_0:
      return n / 32 * static_cast<int64_t>(sizeof(BlockQ8_0));
    case ActivationType::q8_1:
      return n / 32 * static_cast<int64_t>(sizeof(BlockQ8_1));
    case ActivationType::q8_k:
      return n / 256 * static_cast<int64_t>(sizeof(BlockQ8_K));
    case ActivationType::i8_s:
      return static_cast<int64_t>(sizeof(RowI8_S)) + n;
  }
  return 0;
}

void pack_row_scalar(ActivationType type, const float* x, int64_t n, std::byte* out) {
  switch (type) {
    case ActivationType::f32:
      std::memcpy(out, x, 4 * static_cast<size_t>(n));
      break;
    case ActivationType::f16:
      pack_narrow(x, n, out, f32_to_f16);
      break;
    case ActivationType::bf16:
      pack_narrow(x, n, out, f32_to_bf16);
      break;
    case ActivationType::q8_0:
      pack_q8_0(x, n, reinterpret_cast<BlockQ8_0*>(out));
      break;
    case ActivationType::q8_1:
      pack_q8_1(x, n, reinterpret_cast<BlockQ8_1*>(out));
      break;
    case ActivationType::q8_k: {
      auto* blocks = reinterpret_cast<BlockQ8_K*>(out);
      for (int64_t b = 0; b < n / 256; ++b) pack_block_q8_k(x + 256 * b, blocks[b]);
      break;
    }
    case ActivationType::i8_s:
      pack_i8_s(x, n, *reinterpret_cast<RowI8_S*>(out));
      break;
  }
}

}  // namespace crossval
