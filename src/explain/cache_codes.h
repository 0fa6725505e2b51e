// Keys, values and queries in blocks of 32 codes, as a cache of 8 bits and less holds them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "oracle/rounding.h"

namespace crossval {

/// Rows of values, each within its slack.
struct SlackRows {
  std::vector<double> values, slack;
};

/// The codes of ggml's name, "q8_0"; nothing where it is none of them.
std::optional<CacheCodes> cache_codes(std::string_view name);
/// "Q8_0".
std::string_view words(CacheCodes codes);

/// How many values of a head are turned together: llama.cpp takes the largest power of two for
/// keys, and 64 for values; 0 where heads of that width are not turned.
int64_t turned_keys(int64_t head_dim);
int64_t turned_values(int64_t head_dim);

/// Each `together` values by the orthonormal Walsh-Hadamard matrix, which is its own inverse; the
/// slack grows with what floats lose there. Nothing where `together` is 0.
SlackRows turned_rows(const double* x, const double* slack, int64_t n, int64_t together);

/// n values (a multiple of 32) in codes and back. One near the boundary of two codes may fall to
/// either side: the slack is what that moves.
SlackRows coded_rows(const SlackRows& x, CacheCodes codes);

/// Codes that lie above a minimum of their block: queries meet such keys in Q8_1, whose sums,
/// rounded by themselves, meet the minima.
bool has_minima(CacheCodes codes);
/// n values become n / 32 · 33: each block without its minimum, and that behind it.
SlackRows coded_keys(const SlackRows& x, CacheCodes codes);
/// In Q8_1 and back likewise: each block, and its sum behind it.
SlackRows coded_queries(const SlackRows& x);

}  // namespace crossval
