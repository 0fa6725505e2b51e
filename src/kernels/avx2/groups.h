// Four weight rows against many positions: the blocking that all AVX2 tiles of quantised weights
// share. Lanes and order do not depend on it.
#pragma once

#include "kernels/avx2/lanes.h"

namespace crossval {
namespace {

/// Four weight rows; where fewer are left, the last one again, whose results are not stored.
struct RowGroup {
  const uint8_t* row[4];
  int64_t count;

  RowGroup(const std::byte* weights, int64_t stride, int64_t rows, int64_t first) {
    count = rows - first < 4 ? rows - first : 4;
    for (int64_t r = 0; r < 4; ++r) {
      row[r] = bytes_of(weights + (first + (r < count ? r : count - 1)) * stride);
    }
  }

  void store(float* out, __m128 results) const {
    if (count == 4) {
      _mm_storeu_ps(out, results);
      return;
    }
    float values[4];
    _mm_storeu_ps(values, results);
    for (int64_t r = 0; r < count; ++r) out[r] = values[r];
  }
};

/// Asks for the kBytes that lie kDistance further on in the matrix. A decode step reads each weight
/// once, from memory, in four streams too short for the processor to foresee; into the second-level
/// cache, which takes more requests at a time than the first.
template <int kBytes>
inline void prefetch_ahead(const uint8_t* block) {
  constexpr int kDistance = 8192;
  for (int i = 0; i < kBytes; i += 64) {
    _mm_prefetch(reinterpret_cast<const char*>(block + kDistance + i), _MM_HINT_T1);
  }
}

/// The tile of a Family, which gives
///   kElements                            values per block
///   Block4                               one block of each of four rows, unpacked
///   unpack(rows, b, Block4&)
///   dot<P>(Block4*, blocks, activations[P], results[P])   P positions, weights unpacked
///   dot_stored(rows, blocks, activations)                 one position, weights as stored
/// Weights are unpacked once for all positions when there are enough to pay for it.
template <class Family>
void tile_of_groups(const std::byte* weights, int64_t w_stride, int64_t rows,
                    const std::byte* activations, int64_t a_stride, int64_t positions, int64_t n,
                    float* out, int64_t out_stride) {
  using Block4 = typename Family::Block4;
  constexpr int64_t kScratchBytes = int64_t{160} * 1024;
  constexpr int64_t kScratchBlocks = kScratchBytes / static_cast<int64_t>(sizeof(Block4));
  alignas(64) std::byte scratch[kScratchBytes];
  auto* unpacked = reinterpret_cast<Block4*>(scratch);
  const int64_t blocks = n / Family::kElements;
  const bool unpack_ahead = positions > 2 && blocks <= kScratchBlocks;

  for (int64_t first = 0; first < rows; first += 4) {
    const RowGroup group(weights, w_stride, rows, first);
    float* to = out + first;
    if (!unpack_ahead) {
      for (int64_t p = 0; p < positions; ++p) {
        group.store(to + p * out_stride,
                    Family::dot_stored(group.row, blocks, activations + p * a_stride));
      }
      continue;
    }
    for (int64_t b = 0; b < blocks; ++b) Family::unpack(group.row, b, unpacked[b]);
    int64_t p = 0;
    for (; p + 2 <= positions; p += 2) {
      const std::byte* const pair[2] = {activations + p * a_stride,
                                        activations + (p + 1) * a_stride};
      __m128 results[2];
      Family::template dot<2>(unpacked, blocks, pair, results);
      group.store(to + p * out_stride, results[0]);
      group.store(to + (p + 1) * out_stride, results[1]);
    }
    if (p < positions) {
      const std::byte* const one[1] = {activations + p * a_stride};
      __m128 results[1];
      Family::template dot<1>(unpacked, blocks, one, results);
      group.store(to + p * out_stride, results[0]);
    }
  }
}

}  // namespace
}  // namespace crossval
