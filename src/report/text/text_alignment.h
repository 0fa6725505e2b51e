// `per-token --align text` for people.
#pragma once

#include <string>

#include "report/text/comparison.h"
#include "results/text_alignment.h"

namespace crossval {

std::string text_alignment_text(const TextAlignment& result, const TextOptions& options);

}  // namespace crossval
