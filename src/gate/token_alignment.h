// Aligns two id sequences: everything that differs, not only the first place.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace crossval {

/// Ids [a_begin, a_end) of the one side stand where [b_begin, b_end) of the other do. One of the
/// two may be empty.
struct TokenHunk {
  size_t a_begin = 0, a_end = 0;
  size_t b_begin = 0, b_end = 0;

  friend bool operator==(const TokenHunk&, const TokenHunk&) = default;
};

/// The hunks of a shortest edit script (Myers 1986), in order; none when the sequences are equal.
/// Time and memory are bounded: sequences that need more than `max_edits` insertions and deletions
/// give one hunk from the first difference to the last.
std::vector<TokenHunk> align_tokens(std::span<const int32_t> a, std::span<const int32_t> b,
                                    size_t max_edits = 1000);

}  // namespace crossval
