// Aligns two id sequences: everything that differs, not only the first place.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "results/token_mismatch.h"

namespace crossval {

/// The hunks of a shortest edit script (Myers 1986), in order; none when the sequences are equal.
/// Time and memory are bounded: sequences that need more than `max_edits` insertions and deletions
/// give one hunk from the first difference to the last.
std::vector<TokenHunk> align_tokens(std::span<const int32_t> a, std::span<const int32_t> b,
                                    size_t max_edits = 1000);

}  // namespace crossval
