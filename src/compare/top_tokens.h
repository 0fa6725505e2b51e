// The highest logits of a row.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace crossval {

inline constexpr int32_t kTopTokens = 10;

/// In descending order, the lower id first among equals. NaN is never among them.
struct TopTokens {
  int32_t count = 0;  // min(kTopTokens, row length) unless there are NaNs
  std::array<int32_t, kTopTokens> ids{};
  std::array<float, kTopTokens> values{};
};

TopTokens find_top_tokens(std::span<const float> row);

/// How many ids are in both.
int32_t top_overlap(const TopTokens& a, const TopTokens& b);

}  // namespace crossval
