#include "quant/block_fields.h"

namespace crossval {
namespace {

using enum FieldKind;

// ---- Where the bits of elements lie

/// Elements of kBits bits one behind the other, from bit kFirst of byte kByte on.
template <int kByte, int kBits, int kFirst = 0>
int run(int e, int bit) {
  return 8 * kByte + kFirst + kBits * e + bit;
}

/// The low nibbles of kHalf bytes, then their high ones, then the next kHalf bytes.
template <int kByte, int kHalf>
int nibbles(int e, int bit) {
  return 8 * (kByte + e / (2 * kHalf) * kHalf + e % kHalf) + 4 * (e % (2 * kHalf) / kHalf) + bit;
}

/// Bit pairs: of each 32 bytes the lowest pairs first (quant/codes256.h).
template <int kByte>
int pairs(int e, int bit) {
  return 8 * (kByte + e / 128 * 32 + e % 32) + 2 * (e % 128 / 32) + bit;
}

/// One bit of each value: bit k of byte i belongs to value 32k + i.
template <int kByte>
int plane(int e, int /*bit*/) {
  return 8 * (kByte + e % 32) + e / 32;
}

/// The first kLow bits of an element as Low says, the others as High does.
using Place = int (*)(int, int);
template <int kLow, Place low, Place high>
int joined(int e, int bit) {
  return bit < kLow ? low(e, bit) : high(e, bit - kLow);
}

/// Scales and minima of Q4_K and Q5_K (quant/k_quants.h), from byte 4 on.
template <int kFirst, int kLowNibble>
int six_bits(int e, int bit) {
  if (e < 4) return 8 * (4 + kFirst + e) + bit;
  return bit < 4 ? 8 * (4 + 4 + e) + kLowNibble + bit : 8 * (4 + kFirst + e - 4) + 2 + bit;
}

int q3_scale(int e, int bit) {
  if (bit < 4) return 8 * (96 + e % 8) + 4 * (e / 8) + bit;
  return 8 * (104 + e % 4) + 2 * (e / 4) + bit - 4;
}

/// Fields of a 32-bit word: one for each 32 values at byte kByte + kStride · group.
template <int kByte, int kStride>
int word_signs(int e, int bit) {
  return 8 * (kByte + kStride * (e / 4)) + 7 * (e % 4) + bit;
}
template <int kByte, int kStride>
int word_scale(int e, int bit) {
  return 8 * (kByte + kStride * e) + 28 + bit;
}

int iq2_xxs_index(int e, int bit) { return 8 * (2 + 8 * (e / 4) + e % 4) + bit; }
template <int kFirst>
int iq2_xs_entry(int e, int bit) {
  return 8 * (2 + 2 * e) + kFirst + bit;
}
int iq1_s_high(int e, int bit) { return 8 * (34 + 2 * (e / 4)) + 3 * (e % 4) + bit; }
template <int kFirst>
int iq1_s_word(int e, int bit) {
  return 8 * (34 + 2 * e) + kFirst + bit;
}
template <int kFirst>
int iq1_m_nibble(int e, int bit) {
  return 8 * 32 + 4 * e + kFirst + bit;
}
int iq1_m_scale(int e, int bit) { return 8 * (48 + 2 * (e / 4)) + 3 * (e % 4) + bit; }
int iq1_m_d(int /*e*/, int bit) { return 8 * (48 + 2 * (bit / 4)) + 12 + bit % 4; }
template <int kFirst>
int nvfp4_scale(int e, int bit) {
  return 8 * e + kFirst + bit;
}
int i2_s_code(int e, int bit) { return 8 * (e % 32) + 6 - 2 * (e / 32) + bit; }

// ---- The table

template <int kByte>
constexpr BlockField half_at(std::string_view name = "d", FieldKind kind = half) {
  return {name, kind, 1, 16, run<kByte, 16>};
}
constexpr BlockField kScaleOfSix{"scale", scale, 8, 6, six_bits<0, 0>};
constexpr BlockField kMinOfSix{"min", min, 8, 6, six_bits<4, 4>};

constexpr BlockField kF32[] = {{"mantissa", floats, 1, 23, run<0, 23>},
                               {"exponent", floats, 1, 8, run<0, 8, 23>},
                               {"sign", floats, 1, 1, run<0, 1, 31>}};
constexpr BlockField kF16[] = {{"mantissa", floats, 1, 10, run<0, 10>},
                               {"exponent", floats, 1, 5, run<0, 5, 10>},
                               {"sign", floats, 1, 1, run<0, 1, 15>}};
constexpr BlockField kBf16[] = {{"mantissa", floats, 1, 7, run<0, 7>},
                                {"exponent", floats, 1, 8, run<0, 8, 7>},
                                {"sign", floats, 1, 1, run<0, 1, 15>}};
constexpr BlockField kQ40[] = {half_at<0>(), {"code", code, 32, 4, nibbles<2, 16>}};
constexpr BlockField kQ41[] = {
    half_at<0>(), half_at<2>("m", half_min), {"code", code, 32, 4, nibbles<4, 16>}};
constexpr BlockField kQ50[] = {half_at<0>(),
                               {"code", code, 32, 5, joined<4, nibbles<6, 16>, run<2, 1>>}};
constexpr BlockField kQ51[] = {half_at<0>(),
                               half_at<2>("m", half_min),
                               {"code", code, 32, 5, joined<4, nibbles<8, 16>, run<4, 1>>}};
constexpr BlockField kQ80[] = {half_at<0>(), {"code", code, 32, 8, run<2, 8>}};
constexpr BlockField kQ2K[] = {half_at<80>(),
                               half_at<82>("dmin", half_min),
                               {"scale", scale, 16, 4, run<0, 8>},
                               {"min", min, 16, 4, run<0, 8, 4>},
                               {"code", code, 256, 2, pairs<16>}};
constexpr BlockField kQ3K[] = {half_at<108>(),
                               {"scale", scale, 16, 6, q3_scale},
                               {"code", code, 256, 3, joined<2, pairs<32>, plane<0>>}};
constexpr BlockField kQ4K[] = {half_at<0>(),
                               half_at<2>("dmin", half_min),
                               kScaleOfSix,
                               kMinOfSix,
                               {"code", code, 256, 4, nibbles<16, 32>}};
constexpr BlockField kQ5K[] = {half_at<0>(),
                               half_at<2>("dmin", half_min),
                               kScaleOfSix,
                               kMinOfSix,
                               {"code", code, 256, 5, joined<4, nibbles<48, 32>, plane<16>>}};
constexpr BlockField kQ6K[] = {half_at<208>(),
                               {"scale", scale, 16, 8, run<192, 8>},
                               {"code", code, 256, 6, joined<4, nibbles<0, 64>, pairs<128>>}};
constexpr BlockField kIq2Xxs[] = {half_at<0>(),
                                  {"index", code, 32, 8, iq2_xxs_index},
                                  {"signs", code, 32, 7, word_signs<6, 8>},
                                  {"scale", scale, 8, 4, word_scale<6, 8>}};
constexpr BlockField kIq2Xs[] = {half_at<0>(),
                                 {"index", code, 32, 9, iq2_xs_entry<0>},
                                 {"signs", code, 32, 7, iq2_xs_entry<9>},
                                 {"scale", scale, 16, 4, run<66, 4>}};
constexpr BlockField kIq2S[] = {half_at<0>(),
                                {"index", code, 32, 10, joined<8, run<2, 8>, run<66, 2>>},
                                {"signs", code, 32, 8, run<34, 8>},
                                {"scale", scale, 16, 4, run<74, 4>}};
constexpr BlockField kIq3Xxs[] = {half_at<0>(),
                                  {"index", code, 64, 8, run<2, 8>},
                                  {"signs", code, 32, 7, word_signs<66, 4>},
                                  {"scale", scale, 8, 4, word_scale<66, 4>}};
constexpr BlockField kIq3S[] = {half_at<0>(),
                                {"index", code, 64, 9, joined<8, run<2, 8>, run<66, 1>>},
                                {"signs", code, 32, 8, run<74, 8>},
                                {"scale", scale, 8, 4, run<106, 4>}};
constexpr BlockField kIq1S[] = {half_at<0>(),
                                {"index", code, 32, 11, joined<8, run<2, 8>, iq1_s_high>},
                                {"scale", scale, 8, 3, iq1_s_word<12>},
                                {"shift", code, 8, 1, iq1_s_word<15>}};
constexpr BlockField kIq1M[] = {{"d", half, 1, 16, iq1_m_d},
                                {"index", code, 32, 11, joined<8, run<0, 8>, iq1_m_nibble<0>>},
                                {"scale", scale, 16, 3, iq1_m_scale},
                                {"shift", code, 32, 1, iq1_m_nibble<3>}};
constexpr BlockField kIq4Nl[] = {half_at<0>(), {"code", code, 32, 4, nibbles<2, 16>}};
constexpr BlockField kIq4Xs[] = {half_at<0>(),
                                 {"scale", scale, 8, 6, joined<4, run<4, 4>, run<2, 2>>},
                                 {"code", code, 256, 4, nibbles<8, 16>}};
// A byte holds several values, which are as far apart as the section has bytes.
constexpr BlockField kTq10[] = {{"digits of 160", code, 32, 8, run<0, 8>},
                                {"digits of 80", code, 16, 8, run<32, 8>},
                                {"digits of 16", code, 4, 8, run<48, 8>},
                                half_at<52>()};
constexpr BlockField kTq20[] = {{"code", code, 256, 2, pairs<0>, 3}, half_at<64>()};
constexpr BlockField kI2s[] = {{"code", code, 128, 2, i2_s_code, 3}};  // the scale is the tensor's
constexpr BlockField kMxfp4[] = {{"e", e8m0, 1, 8, run<0, 8>},
                                 {"code", code, 32, 4, nibbles<1, 16>}};
constexpr BlockField kNvfp4[] = {{"scale", ue4m3, 4, 7, nvfp4_scale<0>},
                                 {"scale's sign", unused, 4, 1, nvfp4_scale<7>, 1},
                                 {"code", code, 64, 4, nibbles<4, 8>}};
constexpr BlockField kQ10[] = {half_at<0>(), {"code", code, 128, 1, run<2, 1>}};
constexpr BlockField kQ20[] = {half_at<0>(), {"code", code, 64, 2, run<2, 2>}};

}  // namespace

std::span<const BlockField> block_fields(WeightType type) {
  using enum WeightType;
  switch (type) {
    case f32:
      return kF32;
    case f16:
      return kF16;
    case bf16:
      return kBf16;
    case q4_0:
      return kQ40;
    case q4_1:
      return kQ41;
    case q5_0:
      return kQ50;
    case q5_1:
      return kQ51;
    case q8_0:
      return kQ80;
    case q2_k:
      return kQ2K;
    case q3_k:
      return kQ3K;
    case q4_k:
      return kQ4K;
    case q5_k:
      return kQ5K;
    case q6_k:
      return kQ6K;
    case iq2_xxs:
      return kIq2Xxs;
    case iq2_xs:
      return kIq2Xs;
    case iq3_xxs:
      return kIq3Xxs;
    case iq1_s:
      return kIq1S;
    case iq4_nl:
      return kIq4Nl;
    case iq3_s:
      return kIq3S;
    case iq2_s:
      return kIq2S;
    case iq4_xs:
      return kIq4Xs;
    case iq1_m:
      return kIq1M;
    case tq1_0:
      return kTq10;
    case tq2_0:
      return kTq20;
    case i2_s:
      return kI2s;
    case mxfp4:
      return kMxfp4;
    case nvfp4:
      return kNvfp4;
    case q1_0:
      return kQ10;
    case q2_0:
      return kQ20;
  }
  return {};
}

uint32_t BlockField::get(const uint8_t* block, int element) const {
  const int first = place(element, 0);
  if (place(element, bits - 1) == first + bits - 1 && first % 8 + bits <= 8)  // within a byte
    return (static_cast<uint32_t>(block[first / 8]) >> (first % 8)) & ((1U << bits) - 1);
  uint32_t value = 0;
  for (int bit = 0; bit < bits; ++bit) {
    const int at = place(element, bit);
    value |= (static_cast<uint32_t>(block[at / 8]) >> (at % 8) & 1U) << bit;
  }
  return value;
}

void BlockField::set(uint8_t* block, int element, uint32_t value) const {
  const int first = place(element, 0);
  if (place(element, bits - 1) == first + bits - 1 && first % 8 == 0 && bits % 8 == 0) {
    for (int byte = 0; byte < bits / 8; ++byte)
      block[first / 8 + byte] = static_cast<uint8_t>(value >> (8 * byte));
    return;
  }
  for (int bit = 0; bit < bits; ++bit) {
    const int at = place(element, bit);
    const unsigned mask = 1U << (at % 8);
    block[at / 8] = static_cast<uint8_t>((block[at / 8] & ~mask) | (value >> bit & 1U) << (at % 8));
  }
}

}  // namespace crossval
