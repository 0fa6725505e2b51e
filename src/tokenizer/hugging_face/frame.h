// The post-processor of a tokenizer.json: what goes around a text when special tokens are added.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "tokenizer/hugging_face/json.h"

namespace crossval {

struct HfFrame {
  std::vector<int32_t> before;
  std::vector<int32_t> after;
};

/// `json` may be null: nothing. Errors (bad_input_file): an unsupported kind (named), a template
/// that does not hold the text once, ids out of [0, tokens).
Result<HfFrame> parse_hf_frame(const nlohmann::json* json, const HfPlace& place, int32_t tokens);

}  // namespace crossval
