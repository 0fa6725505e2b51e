// The layout of llama-perplexity's --kl-divergence-base file, little-endian: "_logits_", i32 n_ctx,
// i32 n_vocab, i32 n_chunk, i32 ids of n_ctx × n_chunk, then per chunk n_ctx − 1 − ⌊n_ctx / 2⌋
// rows: f32 scale, f32 minimum, u16 codes of n_vocab, one more where that is odd. ln p = scale ·
// code + minimum; code 0 stands for that or less. The first row of a chunk is that of its position
// ⌊n_ctx / 2⌋, and follows that token.
//
// Forks write others. "_logp16_": rows of n_vocab float16, each ln p. "_logp16n": the same behind a
// float32, which is −ln p of the token that comes next. "q27ref01": i32 n_tok, n_vocab, first,
// n_scored and the batch's size, n_tok ids of one prompt, rows of codes of the n_scored positions
// from `first` on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace crossval::kl_base {

inline constexpr std::string_view kMagic = "_logits_", kHalves = "_logp16_",
                                  kScoredHalves = "_logp16n", kOnePrompt = "q27ref01";
inline constexpr int32_t kShortestChunk = 4;

constexpr int32_t first_row(int32_t n_ctx) { return n_ctx / 2; }
/// Of each chunk.
constexpr int32_t rows(int32_t n_ctx) { return n_ctx - 1 - first_row(n_ctx); }

constexpr size_t row_bytes(size_t n_vocab) {
  return 2 * sizeof(float) + sizeof(uint16_t) * (n_vocab + n_vocab % 2);
}

}  // namespace crossval::kl_base
