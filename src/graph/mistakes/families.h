// The table of mistakes by what they bend: a file each.
#pragma once

#include "graph/mistakes.h"

namespace crossval {

std::span<const Mistake> embedding_mistakes();  // and of the output matrix
std::span<const Mistake> norm_mistakes();
std::span<const Mistake> bias_mistakes();
std::span<const Mistake> rope_mistakes();  // and other positions
std::span<const Mistake> attention_mistakes();
std::span<const Mistake> feed_forward_mistakes();
std::span<const Mistake> expert_mistakes();
std::span<const Mistake> block_mistakes();  // residuals, the order of blocks and layers
std::span<const Mistake> weight_mistakes();
std::span<const Mistake> rounding_mistakes();  // of activations and the cache; borders of chunks

}  // namespace crossval
