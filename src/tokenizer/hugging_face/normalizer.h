// The normalizer of a tokenizer.json.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "tokenizer/hugging_face/json.h"

namespace crossval {

class HfNormalizer {
 public:
  /// `json` may be null: changes nothing. Errors (bad_input_file): an unsupported kind (named), a
  /// part without what it needs.
  static Result<HfNormalizer> parse(const nlohmann::json* json, const HfPlace& place);

  /// `text` is valid UTF-8.
  Result<std::string> apply(std::string text) const;

 private:
  using Step = std::function<Result<std::string>(std::string)>;
  Result<void> add(const nlohmann::json& json, const HfPlace& place);

  std::vector<Step> steps_;
};

}  // namespace crossval
