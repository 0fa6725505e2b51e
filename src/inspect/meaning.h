// A model's architecture in words, from its description and its numbers.
#pragma once

#include <string>
#include <vector>

#include "model/model.h"

namespace crossval {

/// One sentence part a line: sizes, norms, positions, attention, feed-forward network, head.
/// `model` with its weights read, as far as they could be.
std::vector<std::string> meaning_of(const Model& model);

}  // namespace crossval
