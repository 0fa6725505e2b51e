// AVX2 packing of activations (definition: quant/activation.cc). Blocks with a NaN, an infinity or
// an overflowing multiplier are rare and go to the definition itself.
#include "kernels/avx2/lanes.h"
#include "kernels/avx2/tiles.h"

namespace crossval {
namespace {

constexpr float kLargestFinite = 3.40282347e38F;

/// max |x| of count values, or a value above kLargestFinite when one of them is infinite or NaN.
template <int kCount>
float largest_magnitude(const float* x) {
  const __m256 magnitude = _mm256_castsi256_ps(_mm256_set1_epi32(0x7FFFFFFF));
  __m256i largest =
      _mm256_setzero_si256();  // as integers, NaN is above infinity, above finite values
  for (int i = 0; i < kCount; i += 8) {
    const __m256 v = _mm256_and_ps(_mm256_loadu_ps(x + i), magnitude);
    largest = _mm256_max_epi32(largest, _mm256_castps_si256(v));
  }
  __m128i m = _mm_max_epi32(_mm256_castsi256_si128(largest), _mm256_extracti128_si256(largest, 1));
  m = _mm_max_epi32(m, _mm_shuffle_epi32(m, 0x4E));
  m = _mm_max_epi32(m, _mm_shuffle_epi32(m, 0xB1));
  return _mm_cvtss_f32(_mm_castsi128_ps(m));
}

inline bool finite(float magnitude) { return magnitude <= kLargestFinite; }

inline float round_to_f16(float v) { return _cvtsh_ss(_cvtss_sh(v, _MM_FROUND_TO_NEAREST_INT)); }

/// 32 values times the multiplier, rounded to even, as bytes; returns the integers' lane sums.
inline __m256i quantize32(const float* x, __m256 multiplier, int8_t* codes) {
  const __m256i a = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(x), multiplier));
  const __m256i b = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(x + 8), multiplier));
  const __m256i c = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(x + 16), multiplier));
  const __m256i d = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(x + 24), multiplier));
  const __m256i bytes = _mm256_packs_epi16(_mm256_packs_epi32(a, b), _mm256_packs_epi32(c, d));
  const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);  // packs work on 128-bit halves
  store256(codes, _mm256_permutevar8x32_epi32(bytes, order));
  return _mm256_add_epi32(_mm256_add_epi32(a, b), _mm256_add_epi32(c, d));
}

inline int32_t total_of(__m256i lanes) {
  __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(lanes), _mm256_extracti128_si256(lanes, 1));
  sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0x4E));
  return _mm_cvtsi128_si32(_mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0xB1)));
}

/// Q8_0 and Q8_1, which differ in the sum.
template <class Block, ActivationType kType>
void pack32(const float* x, int64_t n, std::byte* out) {
  auto* block = reinterpret_cast<Block*>(out);
  for (int64_t i = 0; i < n; i += 32, ++block) {
    const float largest = largest_magnitude<32>(x + i);
    const float multiplier = largest == 0 ? 0 : 127.0F / largest;
    if (!finite(largest) || !finite(multiplier)) {
      pack_row_scalar(kType, x + i, 32, reinterpret_cast<std::byte*>(block));
      continue;
    }
    const float d = largest / 127.0F;
    const __m256i sums = quantize32(x + i, _mm256_set1_ps(multiplier), block->codes);
    block->d = round_to_f16(d);
    if constexpr (kType == ActivationType::q8_1) {
      block->s = round_to_f16(d * static_cast<float>(total_of(sums)));
    }
  }
}

/// The first of 256 values with the given magnitude.
inline float first_with_magnitude(const float* x, float magnitude) {
  const __m256 mask = _mm256_castsi256_ps(_mm256_set1_epi32(0x7FFFFFFF));
  const __m256 wanted = _mm256_set1_ps(magnitude);
  for (int i = 0; i < 256; i += 8) {
    const __m256 v = _mm256_and_ps(_mm256_loadu_ps(x + i), mask);
    const int equal = _mm256_movemask_ps(_mm256_cmp_ps(v, wanted, _CMP_EQ_OQ));
    if (equal != 0) return x[i + __builtin_ctz(static_cast<unsigned>(equal))];
  }
  return 0;
}

