// The layout of llama-perplexity's --kl-divergence-base file, little-endian: "_logits_", i32 n_ctx,
// i32 n_vocab, i32 n_chunk, i32 ids of n_ctx × n_chunk, then per chunk n_ctx − 1 − ⌊n_ctx / 2⌋
// rows: f32 scale, f32 minimum, u16 codes of n_vocab, one more where that is odd. ln p = scale ·
// code + minimum; code 0 stands for that or less. The first row of a chunk is that of its position
// ⌊n_ctx / 2⌋, and follows that token.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace crossval::kl_base {

inline constexpr std::string_view kMagic = "_logits_";
inline constexpr size_t kHeaderBytes = kMagic.size() + 3 * sizeof(int32_t);
inline constexpr int32_t kShortestChunk = 4;

constexpr int32_t first_row(int32_t n_ctx) { return n_ctx / 2; }
/// Of each chunk.
constexpr int32_t rows(int32_t n_ctx) { return n_ctx - 1 - first_row(n_ctx); }

constexpr size_t row_bytes(size_t n_vocab) {
  return 2 * sizeof(float) + sizeof(uint16_t) * (n_vocab + n_vocab % 2);
}

}  // namespace crossval::kl_base
