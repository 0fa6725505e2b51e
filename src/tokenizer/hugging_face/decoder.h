// The decoder of a tokenizer.json: what bytes a token stands for.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "tokenizer/hugging_face/json.h"

namespace crossval {

class HfDecoder {
 public:
  /// `json` may be null: tokens stand for their text. Errors (bad_input_file): an unsupported kind
  /// (named), a part without what it needs.
  static Result<HfDecoder> parse(const nlohmann::json* json, const HfPlace& place);

  /// Of a token that the model spells with; added tokens stand for their content. What the decoder
  /// does at the ends of a whole text (Strip, no space before the first word) is left out.
  std::string bytes(const std::string& token) const;

 private:
  Result<void> add(const nlohmann::json& json, const HfPlace& place);

  bool byte_level_ = false;
  bool byte_tokens_ = false;  // <0xHH>
  bool wordpiece_ = false;
  std::string wordpiece_prefix_;
  std::vector<std::pair<std::string, std::string>> replacements_;
};

}  // namespace crossval