void pack_q8_k(const float* x, int64_t n, std::byte* out) {
  auto* block = reinterpret_cast<BlockQ8_K*>(out);
  for (int64_t i = 0; i < n; i += 256, ++block) {
    const float largest = largest_magnitude<256>(x + i);
    const float multiplier = -127.0F / first_with_magnitude(x + i, largest);
    if (largest == 0 || !finite(largest) || !finite(127.0F / largest)) {
      pack_row_scalar(ActivationType::q8_k, x + i, 256, reinterpret_cast<std::byte*>(block));
      continue;
    }
    const __m256i ones = _mm256_set1_epi8(1);
    for (int g = 0; g < 8; ++g) {
      int8_t* codes = block->codes + 32 * g;
      quantize32(x + i + 32 * g, _mm256_set1_ps(multiplier), codes);
      const __m256i pairs = _mm256_maddubs_epi16(ones, load256(codes));
      const __m256i fours = _mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
      const __m256i eights = _mm256_hadd_epi32(fours, fours);
      const __m256i sixteens = _mm256_hadd_epi32(eights, eights);
      block->sums[2 * g] = static_cast<int16_t>(_mm256_extract_epi32(sixteens, 0));
      block->sums[2 * g + 1] = static_cast<int16_t>(_mm256_extract_epi32(sixteens, 4));
    }
    block->d = 1.0F / multiplier;
  }
}

/// n is a multiple of 128.
void pack_i8_s(const float* x, int64_t n, std::byte* out) {
  float largest = 0;
  for (int64_t i = 0; i < n; i += 128) {
    const float of_part = largest_magnitude<128>(x + i);
    if (!finite(of_part)) {
      pack_row_scalar(ActivationType::i8_s, x, n, out);
      return;
    }
    largest = of_part > largest ? of_part : largest;
  }
  auto* row = reinterpret_cast<RowI8_S*>(out);
  row->scale = static_cast<float>(127.0 / (double{largest} > 1e-5 ? double{largest} : 1e-5));
  const __m256 scale = _mm256_set1_ps(row->scale);
  __m256i sums = _mm256_setzero_si256();
  for (int64_t i = 0; i < n; i += 32)
    sums = _mm256_add_epi32(sums, quantize32(x + i, scale, row->codes + i));
  row->sum = total_of(sums);
}

void pack_f32(const float* x, int64_t n, std::byte* out) {
  std::memcpy(out, x, static_cast<size_t>(n) * sizeof(float));
}

void pack_f16(const float* x, int64_t n, std::byte* out) {
  int64_t i = 0;
  for (; i + 8 <= n; i += 8) {
    const __m128i halves8 = _mm256_cvtps_ph(_mm256_loadu_ps(x + i), _MM_FROUND_TO_NEAREST_INT);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + 2 * i), halves8);
  }
  pack_row_scalar(ActivationType::f16, x + i, n - i, out + 2 * i);
}

void pack_bf16(const float* x, int64_t n, std::byte* out) {
  int64_t i = 0;
  for (; i + 8 <= n; i += 8) {
    const __m256 v = _mm256_loadu_ps(x + i);
    const __m256i bits = _mm256_castps_si256(v);
    const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
    const __m256i rounded = _mm256_srli_epi32(
        _mm256_add_epi32(bits, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7FFF))), 16);
    const __m256i quiet = _mm256_or_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(64));
    const __m256i nan = _mm256_castps_si256(_mm256_cmp_ps(v, v, _CMP_UNORD_Q));
    const __m256i words = _mm256_blendv_epi8(rounded, quiet, nan);
    const __m128i packed =
        _mm_packus_epi32(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + 2 * i), packed);
  }
  pack_row_scalar(ActivationType::bf16, x + i, n - i, out + 2 * i);
}

}  // namespace

PackFn avx2::find_pack(ActivationType type) {
  switch (type) {
    case ActivationType::f32:
      return pack_f32;
    case ActivationType::f16:
      return pack_f16;
    case ActivationType::bf16:
      return pack_bf16;
    case ActivationType::q8_0:
      return pack32<BlockQ8_0, ActivationType::q8_0>;
    case ActivationType::q8_1:
      return pack32<BlockQ8_1, ActivationType::q8_1>;
    case ActivationType::q8_k:
      return pack_q8_k;
    case ActivationType::i8_s:
      return pack_i8_s;
  }
  return nullptr;
}

}  // namespace crossval
