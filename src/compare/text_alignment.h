// Two tokenisations of one text, cut where tokens of both end.
#pragma once

#include <span>
#include <vector>

#include "results/text_alignment.h"

namespace crossval {

/// One side: where in the text each token comes from, ascending, and its ln p behind the tokens
/// before it (NaN: not told; of the first token not looked at: nothing is before it).
struct ScoredTokens {
  std::span<const TextRange> ranges;
  std::span<const double> log_probabilities;
};

/// The segments of the text that both sides have predicted. A token that the text does not hold
/// (the space that a tokenizer puts in front) counts with those behind it; one at the end (EOS) not
/// at all.
std::vector<TextSegment> align_text(const ScoredTokens& candidate, const ScoredTokens& reference);

/// Fills in what `result` says of its segments as a whole.
void sum_up(TextAlignment& result);

}  // namespace crossval
