// `per-token --align text` as JSON (docs/json.md).
#pragma once

#include <string>

#include "results/text_alignment.h"

namespace crossval {

std::string text_alignment_json(const TextAlignment& result);

}  // namespace crossval
